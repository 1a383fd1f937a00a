import type { Preserve } from '../kept-attributes.ts';
import type { MirrorAction, MirrorOptions } from './options.ts';
import type { Side, SideInfo } from './side.ts';

/** File systems and servers keep times in steps of up to two seconds. */
const TIME_STEP = 2;

/** Why the target is not like the source; undefined where it counts as unchanged. */
export async function difference(
  source: SideInfo,
  target: SideInfo,
  options: Pick<MirrorOptions, 'compare' | 'preserve'>,
  hashes: () => Promise<boolean>,
): Promise<MirrorAction['reason'] | undefined> {
  if (source.attributes.size !== target.attributes.size) return 'size';
  const compare = options.compare ?? 'size-time';
  if (compare === 'hash') return (await hashes()) ? undefined : 'hash';
  if (compare === 'size') return undefined;
  return timesAgree(source, target, options.preserve ?? false) ? undefined : 'time';
}

function timesAgree(source: SideInfo, target: SideInfo, preserve: Preserve): boolean {
  const from = source.attributes.modifyTime;
  const to = target.attributes.modifyTime;
  if (from === undefined || to === undefined) return false;
  const kept = preserve === true || preserve === 'times';
  return kept ? Math.abs(from - to) < TIME_STEP : to >= from;
}

/** Whether both files have the same contents, by what each side can tell of its own. */
export async function sameContents(a: Side, pathA: string, b: Side, pathB: string): Promise<boolean> {
  const [one, other] = await Promise.all([a.hash(pathA), b.hash(pathB)]);
  return one === other;
}

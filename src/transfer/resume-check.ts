import type { WaitOptions } from '../base/deadline.ts';
import type { SftpSession } from '../sftp/session.ts';
import { readRange } from './read-range.ts';

/** Bytes at the end of what is there that must agree before a transfer goes on behind them. */
const TAIL_BYTES = 65_536;

/** Where the other copy of a file is read from. */
export type ReadLocal = (offset: number, length: number) => Promise<Uint8Array>;

/**
 * Whether what an earlier transfer left is the beginning of the same file: the last 64 KiB before `have` are the same
 * on both sides. A file that was replaced meanwhile, or a tail that a crash left as zeros, is found out so.
 */
export async function tailAgrees(
  session: SftpSession,
  handle: Uint8Array,
  path: string,
  remoteOffset: number,
  have: number,
  local: ReadLocal,
  wait: WaitOptions,
): Promise<boolean> {
  const length = Math.min(have, TAIL_BYTES);
  if (length === 0) return true;
  const [here, there] = await Promise.all([
    local(have - length, length),
    readRange(session, handle, path, remoteOffset + have - length, length, wait),
  ]);
  return here.length === length && Buffer.compare(here, there) === 0;
}

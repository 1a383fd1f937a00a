import { setTimeout as sleep } from 'node:timers/promises';
import { abortedError, type WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import type { FileAttributes } from '../sftp/attributes.ts';
import { openFile } from '../sftp/open-file.ts';
import { OPEN_FLAGS } from '../sftp/packets.ts';
import { closeHandle, fstat, stat } from '../sftp/requests.ts';
import type { SftpSession } from '../sftp/session.ts';
import { readRange } from './read-range.ts';
import { checkCount } from './run.ts';

/** How a growing file is followed. */
export interface FollowOptions extends WaitOptions {
  /** First byte, or `end` (default) for what comes from now on. */
  readonly start?: number | 'end' | undefined;
  /** Milliseconds between two looks while nothing comes. Default 1000; at least 10. */
  readonly interval?: number | undefined;
  /** Milliseconds without anything new after which it ends. Default: it goes on until the signal or a `break`. */
  readonly idle?: number | undefined;
}

const INTERVAL_MS = 1000;
/** Asked for at a time. */
const PIECE_BYTES = 262_144;
/** Looks that must agree that another file has the name, for one may fall between two writes. */
const LOOKS = 2;

/** What is appended to a remote file, as it comes. A file that is cut or replaced is read again from its beginning. */
export async function* followRemote(
  session: SftpSession,
  path: string,
  options: FollowOptions,
): AsyncGenerator<Uint8Array, void, void> {
  const { start = 'end', signal, timeout, idle } = options;
  const interval = Math.max(10, options.interval ?? INTERVAL_MS);
  if (start !== 'end') checkCount('start', start);
  const wait = { signal, timeout };
  let handle = await openFile(session, path, OPEN_FLAGS.SSH_FXF_READ, {}, wait);
  try {
    let offset = start === 'end' ? sizeOf(await fstat(session, handle, path, wait), path) : start;
    let grew = performance.now();
    let strange = 0;
    for (;;) {
      const bytes = await readRange(session, handle, path, offset, PIECE_BYTES, wait);
      if (bytes.length > 0) {
        offset += bytes.length;
        strange = 0;
        yield bytes;
        grew = performance.now();
        continue;
      }
      if (idle !== undefined && performance.now() - grew >= idle) return;
      await pause(interval, signal);
      const [mine, named] = await Promise.all([
        fstat(session, handle, path, wait),
        stat(session, path, wait).catch(() => undefined),
      ]);
      if (sizeOf(mine, path) < offset) offset = 0;
      else if (named !== undefined && isOther(mine, named)) strange++;
      else strange = 0;
      if (strange < LOOKS) continue;
      const next = await openFile(session, path, OPEN_FLAGS.SSH_FXF_READ, {}, wait).catch(() => undefined);
      if (next === undefined) continue;
      closeHandle(session, handle, path).catch(() => {});
      handle = next;
      offset = 0;
      strange = 0;
    }
  } finally {
    closeHandle(session, handle, path).catch(() => {});
  }
}

/** SFTP shows no number of a file, so its size and time must do. */
function isOther(mine: FileAttributes, named: FileAttributes): boolean {
  return mine.size !== named.size || mine.modifyTime !== named.modifyTime;
}

function sizeOf({ size }: FileAttributes, path: string): number {
  if (size !== undefined) return size;
  throw new WherryError(
    'SFTP_OP_UNSUPPORTED',
    `${sanitize(path)}: the server tells no size to follow it by`,
    {
      path: sanitize(path),
    },
  );
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    throw abortedError(signal!, 'follow');
  }
}

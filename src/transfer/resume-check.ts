import { createHash } from 'node:crypto';
import type { WaitOptions } from '../base/deadline.ts';
import { checkFile } from '../sftp/hashes.ts';
import type { SftpSession } from '../sftp/session.ts';
import { readRange } from './read-range.ts';

/** Bytes at the end of what is there that must agree before a transfer goes on behind them. */
const TAIL_BYTES = 65_536;
/** Hashed there at a time: no server is silent over it for long. */
const RANGE_BYTES = 1_073_741_824;
/** Read here at a time for a hash. */
const BLOCK_BYTES = 1_048_576;

/** Where the other copy of a file is read from. */
export type ReadLocal = (offset: number, length: number) => Promise<Uint8Array>;

/** What is compared: the first `have` bytes here with those from `offset` on there. */
export interface Kept {
  readonly session: SftpSession;
  readonly handle: Uint8Array;
  readonly path: string;
  readonly offset: number;
  readonly have: number;
  readonly local: ReadLocal;
}

/**
 * Whether what an earlier transfer left is the beginning of the same file: all of it by check-file where the server
 * has that, else the last 64 KiB. A file that was replaced meanwhile, or a tail that a crash left as zeros, is found
 * out so.
 */
export async function keptAgrees(kept: Kept, wait: WaitOptions): Promise<boolean> {
  const { session, handle, path, offset, have, local } = kept;
  const length = Math.min(have, TAIL_BYTES);
  if (length === 0) return true;
  const [here, there] = await Promise.all([
    local(have - length, length),
    readRange(session, handle, path, offset + have - length, length, wait),
  ]);
  if (here.length !== length || Buffer.compare(here, there) !== 0) return false;
  // Whole units, for there are servers that hash no others right; what is left of the last one has been compared.
  const hashed = have === length ? 0 : have - (have % TAIL_BYTES);
  for (let at = 0; at < hashed; at += RANGE_BYTES) {
    const agree = await rangeAgrees(kept, at, Math.min(RANGE_BYTES, hashed - at), wait);
    if (agree !== true) return agree === undefined;
  }
  return true;
}

/** Undefined where the server does not tell. */
async function rangeAgrees(
  { session, handle, path, offset, local }: Kept,
  start: number,
  length: number,
  wait: WaitOptions,
): Promise<boolean | undefined> {
  const request = { algorithms: ['sha256'], start: offset + start, length } as const;
  const told = await checkFile(session, { path, handle }, request, wait).catch(() => undefined);
  if (told?.algorithm !== 'sha256' || told.hashes.length !== 1) return undefined;
  const hash = createHash('sha256');
  for (let at = start; at < start + length; ) {
    const bytes = await local(at, Math.min(BLOCK_BYTES, start + length - at));
    if (bytes.length === 0) return false;
    hash.update(bytes);
    at += bytes.length;
  }
  return Buffer.compare(hash.digest(), told.hashes[0]!) === 0;
}

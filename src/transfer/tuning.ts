import type { SftpLimits } from '../sftp/replies.ts';
import { Budget } from './budget.ts';
import type { Lanes } from './lanes.ts';
import type { TransferOptions } from './options.ts';
import { ReadSize, SAFE_BYTES, WriteSize } from './request-size.ts';
import { checkCount } from './run.ts';
import type { ServerProfile } from './server-profiles.ts';

/** How a session is to be used: what one request may carry, and how much may be under way in all. */
export interface Tuning {
  /** Shared by all downloads of the session, and by all uploads, since they fall when the server refuses more. */
  readonly readSize: ReadSize;
  readonly writeSize: WriteSize;
  /** Requests under way in one transfer. */
  readonly requests: number;
  /** Files open at a time. */
  readonly handles: number;
  /** Shared by all downloads of the session, and by all uploads. */
  readonly reads: Budget;
  readonly writes: Budget;
  /** Further channels for uploads; undefined where there are none to be had. */
  readonly lanes: Lanes | undefined;
}

/** More in one READ keeps the server from reading the next piece while the last one is on its way. */
export const LARGEST_READ = 130_560;
/** What OpenSSH takes in one WRITE. */
const LARGEST_WRITE = 261_120;
/** Servers that name no limit have one: 100 handles is the least that is known of (Apache MINA's default is more). */
const SAFE_HANDLES = 64;
/** Some handles stay free for listings. */
const SPARE_HANDLES = 16;

/** From what the server says of itself, by limits@openssh.com and by its name. */
export function tuningFor(
  limits: SftpLimits | undefined,
  profile: ServerProfile,
  lanes: Lanes | undefined,
): Tuning {
  const chunk = (told: number | undefined, largest: number, known: number | undefined): number =>
    Math.min(told === undefined || told === 0 ? SAFE_BYTES : Math.min(told, largest), known ?? largest);
  const handles = limits?.maxOpenHandles ?? 0;
  return {
    readSize: new ReadSize(chunk(limits?.maxReadLength, LARGEST_READ, profile.readChunk), profile.pastEnd),
    writeSize: new WriteSize(chunk(limits?.maxWriteLength, LARGEST_WRITE, profile.writeChunk)),
    requests: profile.requests ?? Number.POSITIVE_INFINITY,
    handles: handles === 0 ? SAFE_HANDLES : Math.max(1, handles - SPARE_HANDLES),
    reads: new Budget(),
    writes: new Budget(),
    lanes,
  };
}

/** The tuning of one transfer, where its options say something about it. */
export function tuned(tuning: Tuning, options: TransferOptions): Tuning {
  checkTuning(options);
  const { requestBytes, maxRequests } = options;
  if (requestBytes === undefined && maxRequests === undefined) return tuning;
  const chunk = (most: number): number => Math.max(1, Math.min(requestBytes ?? most, LARGEST_WRITE));
  const sizes = {
    readSize: new ReadSize(chunk(tuning.readSize.bytes), tuning.readSize.pastEnd),
    writeSize: new WriteSize(chunk(tuning.writeSize.bytes)),
  };
  return {
    ...tuning,
    ...(requestBytes === undefined ? {} : sizes),
    requests: maxRequests === undefined ? tuning.requests : Math.max(1, maxRequests),
    lanes: maxRequests === undefined ? tuning.lanes : undefined,
  };
}

/** Fails for options that no tuning can be made of. */
export function checkTuning({ requestBytes, maxRequests }: TransferOptions): void {
  checkCount('requestBytes', requestBytes);
  checkCount('maxRequests', maxRequests);
}

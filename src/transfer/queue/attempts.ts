import { stat } from 'node:fs/promises';
import { isWherryError } from '../../base/errors.ts';
import type { TransferResult } from '../options.ts';
import type { SessionPool } from './pool.ts';
import type { QueueSession } from './queue-options.ts';
import type { QueuedTransfer } from './queued-transfer.ts';
import { backOff, mayPass, pause } from './retry.ts';

/** How one file is tried. */
export interface Attempts {
  readonly pool: SessionPool<QueueSession>;
  readonly retries: number;
  readonly retryDelay: number;
  /** `careful`: the server may bear no more than the least. */
  move(session: QueueSession, resume: boolean | number, careful: boolean): Promise<TransferResult>;
  /** So many bytes of the file are in place. */
  moved(bytes: number): void;
}

/** Again and again as long as the failures are such as pass and bytes move in between, or the patience lasts. */
export async function moveInAttempts(one: QueuedTransfer, how: Attempts): Promise<TransferResult> {
  let inVain = 0;
  let broke = 0;
  let resume: boolean | number = one.restored;
  let source: string | undefined;
  for (;;) {
    const before = one.moved;
    let begun = false;
    one.tries++;
    try {
      return await how.pool.use(async (session) => {
        begun = true;
        const now = await sourceOf(one);
        if (source !== undefined && source !== now) resume = false;
        source = now;
        return how.move(session, resume, broke > 1);
      });
    } catch (error) {
      if (one.stop.signal.aborted) throw error;
      if (isStale(error) && resume !== false) {
        resume = false;
        continue;
      }
      // Reports come ten times a second at most: what moved since the last one is told by the error.
      how.moved(Math.max(one.moved, safeLengthOf(error) ?? 0));
      inVain = one.moved > before ? 1 : inVain + 1;
      if (begun) broke = one.moved > before ? 0 : broke + 1;
      if (!mayPass(error) || inVain > how.retries) throw error;
      resume = goOnFrom(one, error, resume);
      await pause(backOff(inVain, how.retryDelay), one.stop.signal);
    }
  }
}

/** What tells a source from another one under its name; one that is followed grows as it is sent. */
async function sourceOf({ direction, local, options }: QueuedTransfer): Promise<string | undefined> {
  if (direction === 'download' || options.follow !== undefined) return undefined;
  const info = await stat(local).catch(() => undefined);
  return info && [info.dev, info.ino, info.size, info.mtimeMs].join();
}

/** What was left does not fit what is to be moved: from the beginning then. */
function isStale(error: unknown): boolean {
  return isWherryError(error) && error.code === 'TRANSFER_SIZE_CHANGED';
}

/** Up to where the target is complete is known of this attempt, unless it did not get that far. */
function goOnFrom({ direction }: QueuedTransfer, error: unknown, before: boolean | number): boolean | number {
  if (direction === 'download') return true;
  const safe = safeLengthOf(error);
  if (safe === undefined) return before;
  return safe === 0 ? false : safe;
}

function safeLengthOf(error: unknown): number | undefined {
  return isWherryError(error) ? error.details.safeLength : undefined;
}

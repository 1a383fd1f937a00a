import type { EngineError } from '../errors.ts';

/** Milliseconds that work is given to end tidily once it is told to. */
const GRACE_MS = 1_000;

export interface Bounds {
  readonly signal: AbortSignal;
  /** Seconds after which the work is told to end; without it there is no such time. */
  readonly seconds?: number | undefined;
  /** What is thrown then. */
  readonly late?: (cause: unknown) => EngineError;
}

/**
 * Runs `work` until it ends, its time is over or `signal` fires. Work that does not end although it was told to is
 * left behind: whoever waits for it here goes on.
 */
export async function bounded<T>(bounds: Bounds, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, seconds, late } = bounds;
  const stop = new AbortController();
  let isLate = false;
  let grace: NodeJS.Timeout | undefined;
  const timer =
    seconds === undefined
      ? undefined
      : setTimeout(() => {
          isLate = true;
          stop.abort(new DOMException('the time is over', 'TimeoutError'));
        }, seconds * 1000);
  const forward = (): void => stop.abort(signal.reason);
  if (signal.aborted) forward();
  else signal.addEventListener('abort', forward, { once: true });
  let arm = (): void => {};
  const leftBehind = new Promise<never>((_, reject) => {
    arm = (): void => {
      grace = setTimeout(() => reject(stop.signal.reason), GRACE_MS);
    };
    if (stop.signal.aborted) arm();
    else stop.signal.addEventListener('abort', arm, { once: true });
  });
  try {
    return await Promise.race([work(stop.signal), leftBehind]);
  } catch (error) {
    throw isLate && late !== undefined ? late(error) : error;
  } finally {
    clearTimeout(timer);
    clearTimeout(grace);
    signal.removeEventListener('abort', forward);
    stop.signal.removeEventListener('abort', arm);
  }
}

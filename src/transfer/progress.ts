import { WherryError } from '../base/errors.ts';

/** How far a transfer is. */
export interface Progress {
  /** Bytes of the file in place so far, those kept by a resume included. */
  readonly transferred: number;
  /** Bytes in all; undefined where the size is not known. */
  readonly total: number | undefined;
  /** Bytes per second, smoothed over some seconds. */
  readonly rate: number;
  /** Seconds left at this rate; undefined where it cannot be told. */
  readonly eta: number | undefined;
  /** Nothing has moved for five seconds or more. */
  readonly stalled: boolean;
}

export type ProgressHandler = (progress: Progress) => void;

const REPORT_EVERY_MS = 100;
/** While nothing moves the handler hears so now and then. */
const QUIET_REPORT_MS = 1000;
/** What moved so long ago counts for a third. */
const SMOOTH_MS = 3000;
const STALLED_MS = 5000;

/**
 * Counts bytes and reports at most ten times a second, once a second while nothing moves, and once at the end. It must
 * be stopped however the transfer ends: `using`.
 */
export class ProgressMeter implements Disposable {
  #transferred: number;
  #total: number | undefined;
  #rate = 0;
  #lastBytes: number;
  #lastTime: number = performance.now();
  #movedAt: number = performance.now();
  readonly #handler: ProgressHandler | undefined;
  readonly #timer: ReturnType<typeof setInterval> | undefined;
  /** Ends the transfer when the handler throws while nothing moves. */
  onError: (error: WherryError) => void = () => {};

  constructor(handler: ProgressHandler | undefined, startAt: number, total: number | undefined) {
    this.#handler = handler;
    this.#transferred = startAt;
    this.#lastBytes = startAt;
    this.#total = total;
    if (handler === undefined) return;
    this.#timer = setInterval(() => this.#tick(), QUIET_REPORT_MS);
    this.#timer.unref();
  }

  get transferred(): number {
    return this.#transferred;
  }

  setTotal(total: number): void {
    this.#total = total;
  }

  add(bytes: number): void {
    this.#transferred += bytes;
    if (this.#handler === undefined) return;
    const now = performance.now();
    if (bytes > 0) this.#movedAt = now;
    if (now - this.#lastTime >= REPORT_EVERY_MS) this.#report(now);
  }

  /** The last report: the total is now what was moved. */
  finish(): void {
    this.stop();
    if (this.#handler === undefined) return;
    this.#total = this.#transferred;
    this.#report(performance.now());
  }

  /** No more reports: the transfer failed. */
  stop(): void {
    clearInterval(this.#timer);
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  #tick(): void {
    const now = performance.now();
    if (now - this.#lastTime < QUIET_REPORT_MS / 2) return;
    try {
      this.#report(now);
    } catch (error) {
      this.stop();
      this.onError(error as WherryError);
    }
  }

  #report(now: number): void {
    const elapsed = now - this.#lastTime;
    if (elapsed > 0) {
      const current = ((this.#transferred - this.#lastBytes) / elapsed) * 1000;
      const weight = this.#rate === 0 ? 1 : 1 - Math.exp(-elapsed / SMOOTH_MS);
      this.#rate += (current - this.#rate) * weight;
    }
    this.#lastTime = now;
    this.#lastBytes = this.#transferred;
    const stalled = now - this.#movedAt >= STALLED_MS;
    const left = this.#total === undefined ? undefined : Math.max(0, this.#total - this.#transferred);
    const eta = left === undefined || this.#rate === 0 || stalled ? undefined : left / this.#rate;
    const progress = { transferred: this.#transferred, total: this.#total, rate: this.#rate, eta, stalled };
    try {
      this.#handler!(progress);
    } catch (error) {
      throw new WherryError('ABORTED', 'the transfer was ended by an error in onProgress', {}, error);
    }
  }
}

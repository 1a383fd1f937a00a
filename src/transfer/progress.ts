import { WherryError } from '../base/errors.ts';

/** How far a transfer is. */
export interface Progress {
  /** Bytes of the file in place so far, those kept by a resume included. */
  readonly transferred: number;
  /** Bytes in all; undefined where the size is not known. */
  readonly total: number | undefined;
  /** Bytes per second, smoothed. */
  readonly rate: number;
  /** Seconds left at this rate; undefined where it cannot be told. */
  readonly eta: number | undefined;
}

export type ProgressHandler = (progress: Progress) => void;

const REPORT_EVERY_MS = 100;

/** Counts bytes and reports at most ten times a second, and once at the end. */
export class ProgressMeter {
  #transferred: number;
  #total: number | undefined;
  #rate = 0;
  #lastBytes: number;
  #lastTime: number = performance.now();
  readonly #handler: ProgressHandler | undefined;

  constructor(handler: ProgressHandler | undefined, startAt: number, total: number | undefined) {
    this.#handler = handler;
    this.#transferred = startAt;
    this.#lastBytes = startAt;
    this.#total = total;
  }

  get transferred(): number {
    return this.#transferred;
  }

  add(bytes: number): void {
    this.#transferred += bytes;
    if (this.#handler === undefined) return;
    const now = performance.now();
    if (now - this.#lastTime >= REPORT_EVERY_MS) this.#report(now);
  }

  /** The last report: the total is now what was moved. */
  finish(): void {
    if (this.#handler === undefined) return;
    this.#total = this.#transferred;
    this.#report(performance.now());
  }

  #report(now: number): void {
    const seconds = (now - this.#lastTime) / 1000;
    if (seconds > 0) {
      const current = (this.#transferred - this.#lastBytes) / seconds;
      this.#rate = this.#rate === 0 ? current : this.#rate * 0.8 + current * 0.2;
    }
    this.#lastTime = now;
    this.#lastBytes = this.#transferred;
    const left = this.#total === undefined ? undefined : Math.max(0, this.#total - this.#transferred);
    const eta = left === undefined || this.#rate === 0 ? undefined : left / this.#rate;
    const progress = { transferred: this.#transferred, total: this.#total, rate: this.#rate, eta };
    try {
      this.#handler!(progress);
    } catch (error) {
      throw new WherryError('ABORTED', 'the transfer was ended by an error in onProgress', {}, error);
    }
  }
}

/** Bytes a millisecond that memory gives or takes at least; a disk sets a slower pace. */
const QUICK_BYTES_PER_MS = 262_144;
/** How far quick calls may fall behind that pace: more than a busy machine holds a process up now and then. */
const QUICK_DEBT_MS = 40;
/** Bytes that go by way of the thread pool before quick calls are tried again. */
const SLOW_BYTES = 67_108_864;

/**
 * Whether calls to the local file system are made at once, which on files that are in memory is shorter than handing
 * them to the thread pool. They are as long as they are quick; when the disk falls behind, the thread pool has them.
 */
export class QuickPace {
  #slow = 0;
  /** Milliseconds that quick calls took beyond their pace. */
  #debt = 0;

  get quick(): boolean {
    return this.#slow <= 0;
  }

  /** A call that moved `bytes` was made at once and took `ms`. */
  took(ms: number, bytes: number): void {
    this.#debt = Math.max(0, this.#debt + ms - bytes / QUICK_BYTES_PER_MS);
    if (this.#debt > QUICK_DEBT_MS) {
      this.#debt = 0;
      this.#slow = SLOW_BYTES;
    }
  }

  /** The thread pool has moved `bytes`. */
  passed(bytes: number): void {
    this.#slow -= bytes;
  }
}

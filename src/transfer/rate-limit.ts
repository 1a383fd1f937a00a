import { WherryError } from '../base/errors.ts';

/** How long a limit may be saved up for while nothing moves, in milliseconds. */
const BURST_MS = 100;

/**
 * A cap on bytes per second that several transfers may share: give the same object to all of them.
 *
 * A token bucket: what is moved is paid for afterwards, so the cap holds from the first second on.
 *
 * @example
 * ```ts
 * import { RateLimit } from 'wherry';
 *
 * const half = new RateLimit(5_000_000);
 * await Promise.all([
 *   sftp.download(remoteFile, `${localFolder}/one`, { rateLimit: half }),
 *   sftp.download(remoteFile, `${localFolder}/two`, { rateLimit: half }),
 * ]);
 * ```
 */
export class RateLimit {
  #perSecond: number;
  #tokens: number;
  #filled: number = performance.now();

  /** `bytesPerSecond`: above 0. Rejects others with INVALID_ARGUMENT. */
  constructor(bytesPerSecond: number) {
    this.#perSecond = checked(bytesPerSecond);
    this.#tokens = (bytesPerSecond * BURST_MS) / 1000;
  }

  /** Bytes per second; may be changed while transfers run. */
  get bytesPerSecond(): number {
    return this.#perSecond;
  }

  set bytesPerSecond(value: number) {
    this.#fill();
    this.#perSecond = checked(value);
  }

  /** Milliseconds until anything may be moved. @internal */
  get wait(): number {
    this.#fill();
    return this.#tokens > 0 ? 0 : Math.max(1, Math.ceil((-this.#tokens / this.#perSecond) * 1000));
  }

  /** So many bytes are moved. @internal */
  take(bytes: number): void {
    this.#tokens -= bytes;
  }

  #fill(): void {
    const now = performance.now();
    const most = (this.#perSecond * BURST_MS) / 1000;
    this.#tokens = Math.min(most, this.#tokens + ((now - this.#filled) / 1000) * this.#perSecond);
    this.#filled = now;
  }
}

function checked(bytesPerSecond: number): number {
  if (!(bytesPerSecond > 0) || !Number.isFinite(bytesPerSecond)) {
    throw new WherryError(
      'INVALID_ARGUMENT',
      `a rate limit is a number of bytes per second above 0, not ${bytesPerSecond}`,
    );
  }
  return bytesPerSecond;
}

/** The limits of one transfer, its own and shared ones, as its pipeline asks them. */
export class RateGate {
  readonly #limits: readonly RateLimit[];
  /** A request carries at most so many bytes, so that slow roads are not served in lumps. */
  readonly largestRequest: number;

  constructor(given: number | RateLimit | readonly (number | RateLimit)[] | undefined) {
    const all = given === undefined ? [] : Array.isArray(given) ? given : [given];
    this.#limits = all.map((one: number | RateLimit) =>
      one instanceof RateLimit ? one : new RateLimit(one),
    );
    const slowest = Math.min(...this.#limits.map((limit) => limit.bytesPerSecond), Number.POSITIVE_INFINITY);
    this.largestRequest = Math.max(4096, Math.floor(slowest / 8));
  }

  get open(): boolean {
    return this.#limits.length === 0;
  }

  /** Milliseconds to wait; 0 when `bytes` may go, which are taken then. */
  take(bytes: number): number {
    let wait = 0;
    for (const limit of this.#limits) wait = Math.max(wait, limit.wait);
    if (wait === 0) for (const limit of this.#limits) limit.take(bytes);
    return wait;
  }
}

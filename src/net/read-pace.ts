/** Bytes of the last 20 ms from which on a stream counts as fast: 200 MB/s. */
const MUCH_BYTES = 4_194_304;
const MEMORY_MS = 20;
/** A read that brought so many is worth being woken for. */
const ENOUGH_BYTES = 524_288;

/**
 * Whether to wait a little before the next read. Where data comes fast, every packet of the server's wakes us, and most
 * reads bring one packet; a millisecond later there are twenty. That saves a fifth of the processor time of a download.
 */
export class ReadPace {
  #recent = 0;
  #last = 0;

  /** A read has brought `length` bytes at `now` (ms). True: the next is better made a millisecond later. */
  waits(length: number, now: number = performance.now()): boolean {
    this.#recent = this.#recent * Math.max(0, 1 - (now - this.#last) / MEMORY_MS) + length;
    this.#last = now;
    return this.#recent > MUCH_BYTES && length < ENOUGH_BYTES;
  }
}

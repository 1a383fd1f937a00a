/**
 * The peer's receive window for one channel (RFC 4254 section 5.2), seen from the sender. A window that would
 * pass 2^32 - 1 is the peer's mistake; it is capped, as OpenSSH does.
 */
export class SendWindow {
  #left: number;

  constructor(initial: number) {
    this.#left = initial;
  }

  get left(): number {
    return this.#left;
  }

  adjust(bytes: number): void {
    this.#left = Math.min(this.#left + bytes, 0xffff_ffff);
  }

  take(bytes: number): void {
    this.#left -= bytes;
  }
}

/** Our own window: counts what the peer sends, and tells when to give credit back. */
export class ReceiveWindow {
  #size: number;
  #left: number;
  #consumed = 0;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** Whether `bytes` may arrive; the peer must not send more than the window allows. */
  receive(bytes: number): boolean {
    this.#left -= bytes;
    return this.#left >= 0;
  }

  /** Makes the window larger; returns the credit to send for it. A window never shrinks. */
  grow(size: number): number {
    const credit = Math.max(0, size - this.#size);
    this.#size += credit;
    this.#left += credit;
    return credit;
  }

  /** Marks bytes as consumed; returns the credit to send now, or 0. Credit goes back in eighths, early. */
  consume(bytes: number): number {
    this.#consumed += bytes;
    if (this.#consumed < this.#size / 8) return 0;
    const credit = this.#consumed;
    this.#consumed = 0;
    this.#left += credit;
    return credit;
  }
}

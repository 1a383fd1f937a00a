import { fromUtf8, writeU32 } from '../../base/bytes.ts';

/** Up to so many bytes V8 keeps an array in its own heap: most messages fit, and nothing else is made or freed for them. */
const SMALL_BYTES = 64;
/** For what may be secret: larger arrays stay where they are, so that nothing of it is left when they are wiped. */
export const SECRET_BYTES = 256;

/** Builds messages from the data types of RFC 4251 section 5. */
export class WireWriter {
  #bytes: Uint8Array;
  #at = 0;

  constructor(capacity: number = SMALL_BYTES) {
    this.#bytes = new Uint8Array(capacity);
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#bytes[at] = value;
    return this;
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  u32(value: number): this {
    const at = this.#grow(4);
    writeU32(this.#bytes, at, value);
    return this;
  }

  u64(value: bigint | number): this {
    const wide = BigInt(value);
    return this.u32(Number((wide >> 32n) & 0xffff_ffffn)).u32(Number(wide & 0xffff_ffffn));
  }

  raw(bytes: Uint8Array): this {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  string(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }

  text(value: string): this {
    return this.string(fromUtf8(value));
  }

  /** A text whose bytes are left nowhere else. */
  secret(value: string): this {
    const bytes = fromUtf8(value);
    this.string(bytes);
    bytes.fill(0);
    return this;
  }

  /** A non-negative number, big-endian, as mpint: shortest form, with a zero byte before a set high bit. */
  mpint(bytes: Uint8Array): this {
    let start = 0;
    while (start < bytes.length && bytes[start] === 0) start++;
    const digits = bytes.subarray(start);
    const pad = digits.length > 0 && (digits[0]! & 0x80) !== 0;
    this.u32(digits.length + (pad ? 1 : 0));
    if (pad) this.u8(0);
    return this.raw(digits);
  }

  nameList(names: readonly string[]): this {
    return this.text(names.join(','));
  }

  /** What was written, as memory of its own. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  /** The same, and nothing of it stays here: for what is secret. The writer is at its end. */
  take(): Uint8Array {
    const written = this.finish();
    this.#bytes.fill(0);
    return written;
  }

  #grow(length: number): number {
    const at = this.#at;
    const end = at + length;
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes.fill(0);
      this.#bytes = larger;
    }
    this.#at = end;
    return at;
  }
}

import { readU32, utf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { checkLimit } from '../../base/limits.ts';

/**
 * Reads the data types of RFC 4251 section 5 from one message. Every read is bounds-checked; a short or
 * inconsistent message throws SSH_MALFORMED. Byte strings are views into the message, not copies.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at: number;

  constructor(bytes: Uint8Array, at = 0, what = 'message') {
    this.#bytes = bytes;
    this.#at = at;
    this.#what = what;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  get position(): number {
    return this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  bool(): boolean {
    return this.u8() !== 0;
  }

  u32(): number {
    return readU32(this.#bytes, this.#take(4));
  }

  u64(): bigint {
    const at = this.#take(8);
    return (BigInt(readU32(this.#bytes, at)) << 32n) | BigInt(readU32(this.#bytes, at + 4));
  }

  string(): Uint8Array {
    const length = this.u32();
    return this.raw(length);
  }

  /** A string as UTF-8; invalid sequences become U+FFFD, for they must not end a connection. */
  text(): string {
    return utf8(this.string());
  }

  /** An mpint (RFC 4251 section 5) as its two's complement bytes without a leading zero; negative ones throw. */
  mpint(): Uint8Array {
    const bytes = this.string();
    if (bytes.length > 0 && (bytes[0]! & 0x80) !== 0) throw this.malformed('a negative number');
    let start = 0;
    while (start < bytes.length && bytes[start] === 0) start++;
    return bytes.subarray(start);
  }

  nameList(): string[] {
    const text = this.text();
    if (text === '') return [];
    const names = text.split(',');
    checkLimit('nameListEntries', names.length);
    return names;
  }

  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  rest(): Uint8Array {
    return this.raw(this.remaining);
  }

  /** Throws unless everything has been read. */
  end(): void {
    if (this.remaining !== 0) throw this.malformed(`${this.remaining} bytes too many`);
  }

  malformed(why: string): WherryError {
    return new WherryError('SSH_MALFORMED', `malformed ${this.#what}: ${why}`);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) {
      throw this.malformed(`${length} bytes wanted at ${at}, ${this.#bytes.length - at} there`);
    }
    this.#at = at + length;
    return at;
  }
}

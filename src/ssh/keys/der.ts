/** As much of DER (X.690) as it takes to read keys and certificates. Everything is bounds-checked; depth is limited. */
import { withoutZeros } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';

export const DER_TAGS = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** One element: its tag, what is in it, and all of it with its head. */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly raw: Uint8Array;
}

export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #depth: number;
  #at = 0;

  constructor(bytes: Uint8Array, depth = 0) {
    const max = LIMITS.derDepth.value;
    if (depth > max) {
      throw new WherryError('KEY_FORMAT', `the key is damaged: its DER is nested more than ${max} deep`, {
        limit: 'derDepth',
        expected: max,
        actual: depth,
      });
    }
    this.#bytes = bytes;
    this.#depth = depth;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** The tag of the next element; undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  /** Into the next element, which has that tag. */
  into(tag: number): DerReader {
    return new DerReader(this.take(tag).content, this.#depth + 1);
  }

  sequence(): DerReader {
    return this.into(DER_TAGS.sequence);
  }

  set(): DerReader {
    return this.into(DER_TAGS.set);
  }

  /** Into the next element when it has that context-specific tag; undefined, and nothing read, otherwise. */
  optional(tag: number): DerReader | undefined {
    return this.peek() === tag ? this.into(tag) : undefined;
  }

  octetString(): Uint8Array {
    return this.take(DER_TAGS.octetString).content;
  }

  /** The bytes of a BIT STRING that is a whole number of them. */
  bitString(): Uint8Array {
    const { content } = this.take(DER_TAGS.bitString);
    if (content.length === 0 || content[0] !== 0) throw malformed('bits that are no whole bytes');
    return content.subarray(1);
  }

  /** A non-negative INTEGER; one too large for a number comes out as Infinity. */
  integer(): number {
    const bytes = this.take(DER_TAGS.integer).content;
    if (bytes.length === 0 || bytes[0]! > 0x7f) throw malformed('a number out of range');
    let value = 0;
    for (const byte of bytes.subarray(0, 16)) value = value * 256 + byte;
    return bytes.length > 16 || !Number.isSafeInteger(value) ? Number.POSITIVE_INFINITY : value;
  }

  /** A non-negative INTEGER as its big-endian bytes without leading zeros. */
  bigInteger(): Uint8Array {
    const bytes = this.take(DER_TAGS.integer).content;
    if (bytes.length === 0 || bytes[0]! > 0x7f) throw malformed('a number out of range');
    return withoutZeros(bytes);
  }

  /** The same of one that must be positive and may lack the zero before a set high bit, as some writers have it. */
  positiveInteger(): Uint8Array {
    return withoutZeros(this.take(DER_TAGS.integer).content);
  }

  boolean(): boolean {
    return this.take(DER_TAGS.boolean).content[0] !== 0;
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  oid(): string {
    return dottedOid(this.take(DER_TAGS.oid).content);
  }

  /** The next element, which must have that tag where one is given. */
  take(tag?: number): DerElement {
    const start = this.#at;
    const found = this.#bytes[start];
    if (found === undefined || (tag !== undefined && found !== tag)) {
      throw malformed(`tag ${found} where ${tag ?? 'an element'} was expected`);
    }
    // High tag numbers do not occur in the structures of keys.
    if ((found & 0x1f) === 0x1f) throw malformed('a tag out of range');
    let length = this.#bytes[start + 1] ?? 0;
    let at = start + 2;
    if (length > 0x7f) {
      const digits = length & 0x7f;
      if (digits === 0 || digits > 4) throw malformed('a length out of range');
      length = 0;
      for (const end = at + digits; at < end; at++) length = length * 256 + (this.#bytes[at] ?? 0);
    }
    if (at + length > this.#bytes.length) throw malformed('it ends too early');
    this.#at = at + length;
    return {
      tag: found,
      content: this.#bytes.subarray(at, at + length),
      raw: this.#bytes.subarray(start, at + length),
    };
  }

  /** Throws unless everything has been read. */
  end(): void {
    if (this.remaining !== 0) throw malformed(`${this.remaining} bytes too many`);
  }
}

/** The content of an OBJECT IDENTIFIER in dotted form. */
export function dottedOid(bytes: Uint8Array): string {
  if (bytes.length === 0 || bytes.length > 64 || bytes.at(-1)! > 0x7f) throw malformed('an identifier');
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of bytes) {
    arc = arc * 128n + BigInt(byte & 0x7f);
    if (byte > 0x7f) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const first = arcs[0]! < 80n ? arcs[0]! / 40n : 2n;
  return [first, arcs[0]! - first * 40n, ...arcs.slice(1)].join('.');
}

function malformed(why: string): WherryError {
  return new WherryError('KEY_FORMAT', `the key is damaged: in its DER, ${why}`);
}

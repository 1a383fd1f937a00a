/** As much of DER (X.690) as it takes to look into the head of a PKCS#8 file before OpenSSL gets it. */
import { WherryError } from '../../base/errors.ts';

export const DER_TAGS = { integer: 0x02, octetString: 0x04, null: 0x05, oid: 0x06, sequence: 0x30 } as const;

export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** The tag of the next element; undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#at];
  }

  sequence(): DerReader {
    return new DerReader(this.#element(DER_TAGS.sequence));
  }

  octetString(): Uint8Array {
    return this.#element(DER_TAGS.octetString);
  }

  /** A non-negative INTEGER; one too large for a number comes out as Infinity. */
  integer(): number {
    const bytes = this.#element(DER_TAGS.integer);
    if (bytes.length === 0 || bytes[0]! > 0x7f) throw malformed('a number out of range');
    let value = 0;
    for (const byte of bytes.subarray(0, 16)) value = value * 256 + byte;
    return bytes.length > 16 || !Number.isSafeInteger(value) ? Number.POSITIVE_INFINITY : value;
  }

  /** An OBJECT IDENTIFIER in dotted form. */
  oid(): string {
    const bytes = this.#element(DER_TAGS.oid);
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

  #element(tag: number): Uint8Array {
    const start = this.#at;
    if (this.#bytes[start] !== tag) throw malformed(`tag ${this.#bytes[start]} where ${tag} was expected`);
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
    return this.#bytes.subarray(at, at + length);
  }
}

function malformed(why: string): WherryError {
  return new WherryError('KEY_FORMAT', `the key is damaged: in its DER, ${why}`);
}

/** Writes DER (X.690): as much as keys need that node:crypto takes in no other form. */
import { DER_TAGS } from './der.ts';

export function derElement(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const head = content.length < 0x80 ? [tag, content.length] : [tag, ...longLength(content.length)];
  return Buffer.concat([Buffer.from(head), content]);
}

export function derSequence(...elements: readonly Uint8Array[]): Uint8Array {
  return derElement(DER_TAGS.sequence, ...elements);
}

/** A non-negative INTEGER from its big-endian bytes. */
export function derInteger(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.length === 0 ? Uint8Array.of(0) : bytes.subarray(start);
  return derElement(DER_TAGS.integer, (digits[0]! & 0x80) !== 0 ? Uint8Array.of(0) : Uint8Array.of(), digits);
}

export function derOid(dotted: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      digits.unshift((left % 128) | 0x80);
    }
    bytes.push(...digits);
  }
  return derElement(DER_TAGS.oid, Uint8Array.from(bytes));
}

export function derOctetString(bytes: Uint8Array): Uint8Array {
  return derElement(DER_TAGS.octetString, bytes);
}

export function derBitString(bytes: Uint8Array): Uint8Array {
  return derElement(DER_TAGS.bitString, Uint8Array.of(0), bytes);
}

function longLength(length: number): number[] {
  const digits: number[] = [];
  for (let left = length; left > 0; left = Math.floor(left / 256)) digits.unshift(left % 256);
  return [0x80 | digits.length, ...digits];
}

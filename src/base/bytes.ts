import { timingSafeEqual } from 'node:crypto';

export const EMPTY: Uint8Array = new Uint8Array(0);

export function readU32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** A non-negative safe integer as uint64. */
export function writeU64(bytes: Uint8Array, at: number, value: number): void {
  writeU32(bytes, at, Math.floor(value / 0x1_0000_0000));
  writeU32(bytes, at + 4, value >>> 0);
}

/** A Buffer over the same memory: no copy. */
export function view(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function toBase64(bytes: Uint8Array): string {
  return view(bytes).toString('base64');
}

export function toHex(bytes: Uint8Array): string {
  return view(bytes).toString('hex');
}

export function utf8(bytes: Uint8Array): string {
  return view(bytes).toString('utf8');
}

export function fromUtf8(text: string): Uint8Array {
  return Buffer.from(text, 'utf8');
}

/** Constant-time comparison: for MACs, fingerprints and signatures. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A big-endian number without leading zeros; the same memory. */
export function withoutZeros(digits: Uint8Array): Uint8Array {
  let start = 0;
  while (start < digits.length && digits[start] === 0) start++;
  return digits.subarray(start);
}

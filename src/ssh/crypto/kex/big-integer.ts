import { toHex } from '../../../base/bytes.ts';

/** A big-endian magnitude as a bigint. For public numbers only: bigint arithmetic takes a time that varies. */
export function toBigInt(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`);
}

/** The big-endian magnitude of a non-negative bigint. */
export function fromBigInt(value: bigint): Uint8Array {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

/** Bits up to and including the highest one set. */
export function bitLength(bytes: Uint8Array): number {
  let start = 0;
  while (start < bytes.length && bytes[start] === 0) start++;
  return start === bytes.length ? 0 : (bytes.length - start) * 8 - (Math.clz32(bytes[start]!) - 24);
}

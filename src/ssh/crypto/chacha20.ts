import { type Cipher, createCipheriv } from 'node:crypto';
import { writeU32 } from '../../base/bytes.ts';

const KEY = 32;
const BLOCK = 64;
const ZEROS = new Uint8Array(BLOCK);

/**
 * node:crypto's counter and nonce in one: 8 bytes of block counter, little-endian and zero at first, then
 * the sequence number as uint64 (OpenSSH PROTOCOL.chacha20poly1305). createCipheriv copies it at once.
 */
const iv = new Uint8Array(16);

function chacha20(key: Uint8Array, sequence: number): Cipher {
  writeU32(iv, 12, sequence);
  return createCipheriv('chacha20', key, iv);
}

/**
 * The key stream of one packet's payload under K_2, the first half of the 64-byte key: its first block gives
 * the Poly1305 key, and `cipher`, which encrypts as well as it decrypts, stands at block 1.
 */
export function payloadStream(key: Uint8Array, sequence: number): { polyKey: Uint8Array; cipher: Cipher } {
  const cipher = chacha20(key.subarray(0, KEY), sequence);
  return { polyKey: cipher.update(ZEROS).subarray(0, KEY), cipher };
}

/** The 4 length bytes of a packet under K_1, the second half of the key: encrypted, or decrypted. */
export function lengthCrypt(key: Uint8Array, sequence: number, fourBytes: Uint8Array): Uint8Array {
  return chacha20(key.subarray(KEY, 2 * KEY), sequence).update(fourBytes);
}

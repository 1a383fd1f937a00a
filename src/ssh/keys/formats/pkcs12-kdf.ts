/** The key derivation of PKCS#12 (RFC 7292 appendix B.2), and passwords in the form it takes. */
import { createHash } from 'node:crypto';
import { utf8 } from '../../../base/bytes.ts';

/** UTF-16, big-endian, with two zero bytes at the end; empty where there is no password at all. */
export type BmpPassword = Uint8Array;

export function bmpPassword(passphrase: Uint8Array): BmpPassword {
  return Buffer.from(`${utf8(passphrase)}\0`, 'utf16le').swap16();
}

/** Bytes of the blocks each hash works on. */
const BLOCKS: Readonly<Record<string, number>> = {
  sha1: 64,
  sha224: 64,
  sha256: 64,
  sha384: 128,
  sha512: 128,
};

/** The hashes there are rows for. */
export function isPkcs12Hash(hash: string): boolean {
  return Object.hasOwn(BLOCKS, hash);
}

/** `length` bytes for a purpose: 1 is a key, 2 an IV, 3 a MAC key. */
export function pkcs12Derive(
  hash: string,
  password: BmpPassword,
  salt: Uint8Array,
  rounds: number,
  purpose: 1 | 2 | 3,
  length: number,
): Uint8Array {
  const v = BLOCKS[hash]!;
  const diversifier = new Uint8Array(v).fill(purpose);
  const input = Buffer.concat([repeated(salt, v), repeated(password, v)]);
  const out: Uint8Array[] = [];
  for (let made = 0; made < length; made += out.at(-1)!.length) {
    let digest: Uint8Array = createHash(hash).update(diversifier).update(input).digest();
    for (let i = 1; i < rounds; i++) digest = createHash(hash).update(digest).digest();
    out.push(digest);
    addToBlocks(input, repeated(digest, v).subarray(0, v), v);
  }
  return Buffer.concat(out).subarray(0, length);
}

/** Copies up to a whole number of blocks; nothing stays nothing. */
function repeated(bytes: Uint8Array, block: number): Uint8Array {
  const length = block * Math.ceil(bytes.length / block);
  return Uint8Array.from({ length }, (_, i) => bytes[i % bytes.length]!);
}

/** Step 6C: each block of `input` plus `addend` plus one, modulo 2 to the size of a block. */
function addToBlocks(input: Uint8Array, addend: Uint8Array, block: number): void {
  for (let start = 0; start < input.length; start += block) {
    let carry = 1;
    for (let i = block - 1; i >= 0; i--) {
      const sum = input[start + i]! + addend[i]! + carry;
      input[start + i] = sum & 255;
      carry = sum >> 8;
    }
  }
}

import type { BlockCipher64 } from '../stream-cipher.ts';
import { fractionOfPi } from './pi.ts';

const ROUNDS = 16;
const SUBKEYS = ROUNDS + 2;
const BOX = 256;

let digits: Int32Array | undefined;

/** Blowfish (B. Schneier, Fast Software Encryption 1993): 16 rounds, key-dependent tables. */
export function blowfish(key: Uint8Array): BlockCipher64 {
  digits ??= fractionOfPi(32 * (SUBKEYS + 4 * BOX));
  const subkeys = digits.slice(0, SUBKEYS);
  const boxes = digits.slice(SUBKEYS);
  for (let i = 0; i < SUBKEYS; i++) {
    const at = 4 * i;
    for (let byte = 0; byte < 4; byte++) subkeys[i]! ^= key[(at + byte) % key.length]! << (24 - 8 * byte);
  }
  const halves = new Int32Array(2);
  for (const table of [subkeys, boxes]) {
    for (let i = 0; i < table.length; i += 2) {
      crypt(halves, subkeys, boxes);
      table.set(halves, i);
    }
  }
  const reversed = subkeys.slice().reverse();
  return {
    encrypt: (block) => crypt(block, subkeys, boxes),
    decrypt: (block) => crypt(block, reversed, boxes),
  };
}

/** Decryption is encryption with the subkeys in reverse. */
function crypt(halves: Int32Array, subkeys: Int32Array, boxes: Int32Array): void {
  let left = halves[0]!;
  let right = halves[1]!;
  for (let round = 0; round < ROUNDS; round += 2) {
    left ^= subkeys[round]!;
    right ^= f(left, boxes);
    right ^= subkeys[round + 1]!;
    left ^= f(right, boxes);
  }
  halves[0] = right ^ subkeys[ROUNDS + 1]!;
  halves[1] = left ^ subkeys[ROUNDS]!;
}

function f(x: number, boxes: Int32Array): number {
  const sum = (boxes[x >>> 24]! + boxes[BOX + ((x >>> 16) & 0xff)]!) ^ boxes[2 * BOX + ((x >>> 8) & 0xff)]!;
  return (sum + boxes[3 * BOX + (x & 0xff)]!) | 0;
}

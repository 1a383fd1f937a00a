import { readU32 } from '../../../base/bytes.ts';
import type { BlockCipher64 } from '../stream-cipher.ts';
import { CAST128_BOXES } from './cast128-boxes.ts';

const ROUNDS = 16;
const BOX = 256;

let boxes: Int32Array | undefined;

function loadBoxes(): Int32Array {
  const bytes = Buffer.from(CAST128_BOXES, 'base64');
  return Int32Array.from({ length: 8 * BOX }, (_, word) => readU32(bytes, 4 * word));
}

/** CAST-128 with a key of 128 bits, RFC 2144. */
export function cast128(key: Uint8Array): BlockCipher64 {
  boxes ??= loadBoxes();
  const s = boxes;
  const { masking, rotation } = keySchedule(key, s);
  const run = (halves: Int32Array, first: number, step: number): void => {
    let left = halves[0]!;
    let right = halves[1]!;
    for (let count = 0, round = first; count < ROUNDS; count++, round += step) {
      const next = left ^ f(round % 3, right, masking[round]!, rotation[round]!, s);
      left = right;
      right = next;
    }
    halves[0] = right;
    halves[1] = left;
  };
  return {
    encrypt: (halves) => run(halves, 0, 1),
    decrypt: (halves) => run(halves, ROUNDS - 1, -1),
  };
}

/** Section 2.2: three kinds of rounds, which differ in how the data is mixed. */
function f(kind: number, data: number, mask: number, turn: number, s: Int32Array): number {
  const mixed = kind === 0 ? mask + data : kind === 1 ? mask ^ data : mask - data;
  const i = (mixed << turn) | (mixed >>> ((32 - turn) & 31));
  const a = s[i >>> 24]!;
  const b = s[BOX + ((i >>> 16) & 0xff)]!;
  const c = s[2 * BOX + ((i >>> 8) & 0xff)]!;
  const d = s[3 * BOX + (i & 0xff)]!;
  if (kind === 0) return ((a ^ b) - c + d) | 0;
  if (kind === 1) return ((a - b + c) ^ d) | 0;
  return (((a + b) ^ c) - d) | 0;
}

/**
 * Section 2.4. One step makes four new words of four old ones: each is an old word, mixed with the boxes S5 to S8 at
 * four bytes and one box more at an extra byte of the old words. Bytes 0 to 15 are old, 16 to 31 new.
 */
type Step = readonly (readonly [
  from: number,
  fifth: number,
  sixth: number,
  seventh: number,
  eighth: number,
  extra: number,
])[];

/** The box of the extra byte, counted from S1. */
const EXTRA_BOX = [6, 7, 4, 5] as const;

const X_TO_Z: Step = [
  [0, 13, 15, 12, 14, 8],
  [2, 16, 18, 17, 19, 10],
  [3, 23, 22, 21, 20, 9],
  [1, 26, 25, 27, 24, 11],
];
const Z_TO_X: Step = [
  [2, 5, 7, 4, 6, 0],
  [0, 16, 18, 17, 19, 2],
  [1, 23, 22, 21, 20, 1],
  [3, 26, 25, 27, 24, 3],
];

/** Five bytes for each of four subkeys: those of S5 to S8, then that of one box more, S5 for the first one. */
const SUBKEY_BYTES = [
  [8, 9, 7, 6, 2, 10, 11, 5, 4, 6, 12, 13, 3, 2, 9, 14, 15, 1, 0, 12],
  [3, 2, 12, 13, 8, 1, 0, 14, 15, 13, 7, 6, 8, 9, 3, 5, 4, 10, 11, 7],
  [3, 2, 12, 13, 9, 1, 0, 14, 15, 12, 7, 6, 8, 9, 2, 5, 4, 10, 11, 6],
  [8, 9, 7, 6, 3, 10, 11, 5, 4, 7, 12, 13, 3, 2, 8, 14, 15, 1, 0, 13],
] as const;

function keySchedule(key: Uint8Array, s: Int32Array): { masking: Int32Array; rotation: Int32Array } {
  const subkeys = new Int32Array(2 * ROUNDS);
  let words = Int32Array.from({ length: 4 }, (_, word) => readU32(key, 4 * word));
  for (let group = 0; group < 8; group++) {
    words = mix(group % 2 === 0 ? X_TO_Z : Z_TO_X, words, s);
    const bytes = SUBKEY_BYTES[group % 4]!;
    for (let i = 0; i < 4; i++) {
      let subkey = 0;
      for (let box = 0; box < 4; box++) subkey ^= s[(4 + box) * BOX + byteOf(words, bytes[5 * i + box]!)]!;
      subkeys[4 * group + i] = subkey ^ s[(4 + i) * BOX + byteOf(words, bytes[5 * i + 4]!)]!;
    }
  }
  return { masking: subkeys.slice(0, ROUNDS), rotation: subkeys.slice(ROUNDS).map((value) => value & 31) };
}

function mix(step: Step, old: Int32Array, s: Int32Array): Int32Array<ArrayBuffer> {
  const fresh = new Int32Array(4);
  const at = (byte: number): number => (byte < 16 ? byteOf(old, byte) : byteOf(fresh, byte - 16));
  step.forEach(([from, fifth, sixth, seventh, eighth, extra], i) => {
    fresh[i] =
      old[from]! ^
      s[4 * BOX + at(fifth)]! ^
      s[5 * BOX + at(sixth)]! ^
      s[6 * BOX + at(seventh)]! ^
      s[7 * BOX + at(eighth)]! ^
      s[EXTRA_BOX[i]! * BOX + at(extra)]!;
  });
  return fresh;
}

/** Byte 0 is the highest one of the first word. */
function byteOf(words: Int32Array, byte: number): number {
  return (words[byte >> 2]! >>> (24 - 8 * (byte & 3))) & 0xff;
}

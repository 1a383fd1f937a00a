/** OpenSSH's bcrypt_pbkdf (OpenBSD's bcrypt_pbkdf(3)): PBKDF2 with a bcrypt whose passphrase and salt are SHA-512 digests. */
import { createHash } from 'node:crypto';
import { fractionOfPi } from '../crypto/legacy/pi.ts';

const SUBKEYS = 18;
const BOXES = 1024;
const HASH = 32;
/** The cost of bcrypt as a number of key expansions: 2 to the 6. */
const EXPANSIONS = 64;
const MAGIC = Buffer.from('OxychromaticBlowfishSwatDynamite', 'latin1');

/** Blowfish, as far as it is keyed: the subkeys, then the four boxes. */
interface State {
  readonly subkeys: Int32Array;
  readonly boxes: Int32Array;
}

let initial: Int32Array | undefined;

/** `length` bytes derived from a passphrase. Neither it nor the salt may be empty, nor the rounds 0. */
export function bcryptPbkdf(
  passphrase: Uint8Array,
  salt: Uint8Array,
  rounds: number,
  length: number,
): Uint8Array {
  const key = new Uint8Array(length);
  const pass = words(sha512(passphrase));
  const stride = Math.ceil(length / HASH);
  const amount = Math.ceil(length / stride);
  for (let count = 1; count <= stride; count++) {
    const number = Uint8Array.of(count >>> 24, count >>> 16, count >>> 8, count);
    let made = bcryptHash(pass, words(sha512(Buffer.concat([salt, number]))));
    const sum = made.slice();
    for (let round = 1; round < rounds; round++) {
      made = bcryptHash(pass, words(sha512(made)));
      for (let i = 0; i < HASH; i++) sum[i]! ^= made[i]!;
    }
    // The blocks are spread over the key, so that each of its parts costs the whole work.
    for (let i = 0; i < amount; i++) {
      const at = i * stride + count - 1;
      if (at < length) key[at] = sum[i]!;
    }
  }
  pass.fill(0);
  return key;
}

function bcryptHash(pass: Int32Array, salt: Int32Array): Uint8Array {
  initial ??= fractionOfPi(32 * (SUBKEYS + BOXES));
  const state: State = { subkeys: initial.slice(0, SUBKEYS), boxes: initial.slice(SUBKEYS) };
  expand(state, pass, salt);
  for (let i = 0; i < EXPANSIONS; i++) {
    expand(state, salt, NOTHING);
    expand(state, pass, NOTHING);
  }
  const block = words(MAGIC);
  const halves = new Int32Array(2);
  const out = Buffer.alloc(HASH);
  for (let at = 0; at < block.length; at += 2) {
    halves.set(block.subarray(at, at + 2));
    encrypt(halves, state.subkeys, state.boxes, EXPANSIONS);
    out.writeInt32LE(halves[0]!, 4 * at);
    out.writeInt32LE(halves[1]!, 4 * at + 4);
  }
  return out;
}

const NOTHING = new Int32Array(16);

/** One key expansion: every subkey and box is the encryption of the one before it, mixed with `data`. */
function expand({ subkeys, boxes }: State, key: Int32Array, data: Int32Array): void {
  for (let i = 0; i < SUBKEYS; i++) subkeys[i]! ^= key[i & 15]!;
  const halves = new Int32Array(2);
  for (let i = 0, word = 0; i < SUBKEYS; i += 2, word = (word + 2) & 15) {
    halves[0]! ^= data[word]!;
    halves[1]! ^= data[word + 1]!;
    encrypt(halves, subkeys, boxes, 1);
    subkeys.set(halves, i);
  }
  for (let i = 0, word = SUBKEYS & 15; i < BOXES; i += 2, word = (word + 2) & 15) {
    halves[0]! ^= data[word]!;
    halves[1]! ^= data[word + 1]!;
    encrypt(halves, subkeys, boxes, 1);
    boxes[i] = halves[0]!;
    boxes[i + 1] = halves[1]!;
  }
}

/** Blowfish of one block, so many times over. This is where all the time goes: two rounds a turn, nothing called. */
function encrypt(halves: Int32Array, p: Int32Array, s: Int32Array, times: number): void {
  let left = halves[0]!;
  let right = halves[1]!;
  for (let time = 0; time < times; time++) {
    left ^= p[0]!;
    for (let i = 1; i < 17; i += 2) {
      right ^=
        p[i]! ^
        (((s[left >>> 24]! + s[256 | ((left >>> 16) & 255)]!) ^ s[512 | ((left >>> 8) & 255)]!) +
          s[768 | (left & 255)]!);
      left ^=
        p[i + 1]! ^
        (((s[right >>> 24]! + s[256 | ((right >>> 16) & 255)]!) ^ s[512 | ((right >>> 8) & 255)]!) +
          s[768 | (right & 255)]!);
    }
    const swap = right ^ p[17]!;
    right = left;
    left = swap;
  }
  halves[0] = left;
  halves[1] = right;
}

function sha512(bytes: Uint8Array): Uint8Array {
  return createHash('sha512').update(bytes).digest();
}

/** Big-endian words. */
function words(bytes: Uint8Array): Int32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Int32Array.from({ length: bytes.length / 4 }, (_, i) => view.getInt32(4 * i));
}

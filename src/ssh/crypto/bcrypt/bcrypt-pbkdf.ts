/** OpenSSH's bcrypt_pbkdf (OpenBSD's bcrypt_pbkdf(3)): PBKDF2 with a bcrypt whose passphrase and salt are SHA-512 digests. */
import { createHash } from 'node:crypto';
import { readU32 } from '../../../base/bytes.ts';
import { fractionOfPi } from '../legacy/pi.ts';
import { instances, type WasmMemory } from '../wasm-module.ts';
import { WASM } from './bcrypt.wasm.ts';

/** Where the module of assembly/index.ts keeps things in its memory. */
const PASS = 12_672;
const MAGIC = 12_928;
/** It makes two hashes at once. */
const LANES: readonly { readonly salt: number; readonly hash: number }[] = [
  { salt: 12_736, hash: 12_960 },
  { salt: 12_800, hash: 12_992 },
];
const STATE_WORDS = 1042;

const HASH = 32;

interface Module {
  readonly memory: WasmMemory;
  readonly hash: () => void;
}

let makeInstance: (() => Module) | undefined;
let initial: Int32Array | undefined;

/** `length` bytes derived from a passphrase. Neither it nor the salt may be empty, nor the rounds 0. */
export function bcryptPbkdf(
  passphrase: Uint8Array,
  salt: Uint8Array,
  rounds: number,
  length: number,
): Uint8Array {
  makeInstance ??= instances<Module>(WASM);
  initial ??= fractionOfPi(32 * STATE_WORDS);
  const { memory, hash } = makeInstance();
  const bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  initial.forEach((word, i) => {
    view.setInt32(4 * i, word, true);
  });
  putWords(view, MAGIC, Buffer.from('OxychromaticBlowfishSwatDynamite', 'latin1'));
  putWords(view, PASS, sha512(passphrase));
  const key = new Uint8Array(length);
  const blocks = Math.ceil(length / HASH);
  for (let block = 0; block < blocks; block += LANES.length) {
    const lanes = LANES.map((at, i) => ({
      number: block + i + 1,
      salt: at.salt,
      made: bytes.subarray(at.hash, at.hash + HASH),
      sum: new Uint8Array(HASH),
    }));
    for (const { number, salt: at } of lanes)
      putWords(view, at, sha512(salt, Uint8Array.of(0, 0, 0, number)));
    for (let round = 0; round < rounds; round++) {
      hash();
      for (const { salt: at, made, sum } of lanes) {
        for (let i = 0; i < HASH; i++) sum[i]! ^= made[i]!;
        putWords(view, at, sha512(made));
      }
    }
    // The blocks are spread over the key, so that each of its parts costs the whole work.
    for (const { number, sum } of lanes) {
      if (number > blocks) continue;
      for (let i = 0, at = number - 1; at < length; i++, at += blocks) key[at] = sum[i]!;
    }
  }
  bytes.fill(0);
  return key;
}

function sha512(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Writes big-endian words in the order of the module. */
function putWords(view: DataView, at: number, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i += 4) view.setUint32(at + i, readU32(bytes, i), true);
}

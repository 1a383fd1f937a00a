/** Argon2 version 1.3 (RFC 9106), synchronous. */
import { EMPTY } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import { grown, instances, type WasmMemory } from '../wasm-module.ts';
import { WASM } from './argon2.wasm.ts';

/** The kinds, and y of RFC 9106 section 3.2. */
const KINDS = { argon2d: 0, argon2i: 1, argon2id: 2 } as const;
KINDS satisfies Record<string, number>;

export type Argon2Kind = keyof typeof KINDS;

/** What else goes in. Ranges: RFC 9106 section 3.1. */
export interface Argon2Parameters {
  /** KiB; at least eight for each lane. */
  readonly memory: number;
  readonly passes: number;
  /** Lanes; they are filled one after another. */
  readonly parallelism: number;
  readonly salt: Uint8Array;
  readonly secret?: Uint8Array;
  readonly associatedData?: Uint8Array;
}

/** Where the module of assembly/index.ts keeps things in its memory. */
const HASH = 512;
const LAST = 2048;
const BLOCKS = 6144;

const BLOCK = 1024;
const DIGEST = 64;
const VERSION = 0x13;

interface Module {
  readonly memory: WasmMemory;
  readonly blake2b: (at: number, length: number, digest: number) => void;
  readonly fill: (kind: number, lanes: number, length: number, passes: number) => void;
}

let makeInstance: (() => Module) | undefined;

/** `length` bytes derived from a passphrase. Everything lies in a memory that is wiped and given up in the end. */
export function argon2(
  kind: Argon2Kind,
  passphrase: Uint8Array,
  parameters: Argon2Parameters,
  length: number,
): Uint8Array {
  const { memory, passes, parallelism: lanes, salt, secret = EMPTY, associatedData = EMPTY } = parameters;
  const numbers = [lanes, length, memory, passes, VERSION, KINDS[kind]].map(littleEndian);
  const fields = [passphrase, salt, secret, associatedData].flatMap((one) => [littleEndian(one.length), one]);
  const input = Buffer.concat([...numbers, ...fields]);

  makeInstance ??= instances<Module>(WASM);
  const module = makeInstance();
  const laneBlocks = 4 * Math.floor(memory / (4 * lanes));
  const free = BLOCKS + BLOCK * lanes * laneBlocks;
  const bytes = allMemory(module, memory, free + Math.max(input.length, BLOCK + 4));
  /** BLAKE2b, where the memory is free. */
  const hash: Hash = (parts, size) => {
    const data = Buffer.concat(parts);
    bytes.set(data, free);
    module.blake2b(free, data.length, size);
    data.fill(0);
    return bytes.slice(HASH, HASH + size);
  };
  try {
    const seed = hash([input], DIGEST);
    for (let lane = 0; lane < lanes; lane++) {
      for (const index of [0, 1]) {
        const block = longHash(hash, [seed, littleEndian(index), littleEndian(lane)], BLOCK);
        bytes.set(block, BLOCKS + BLOCK * (lane * laneBlocks + index));
      }
    }
    module.fill(KINDS[kind], lanes, laneBlocks, passes);
    return longHash(hash, [bytes.subarray(LAST, LAST + BLOCK)], length);
  } finally {
    bytes.fill(0);
    input.fill(0);
  }
}

function allMemory(module: Module, kib: number, bytes: number): Uint8Array {
  try {
    return grown(module.memory, bytes);
  } catch (error) {
    const text = `the key derivation of the private key needs ${kib} KiB of memory, which there is not`;
    throw new WherryError('KEY_UNSUPPORTED', text, {}, error);
  }
}

type Hash = (parts: readonly Uint8Array[], size: number) => Uint8Array;

/** H' of section 3.3: a hash of any length, of halves of hashes in a chain. */
function longHash(hash: Hash, parts: readonly Uint8Array[], length: number): Uint8Array {
  const out = new Uint8Array(length);
  let made = hash([littleEndian(length), ...parts], Math.min(length, DIGEST));
  let at = 0;
  for (; length - at > DIGEST; at += DIGEST / 2) {
    out.set(made.subarray(0, DIGEST / 2), at);
    made = hash([made], Math.min(length - at - DIGEST / 2, DIGEST));
  }
  out.set(made, at);
  return out;
}

function littleEndian(value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

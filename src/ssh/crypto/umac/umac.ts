import { type Cipher, createCipheriv } from 'node:crypto';
import { readU32, writeU32 } from '../../../base/bytes.ts';
import { checkLimit } from '../../../base/limits.ts';
import { grown, instantiate, type WasmMemory } from '../wasm-module.ts';
import { WASM } from './umac.wasm.ts';

/** Where the module of assembly/index.ts keeps things in its memory. */
const L2 = 1072;
const L3 = 1104;
const L3_PAD = 1360;
const KEYS_LENGTH = 1376;
const HASH = 1376;
const MESSAGE = 1408;
/** The module pads the message behind its end. */
const ROOM = 32;

const LENGTH_FIELD = 4;
const L1_BYTES = 1024;
/** 2^36 - 5, RFC 4418 section 5.4.1. */
const P36 = 2n ** 36n - 5n;

interface Module {
  readonly memory: WasmMemory;
  readonly uhash: (length: number, streams: number) => void;
}

let module: Module | undefined;
let memory: Uint8Array = new Uint8Array(0);

/**
 * UMAC with a 16-byte key and tags of 8 or 16 bytes (RFC 4418), made for packets: the nonce is the sequence number as
 * uint64 (OpenSSH PROTOCOL section 1.1).
 */
export class Umac {
  readonly #tagLength: number;
  readonly #streams: number;
  readonly #keys: Uint8Array;
  readonly #pad: Cipher;
  readonly #nonce: Uint8Array = new Uint8Array(16);

  constructor(key: Uint8Array, tagLength: number) {
    this.#tagLength = tagLength;
    this.#streams = tagLength / 4;
    this.#keys = hashKeys(key, this.#streams);
    this.#pad = blockCipher(deriveKey(key, 0, 16));
  }

  digest(sequence: number, message: Uint8Array): Uint8Array {
    return this.digestWith(0, sequence, message);
  }

  /** With any nonce of 64 bits, as two halves. */
  digestWith(nonceHigh: number, nonceLow: number, message: Uint8Array): Uint8Array {
    checkLimit('packetBytes', message.length - LENGTH_FIELD);
    module ??= instantiate<Module>(WASM);
    const needed = MESSAGE + message.length + ROOM;
    if (needed > memory.length) memory = grown(module.memory, needed);
    memory.set(this.#keys, 0);
    memory.set(message, MESSAGE);
    module.uhash(message.length, this.#streams);

    // Section 3.3.1: short tags share a block, and the lowest bits of the nonce say which part is meant.
    const parts = 16 / this.#tagLength;
    const part = nonceLow % parts;
    writeU32(this.#nonce, 0, nonceHigh);
    writeU32(this.#nonce, 4, nonceLow - part);
    const pad = this.#pad.update(this.#nonce);
    const tag = memory.slice(HASH, HASH + this.#tagLength);
    for (let at = 0; at < tag.length; at++) tag[at]! ^= pad[part * this.#tagLength + at]!;
    return tag;
  }
}

function blockCipher(key: Uint8Array): Cipher {
  return createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
}

/** KDF of section 3.2.1. */
function deriveKey(key: Uint8Array, index: number, length: number): Uint8Array {
  const blocks = new Uint8Array(16 * Math.ceil(length / 16));
  for (let block = 0; block < blocks.length / 16; block++) {
    writeU32(blocks, 16 * block + 4, index);
    writeU32(blocks, 16 * block + 12, block + 1);
  }
  return blockCipher(key).update(blocks).subarray(0, length);
}

/** The keys of section 5 as the module wants them: in its own byte order, masked and reduced. */
function hashKeys(key: Uint8Array, streams: number): Uint8Array {
  const keys = new Uint8Array(KEYS_LENGTH);
  const view = new DataView(keys.buffer);
  const l1 = deriveKey(key, 1, L1_BYTES + 16 * (streams - 1));
  for (let at = 0; at < l1.length; at += 4) view.setUint32(at, readU32(l1, at), true);
  const l2 = deriveKey(key, 2, 24 * streams);
  const l3 = deriveKey(key, 3, 64 * streams);
  const pads = deriveKey(key, 4, 4 * streams);
  for (let stream = 0; stream < streams; stream++) {
    // Section 5.3: only some bits of the polynomial's key are used.
    view.setUint32(L2 + 8 * stream + 4, readU32(l2, 24 * stream) & 0x01ffffff, true);
    view.setUint32(L2 + 8 * stream, readU32(l2, 24 * stream + 4) & 0x01ffffff, true);
    for (let word = 0; word < 8; word++) {
      const at = 64 * stream + 8 * word;
      const value = (BigInt(readU32(l3, at)) << 32n) | BigInt(readU32(l3, at + 4));
      view.setBigUint64(L3 + at, value % P36, true);
    }
    view.setUint32(L3_PAD + 4 * stream, readU32(pads, 4 * stream), true);
  }
  return keys;
}

import { checkLimit } from '../../../base/limits.ts';
import { grown, instantiate, type WasmMemory } from '../wasm-module.ts';
import { WASM } from './poly1305.wasm.ts';

/** Where the module of assembly/index.ts keeps things in its memory. */
const KEY = 0;
const TAG = 32;
const TAG_END = 48;
const MESSAGE = 64;
/** The module writes this far behind the message. */
const ROOM = 16;

/** What of a packet is authenticated besides the bytes its length counts. */
const LENGTH_FIELD = 4;

/** What the module exports. */
interface Module {
  readonly memory: WasmMemory;
  readonly tag: (length: number) => void;
}

let module: Module | undefined;
let memory: Uint8Array = new Uint8Array(0);

/**
 * The Poly1305 tag (RFC 8439 section 2.5), 16 bytes, of `bytes` from `start` to `end` under a 32-byte one-time
 * key. Made for packets: one copy into WebAssembly memory, which grows to the longest one seen.
 */
export function poly1305(
  key: Uint8Array,
  bytes: Uint8Array,
  start = 0,
  end: number = bytes.length,
): Uint8Array {
  if (key.length !== 32) throw new RangeError(`a Poly1305 key has 32 bytes, not ${key.length}`);
  if (start < 0 || end > bytes.length || start > end) throw new RangeError(`no bytes ${start} to ${end}`);
  const length = end - start;
  checkLimit('packetBytes', length - LENGTH_FIELD);
  module ??= instantiate<Module>(WASM);
  const needed = MESSAGE + length + ROOM;
  if (needed > memory.length) memory = grown(module.memory, needed);
  memory.set(key, KEY);
  memory.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), MESSAGE);
  module.tag(length);
  return memory.slice(TAG, TAG_END);
}

import { checkLimit } from '../../../base/limits.ts';
import { WASM } from './poly1305.wasm.ts';

/** Where the module of assembly/index.ts keeps things in its memory. */
const KEY = 0;
const TAG = 32;
const TAG_END = 48;
const MESSAGE = 64;
/** The module writes this far behind the message. */
const ROOM = 16;

const PAGE = 65_536;
/** What of a packet is authenticated besides the bytes its length counts. */
const LENGTH_FIELD = 4;

/** What the module exports. */
interface Module {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  readonly tag: (length: number) => void;
}

/** The part of WebAssembly used here; its types come with those of browsers only. */
interface Runtime {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (compiled: object) => { readonly exports: unknown };
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
  module ??= instantiate();
  if (MESSAGE + length + ROOM > memory.length) grow(module, MESSAGE + length + ROOM);
  memory.set(key, KEY);
  memory.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), MESSAGE);
  module.tag(length);
  return memory.slice(TAG, TAG_END);
}

/** At the first use, in step: a module this small compiles in less time than a turn of the event loop takes. */
function instantiate(): Module {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Runtime };
  const made = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(WASM, 'base64')))
    .exports as Module;
  memory = new Uint8Array(made.memory.buffer);
  return made;
}

/** A memory that grows gets a new buffer and leaves the views of the old one empty. */
function grow(made: Module, bytes: number): void {
  made.memory.grow(Math.ceil((bytes - memory.length) / PAGE));
  memory = new Uint8Array(made.memory.buffer);
}

/** The memory of a module, which it exports. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** The part of WebAssembly used here; its types come with those of browsers only. */
interface Runtime {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (compiled: object) => { readonly exports: unknown };
}

const PAGE = 65_536;

/** What a module exports. In step: one this small compiles in less time than a turn of the event loop takes. */
export function instantiate<M extends { readonly memory: WasmMemory }>(base64: string): M {
  return instances<M>(base64)();
}

/** Makes instances of a module that is compiled once, each with a memory of its own. */
export function instances<M extends { readonly memory: WasmMemory }>(base64: string): () => M {
  const { WebAssembly } = globalThis as unknown as { WebAssembly: Runtime };
  const compiled = new WebAssembly.Module(Buffer.from(base64, 'base64'));
  return () => new WebAssembly.Instance(compiled).exports as M;
}

/** All of a memory, after it has grown to at least `bytes`: growing leaves the views of the old one empty. */
export function grown(memory: WasmMemory, bytes: number): Uint8Array {
  const missing = bytes - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / PAGE));
  return new Uint8Array(memory.buffer);
}

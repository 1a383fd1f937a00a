import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compile, generated, WASM_MODULES } from '../../../scripts/build-wasm.ts';

for (const module of WASM_MODULES) {
  test(`wasm: ${module.source} compiles to the committed bytes, without imports`, async () => {
    const wasm = await compile(module);
    const committed = readFileSync(new URL(`../../../${module.target}`, import.meta.url), 'utf8');
    assert.equal(generated(module, wasm), committed, 'run `npm run wasm`');
    const { WebAssembly } = globalThis as unknown as {
      WebAssembly: { Module: { new (bytes: Uint8Array): object; imports(compiled: object): unknown[] } };
    };
    assert.deepEqual(WebAssembly.Module.imports(new WebAssembly.Module(wasm)), []);
  });
}

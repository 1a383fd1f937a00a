/** Every fuzz target for a moment, always the same inputs, and every input that ever broke one. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { fuzz, tryInput } from '../../fuzz/fuzzer.ts';
import type { FuzzTarget } from '../../fuzz/target.ts';
import { FUZZ_TARGETS } from '../../fuzz/targets.ts';

const FINDINGS = fileURLToPath(new URL('../../fuzz/findings/', import.meta.url));

for (const [name, target] of Object.entries(FUZZ_TARGETS)) {
  test(`${name}: changed inputs give values or typed errors`, () => {
    const { finding, inputs } = fuzz(target, { inputs: 3000, seconds: 10, seed: 1 });
    assert.equal(
      finding?.what,
      undefined,
      Buffer.from(finding?.input ?? [])
        .toString('hex')
        .slice(0, 2000),
    );
    assert.ok(inputs > 100);
  });
  const folder = join(FINDINGS, name);
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    test(`${name}: found before: ${file}`, () => {
      assert.equal(tryInput(target, readFileSync(join(folder, file))), undefined);
    });
  }
}

test('the fuzzer finds a crash, a slow input, and nothing where there is nothing', () => {
  const target = (run: FuzzTarget['run']): FuzzTarget => ({
    doc: '',
    seeds: () => [Buffer.from('abcd')],
    run,
  });
  const options = { inputs: 5000, seconds: 5, seed: 2 };
  const crash = fuzz(
    target((input) => {
      if (input[0] !== 0x61) throw new RangeError('boom');
      return '';
    }),
    options,
  );
  assert.match(crash.finding?.what ?? '', /boom/);
  assert.equal(
    fuzz(
      target(() => ''),
      options,
    ).finding,
    undefined,
  );
});

/** Every fuzz target for a moment, always the same inputs, and every input that ever broke one. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { campaign } from '../../fuzz/campaign.ts';
import { threadCpuSeconds } from '../../fuzz/cpu.ts';
import { fuzz, tryInput } from '../../fuzz/fuzzer.ts';
import { readRecord, recordTable } from '../../fuzz/record.ts';
import type { FuzzTarget } from '../../fuzz/target.ts';
import { FUZZ_TARGETS } from '../../fuzz/targets.ts';
import { WherryError } from '../../src/base/errors.ts';

const FUZZ = fileURLToPath(new URL('../../fuzz/', import.meta.url));

for (const [name, target] of Object.entries(FUZZ_TARGETS)) {
  test(`${name}: changed inputs give values or typed errors`, async () => {
    const { finding, inputs } = await fuzz(target, { inputs: 1000, seconds: 2, seed: 1 });
    assert.equal(
      finding?.what,
      undefined,
      Buffer.from(finding?.input ?? [])
        .toString('hex')
        .slice(0, 2000),
    );
    assert.ok(inputs > 100);
  });
  test(`${name}: the seeds are good inputs, or at least one is`, async () => {
    const seeds = target.seeds();
    const ends = await Promise.allSettled(seeds.map(async (seed) => await target.run(Buffer.from(seed))));
    assert.ok(ends.some(({ status }) => status === 'fulfilled'));
  });
  const folder = join(FUZZ, 'findings', name);
  for (const file of existsSync(folder) ? readdirSync(folder) : []) {
    test(`${name}: found before: ${file}`, async () => {
      assert.equal(await tryInput(target, readFileSync(join(folder, file))), undefined);
    });
  }
}

const target = (run: FuzzTarget['run']): FuzzTarget => ({
  doc: '',
  seeds: () => [Buffer.from('abcd')],
  run,
});
const options = { inputs: 5000, seconds: 5, seed: 2 };

const FAULTS: Record<string, { run: FuzzTarget['run']; what: RegExp }> = {
  'a crash': {
    run: (input) => {
      if (input[0] !== 0x61) throw new RangeError('boom');
      return '';
    },
    what: /boom/,
  },
  'a crash after a promise': {
    run: async (input) => {
      await Promise.resolve();
      if (input[0] !== 0x61) throw new RangeError('boom');
      return '';
    },
    what: /boom/,
  },
  'a slow input': {
    run: (input) => {
      const end = threadCpuSeconds() + 1.2;
      if (input.length > 4) while (threadCpuSeconds() < end);
      return '';
    },
    what: /it took \d+ ms/,
  },
  'a length that is believed': {
    run: (input) => String(Buffer.alloc(input.length >= 4 ? input.readUInt32BE(0) >>> 3 : 0).length),
    what: /a buffer of \d+ bytes/,
  },
};

for (const [name, { run, what }] of Object.entries(FAULTS)) {
  test(`the fuzzer finds ${name}`, async () => {
    assert.match((await fuzz(target(run), options)).finding?.what ?? '', what);
  });
}

test('the fuzzer finds nothing where there is nothing, and typed errors are nothing', async () => {
  for (const run of [
    () => '',
    () => {
      throw new WherryError('SSH_MALFORMED', 'no');
    },
    async () => {
      await Promise.resolve();
      return '';
    },
  ]) {
    const { finding, inputs } = await fuzz(target(run), options);
    assert.equal(finding, undefined);
    assert.equal(inputs, options.inputs);
  }
  await wait(1);
});

test('the record of what has run has a row for every target, and is shown as its table', () => {
  const names = Object.keys(FUZZ_TARGETS);
  const record = readRecord(join(FUZZ, 'record.json'));
  assert.deepEqual(
    Object.keys(record).filter((name) => !names.includes(name)),
    [],
  );
  assert.equal(readFileSync(join(FUZZ, 'record.md'), 'utf8'), recordTable(record, names));
});

test('a campaign without an end in time runs until its inputs have run', async () => {
  const endless = Number.POSITIVE_INFINITY;
  const task = { name: 'globs', seed: 1, corpus: [], seconds: endless, cpuSeconds: endless, inputs: 3000 };
  const ran: number[] = [];
  await campaign([task], 1, {
    progress() {},
    async ended(_name, { inputs }) {
      ran.push(inputs);
    },
  });
  assert.deepEqual(ran, [3000]);
});

/** `npm run fuzz -- TARGET --seconds N`: see --help. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { campaign } from './campaign.ts';
import type { FuzzResult } from './fuzzer.ts';
import { addToRecord, GOAL, NO_RUN, reached, readRecord } from './record.ts';
import { FUZZ_TARGETS } from './targets.ts';

const FINDINGS: string = fileURLToPath(new URL('findings/', import.meta.url));
const RECORD: string = fileURLToPath(new URL('record.json', import.meta.url));
/** Seconds between two additions of one run to the record, so that a run that is stopped has counted. */
const RECORD_EVERY = 30;

const NAMES: string[] = Object.keys(FUZZ_TARGETS);

const HELP = `npm run fuzz -- TARGET...|all [--seconds N] [--inputs N] [--jobs N] [--record[=FILE]] [--goal] [--seed N]

Feeds a parser changed inputs for N seconds (60), or until N inputs have run. Good inputs are the start; inputs that end
in a new way join them. A crash, an error without a code, a second of time or too much memory is a finding: its
input is kept in fuzz/findings/TARGET, where npm test runs it ever after.

  --jobs N      so many targets at a time (1), each in a process
  --record      add inputs and processor time to fuzz/record.json and the table in fuzz/record.md
  --goal        each target until the record has ${GOAL.inputs} inputs or ${GOAL.cpuSeconds} s of processor time; implies --record

${Object.entries(FUZZ_TARGETS)
  .map(([name, { doc }]) => `  ${name.padEnd(20)}${doc}`)
  .join('\n')}`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    args: process.argv.slice(2).map((arg) => (arg === '--record' ? `--record=${RECORD}` : arg)),
    options: {
      seconds: { type: 'string' },
      inputs: { type: 'string' },
      seed: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      record: { type: 'string' },
      goal: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  const wanted = positionals.includes('all') ? NAMES : positionals;
  const unknown = wanted.filter((name) => !Object.hasOwn(FUZZ_TARGETS, name));
  if (values.help === true || wanted.length === 0 || unknown.length > 0) {
    console.log(unknown.length > 0 ? `no target ${unknown.join(', ')}\n\n${HELP}` : HELP);
    return values.help === true ? 0 : 2;
  }
  const endless = Number.POSITIVE_INFINITY;
  const record = values.record ?? (values.goal ? RECORD : undefined);
  const before = record === undefined ? {} : readRecord(record);
  const seed = Number(values.seed ?? Date.now() % 4_294_967_296);
  const tasks = wanted.flatMap((name) => {
    const had = before[name] ?? NO_RUN;
    if (values.goal && reached(had)) return [];
    return {
      name,
      seed,
      corpus: found(name).map((input) => Buffer.from(input).toString('base64')),
      seconds: Number(values.seconds ?? (values.goal ? endless : 60)),
      inputs: Number(values.inputs ?? (values.goal ? GOAL.inputs - had.inputs : endless)),
      cpuSeconds: values.goal ? GOAL.cpuSeconds - had.cpuSeconds : endless,
    };
  });
  const results = new Map<string, FuzzResult>();
  const recorded = new Map<string, FuzzResult>();
  const put = (name: string, so: FuzzResult): void => {
    if (record === undefined) return;
    const done = recorded.get(name) ?? { inputs: 0, cpuSeconds: 0 };
    const [inputs, cpuSeconds] = [so.inputs - done.inputs, so.cpuSeconds - done.cpuSeconds];
    addToRecord(record, name, { inputs, cpuSeconds, findings: so.finding === undefined ? 0 : 1 }, NAMES);
    recorded.set(name, so);
  };
  await campaign(tasks, Math.max(1, Number(values.jobs)), {
    progress(name, so) {
      if (so.seconds - (recorded.get(name)?.seconds ?? results.get(name)?.seconds ?? 0) < RECORD_EVERY)
        return;
      results.set(name, so);
      put(name, so);
      console.log(`  ${line(name, so)}`);
    },
    async ended(name, result) {
      results.set(name, result);
      put(name, result);
      console.log(`${line(name, result)}, seed ${seed}`);
      if (result.finding === undefined) return;
      console.log(`  found: ${result.finding.what}\n  kept in ${await keep(name, result.finding.input)}`);
    },
  });
  console.log(summary(results));
  return [...results.values()].some(({ finding }) => finding !== undefined) ? 1 : 0;
}

function line(name: string, { inputs, seconds, cpuSeconds, corpus }: FuzzResult): string {
  const rate = Math.round(inputs / Math.max(cpuSeconds, 0.001));
  return `${name}: ${inputs} inputs in ${seconds.toFixed(0)} s (${rate} a second of processor time), corpus ${corpus}`;
}

function summary(results: ReadonlyMap<string, FuzzResult>): string {
  const rows = [...results].map(([name, { inputs, cpuSeconds, finding }]) =>
    [name.padEnd(22), inputs, cpuSeconds.toFixed(1), Math.round(inputs / cpuSeconds), finding ? 1 : 0]
      .map((cell) => String(cell).padStart(12))
      .join(''),
  );
  const head = ['target'.padEnd(22), 'inputs', 'CPU s', 'inputs/s', 'findings'];
  return ['', head.map((cell) => cell.padStart(12)).join(''), ...rows].join('\n');
}

/** What was found before is where the next search begins. */
function found(name: string): Uint8Array[] {
  const folder = join(FINDINGS, name);
  return existsSync(folder) ? readdirSync(folder).map((file) => readFileSync(join(folder, file))) : [];
}

async function keep(name: string, input: Uint8Array): Promise<string> {
  const folder = join(FINDINGS, name);
  await mkdir(folder, { recursive: true });
  const path = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16));
  await writeFile(path, input);
  return path;
}

process.exitCode = await main();

/** `npm run fuzz -- TARGET --seconds N`: see --help. */
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type FuzzResult, fuzz } from './fuzzer.ts';
import { FUZZ_TARGETS } from './targets.ts';

const FINDINGS: string = fileURLToPath(new URL('findings/', import.meta.url));

const HELP = `npm run fuzz -- TARGET|all [--seconds N] [--inputs N] [--seed N]

Feeds a parser changed inputs for N seconds (60), or until N inputs have run. Good inputs are the start; inputs that end
in a new way join them. A crash, an error without a code, a second of time or too much memory is a finding: its
input is kept in fuzz/findings/TARGET, where npm test runs it ever after.

${Object.entries(FUZZ_TARGETS)
  .map(([name, { doc }]) => `  ${name.padEnd(18)}${doc}`)
  .join('\n')}`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '60' },
      inputs: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const wanted = positionals.includes('all') ? Object.keys(FUZZ_TARGETS) : positionals;
  const unknown = wanted.filter((name) => !Object.hasOwn(FUZZ_TARGETS, name));
  if (values.help === true || wanted.length === 0 || unknown.length > 0) {
    console.log(unknown.length > 0 ? `no target ${unknown.join(', ')}\n\n${HELP}` : HELP);
    return values.help === true ? 0 : 2;
  }
  const seed = Number(values.seed ?? Date.now() % 4_294_967_296);
  let found = 0;
  for (const name of wanted) {
    const result = fuzz(FUZZ_TARGETS[name]!, {
      inputs: Number(values.inputs ?? Number.POSITIVE_INFINITY),
      seconds: Number(values.seconds),
      seed,
      progress: (so) => console.log(`  ${line(name, so)}`),
    });
    console.log(`${line(name, result)}, seed ${seed}`);
    if (result.finding !== undefined) {
      found++;
      console.log(`  found: ${result.finding.what}\n  kept in ${await keep(name, result.finding.input)}`);
    }
  }
  return found === 0 ? 0 : 1;
}

function line(name: string, { inputs, seconds, corpus }: FuzzResult): string {
  const rate = Math.round(inputs / Math.max(seconds, 0.001));
  return `${name}: ${inputs} inputs in ${seconds.toFixed(0)} s (${rate} a second), corpus ${corpus}`;
}

async function keep(name: string, input: Uint8Array): Promise<string> {
  const folder = join(FINDINGS, name);
  await mkdir(folder, { recursive: true });
  const path = join(folder, createHash('sha256').update(input).digest('hex').slice(0, 16));
  await writeFile(path, input);
  return path;
}

process.exitCode = await main();

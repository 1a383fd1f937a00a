/** One target in a process of its own: what it makes of an input cannot stop the others, nor hide the input. */
import { openSync, writeSync } from 'node:fs';
import { fuzz } from './fuzzer.ts';
import { FUZZ_TARGETS } from './targets.ts';

export interface TargetTask {
  readonly name: string;
  readonly seed: number;
  readonly inputs: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Further good inputs, in base64. */
  readonly corpus: readonly string[];
  /** A file that holds the length of the input that runs, in four bytes, and the input. */
  readonly current: string;
}

/** For a parent's sake that died: a child without one ends. */
process.once('disconnect', () => process.exit(1));
process.once('message', async (task: TargetTask) => {
  const { name, current, corpus, ...options } = task;
  const file = openSync(current, 'w');
  const head = Buffer.alloc(4);
  const result = await fuzz(FUZZ_TARGETS[name]!, {
    ...options,
    corpus: corpus.map((text) => Buffer.from(text, 'base64')),
    watch(input) {
      head.writeUInt32BE(input.length, 0);
      writeSync(file, head, 0, 4, 0);
      if (input.length > 0) writeSync(file, input, 0, input.length, 4);
    },
    progress: (so) => process.send!({ so }),
  });
  process.send!({ so: { ...result, finding: undefined }, end: true, ...found(result.finding) }, () =>
    process.disconnect(),
  );
});

function found(finding: { input: Uint8Array; what: string } | undefined): object {
  if (finding === undefined) return {};
  return { what: finding.what, input: Buffer.from(finding.input).toString('base64') };
}

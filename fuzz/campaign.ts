/** Runs targets, a few at a time, each in a process, and takes for a finding what brings one to a halt. */
import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { TargetTask } from './child.ts';
import type { FuzzResult } from './fuzzer.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
/** Seconds without a sign of life that make a hang: far more than one input may take. */
const SILENCE_SECONDS = 120;
const HEAP_MEGABYTES = 1024;
const STDERR_KEPT = 4000;

export type Task = Omit<TargetTask, 'current'>;

export interface CampaignEvents {
  /** About every second: the figures of this run so far. */
  progress(name: string, so: FuzzResult): void;
  ended(name: string, result: FuzzResult): Promise<void>;
}

/** Runs every task, `jobs` at a time. */
export async function campaign(tasks: readonly Task[], jobs: number, events: CampaignEvents): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'wherry-fuzz-'));
  const waiting = [...tasks];
  const lane = async (): Promise<void> => {
    for (let task = waiting.shift(); task !== undefined; task = waiting.shift()) {
      const { name } = task;
      const current = join(folder, name);
      await events.ended(name, await runTarget({ ...task, current }, (so) => events.progress(name, so)));
    }
  };
  try {
    await Promise.all(Array.from({ length: jobs }, lane));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Message {
  readonly so: FuzzResult;
  readonly end?: true;
  readonly what?: string;
  readonly input?: string;
}

function runTarget(task: TargetTask, progress: (so: FuzzResult) => void): Promise<FuzzResult> {
  const child = fork(CHILD, {
    execArgv: [...process.execArgv, `--max-old-space-size=${HEAP_MEGABYTES}`],
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    // JSON has no infinity.
    serialization: 'advanced',
  });
  let last: FuzzResult = { inputs: 0, seconds: 0, cpuSeconds: 0, corpus: 0, finding: undefined };
  let ended = false;
  let hung = false;
  let words = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-STDERR_KEPT);
  });
  const silence = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, SILENCE_SECONDS * 1000);
  child.on('message', ({ so, end, what, input }: Message) => {
    silence.refresh();
    ended = end === true;
    last = { ...so, finding: undefined };
    if (what !== undefined) last.finding = { what, input: Buffer.from(input ?? '', 'base64') };
    if (!ended) progress(last);
  });
  child.send(task);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(silence);
      if (ended) return resolve(last);
      const input = runningInput(task.current);
      const what = hung ? `no sign of life for ${SILENCE_SECONDS} s` : `the process ended: ${signal ?? code}`;
      if (input === undefined) return reject(new Error(`${task.name}: ${what}\n${words}`));
      resolve({ ...last, finding: { input, what: `${what}\n${words}` } });
    });
  });
}

function runningInput(file: string): Uint8Array | undefined {
  const bytes = existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
  return bytes.length < 4 ? undefined : Uint8Array.from(bytes.subarray(4, 4 + bytes.readUInt32BE(0)));
}

import { setImmediate as turn } from 'node:timers/promises';
import { isWherryError } from '../src/base/errors.ts';
import { threadCpuSeconds } from './cpu.ts';
import { Dice, Mutator } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

/** No input may keep a parser busy for longer: processor time, for the machine may be busy with others. */
const SLOW_SECONDS = 1;
/** What inputs may leave behind: a length field that is believed shows here. */
const MEMORY_BYTES = 512 * 1_048_576;
/** One allocation for one input of at most 64 KiB. */
const ALLOCATION_BYTES = 16 * 1_048_576;
const CORPUS_LIMIT = 2048;
/** Inputs between two looks at the clock. */
const BATCH = 256;

export interface Finding {
  readonly input: Uint8Array;
  readonly what: string;
}

export interface FuzzResult {
  inputs: number;
  seconds: number;
  /** Processor time. */
  cpuSeconds: number;
  corpus: number;
  finding: Finding | undefined;
}

export interface FuzzOptions {
  readonly inputs: number;
  /** Of the clock on the wall. */
  readonly seconds: number;
  /** Default: no bound. */
  readonly cpuSeconds?: number;
  readonly seed: number;
  /** Further good inputs. */
  readonly corpus?: readonly Uint8Array[];
  /** Sees each input before it runs: what runs when all comes to a halt is the finding. */
  readonly watch?: (input: Uint8Array, count: number) => void;
  /** Called about every second. */
  readonly progress?: (so: FuzzResult) => void;
}

/** Runs one input; undefined when all is as it should be, else what is wrong. */
export async function tryInput(target: FuzzTarget, input: Uint8Array): Promise<string | undefined> {
  const began = threadCpuSeconds();
  try {
    await target.run(Buffer.from(input));
  } catch (error) {
    if (!isWherryError(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const took = threadCpuSeconds() - began;
  return took > SLOW_SECONDS ? `it took ${(took * 1000).toFixed(0)} ms` : undefined;
}

/** How an input ended: by its error's code and message without what varies from input to input. */
function endOf(error: unknown): string | undefined {
  if (!isWherryError(error)) return undefined;
  const text = error.message.slice(0, 48);
  return `${error.code} ${text.replace(/"[^"]*"?|\d+/g, '#').slice(0, 24)}`;
}

/**
 * Feeds a target changed inputs until `inputs`, `seconds` or `cpuSeconds` are used up, or something is found. An input
 * that ends in a way not seen before joins the corpus.
 */
export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzResult> {
  const seeds = target.seeds();
  const corpus = [...seeds, ...(options.corpus ?? [])].map((seed) => Buffer.from(seed));
  const result: FuzzResult = { inputs: 0, seconds: 0, cpuSeconds: 0, corpus: 0, finding: undefined };
  const run = new Run(target, corpus, result, options);
  // The stack of an error is most of what it costs, and wanted of findings only.
  const frames = Error.stackTraceLimit;
  const allocators = guardAllocations();
  Error.stackTraceLimit = 0;
  try {
    await run.all();
  } finally {
    Error.stackTraceLimit = frames;
    allocators.restore();
  }
  if (result.finding !== undefined) {
    const again = await tryInput(target, result.finding.input);
    if (again !== undefined) result.finding = { ...result.finding, what: again };
  }
  return result;
}

class Run {
  readonly #target: FuzzTarget;
  readonly #corpus: Buffer[];
  readonly #seen = new Set<string>();
  readonly #result: FuzzResult;
  readonly #options: FuzzOptions;
  readonly #began = performance.now();
  readonly #cpu = threadCpuSeconds();
  #last = performance.now();
  #told = performance.now();

  constructor(target: FuzzTarget, corpus: Buffer[], result: FuzzResult, options: FuzzOptions) {
    this.#target = target;
    this.#corpus = corpus;
    this.#result = result;
    this.#options = options;
  }

  async all(): Promise<void> {
    const { inputs } = this.#options;
    for (const seed of [...this.#corpus]) if (!(await this.#attempt(seed))) return;
    const mutator = new Mutator(this.#corpus, new Dice(this.#options.seed));
    while (this.#result.inputs < inputs) {
      const ok = this.#attempt(mutator.next());
      if (!(typeof ok === 'boolean' ? ok : await ok)) break;
      if (this.#result.inputs % BATCH === 0 && !(await this.#goesOn())) break;
    }
    this.#measure();
  }

  /** Whether the input ended as it may; a promise for one that is not done at once. */
  #attempt(input: Buffer): boolean | Promise<boolean> {
    const result = this.#result;
    this.#options.watch?.(input, result.inputs);
    result.inputs++;
    try {
      const answer = this.#target.run(input);
      if (typeof answer === 'string') return this.#ended(input, answer);
      return answer.then(
        (text) => this.#ended(input, text),
        (error: unknown) => this.#failed(input, error),
      );
    } catch (error) {
      return this.#failed(input, error);
    }
  }

  #failed(input: Buffer, error: unknown): boolean {
    const end = endOf(error);
    if (end !== undefined) return this.#ended(input, end);
    this.#result.finding = { input: Uint8Array.from(input), what: String(error) };
    return false;
  }

  #ended(input: Buffer, way: string): boolean {
    if (!this.#seen.has(way) && this.#corpus.length < CORPUS_LIMIT) {
      this.#seen.add(way);
      this.#corpus.push(Buffer.from(input));
    }
    const now = performance.now();
    const slow = now - this.#last > SLOW_SECONDS * 1000;
    this.#last = now;
    return slow ? this.#slow(input) : true;
  }

  /** Looks again whether it was the input or the machine. */
  #slow(input: Buffer): boolean {
    const cpu = threadCpuSeconds();
    try {
      void Promise.resolve(this.#target.run(input)).catch(() => {});
    } catch {}
    const took = threadCpuSeconds() - cpu;
    this.#last = performance.now();
    if (took < SLOW_SECONDS) return true;
    this.#result.finding = { input: Uint8Array.from(input), what: `it took ${(took * 1000).toFixed(0)} ms` };
    return false;
  }

  async #goesOn(): Promise<boolean> {
    const { seconds, cpuSeconds = Number.POSITIVE_INFINITY, progress } = this.#options;
    const now = performance.now();
    if (now - this.#began >= seconds * 1000) return false;
    if (now - this.#told < 1000) return true;
    this.#told = now;
    this.#measure();
    const { heapUsed, external } = process.memoryUsage();
    if (heapUsed + external > MEMORY_BYTES) {
      const what = 'the process has grown beyond what inputs of this size can need';
      this.#result.finding = { input: Uint8Array.from(this.#corpus.at(-1)!), what };
      return false;
    }
    progress?.(this.#result);
    await turn();
    this.#last = performance.now();
    return this.#result.cpuSeconds < cpuSeconds;
  }

  #measure(): void {
    this.#result.seconds = (performance.now() - this.#began) / 1000;
    this.#result.cpuSeconds = threadCpuSeconds() - this.#cpu;
    this.#result.corpus = this.#corpus.length;
  }
}

/** Makes one large Buffer an error: nothing an input of 64 KiB can say needs it. */
function guardAllocations(): { restore(): void } {
  const { alloc, allocUnsafe, allocUnsafeSlow } = Buffer;
  const guarded =
    <Rest extends unknown[]>(make: (size: number, ...rest: Rest) => Buffer) =>
    (size: number, ...rest: Rest): Buffer => {
      if (size > ALLOCATION_BYTES) throw new RangeError(`a buffer of ${size} bytes for one input`);
      return make.call(Buffer, size, ...rest) as Buffer;
    };
  Object.assign(Buffer, {
    alloc: guarded(alloc as (size: number, ...rest: unknown[]) => Buffer),
    allocUnsafe: guarded(allocUnsafe as (size: number) => Buffer),
    allocUnsafeSlow: guarded(allocUnsafeSlow as (size: number) => Buffer),
  });
  return { restore: () => Object.assign(Buffer, { alloc, allocUnsafe, allocUnsafeSlow }) };
}

import { isWherryError } from '../src/base/errors.ts';
import { Dice, mutate } from './mutate.ts';
import type { FuzzTarget } from './target.ts';

/** No input may keep a parser busy for longer: processor time, for the machine may be busy with others. */
const SLOW_MS = 1000;
/** What an input may leave behind or take: a length field that is believed shows here. */
const MEMORY_BYTES = 512 * 1_048_576;
const CORPUS_LIMIT = 4096;

export interface Finding {
  readonly input: Uint8Array;
  readonly what: string;
}

export interface FuzzResult {
  inputs: number;
  seconds: number;
  corpus: number;
  finding: Finding | undefined;
}

/** Runs one input; undefined when all is as it should be, else what is wrong. `outcome` gets how it ended. */
export function tryInput(
  target: FuzzTarget,
  input: Uint8Array,
  outcome: (signature: string) => void = () => {},
): string | undefined {
  const began = performance.now();
  const used = process.cpuUsage();
  try {
    outcome(target.run(input));
  } catch (error) {
    if (!isWherryError(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error);
    outcome(`${error.code} ${shape(error.message)}`);
  }
  if (performance.now() - began < SLOW_MS) return undefined;
  const took = process.cpuUsage(used).user / 1000;
  return took > SLOW_MS ? `it took ${took.toFixed(0)} ms` : undefined;
}

/** A message without what varies from input to input. */
function shape(message: string): string {
  return message.replace(/"[^"]*"|\d+/g, '#').slice(0, 24);
}

/**
 * Feeds a target changed inputs until `inputs` or `seconds` are used up, or something is found. An input that ends in a
 * way not seen before joins the corpus.
 */
export function fuzz(
  target: FuzzTarget,
  options: { inputs: number; seconds: number; seed: number; progress?: (so: FuzzResult) => void },
): FuzzResult {
  const dice = new Dice(options.seed);
  const corpus = target.seeds().map((seed) => Uint8Array.from(seed));
  const seen = new Set<string>();
  const began = performance.now();
  const result: FuzzResult = { inputs: 0, seconds: 0, corpus: corpus.length, finding: undefined };
  let told = began;
  const attempt = (input: Uint8Array): boolean => {
    const what = tryInput(target, input, (signature) => {
      if (seen.has(signature) || corpus.length >= CORPUS_LIMIT) return;
      seen.add(signature);
      corpus.push(Uint8Array.from(input));
    });
    result.inputs++;
    if (what !== undefined) result.finding = { input, what };
    return what === undefined;
  };
  if (!target.seeds().every(attempt)) return result;
  while (result.inputs < options.inputs) {
    const input = mutate(corpus, dice);
    if (!attempt(input)) break;
    if (result.inputs % 256 !== 0) continue;
    const now = performance.now();
    result.seconds = (now - began) / 1000;
    result.corpus = corpus.length;
    if (process.memoryUsage().rss > MEMORY_BYTES) {
      result.finding = { input, what: 'the process has grown beyond what inputs of this size can need' };
      break;
    }
    if (result.seconds >= options.seconds) break;
    if (now - told > 10_000) {
      told = now;
      options.progress?.(result);
    }
  }
  result.seconds = (performance.now() - began) / 1000;
  return result;
}

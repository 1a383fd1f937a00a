/** Reads the numbers of a test run out of what Node's `tap` reporter wrote. */
import { join } from 'node:path';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export const NO_COUNTS: Counts = { passed: 0, failed: 0, skipped: 0 };

export interface TapSummary {
  counts: Counts;
  /** Files in which no test ran: Node counts such a file itself as a passed test. */
  emptyFiles: string[];
  /** False when the runner broke off before its summary; the counts are then those of the lines so far. */
  complete: boolean;
}

export function countsOf(tap: string, files: readonly string[], root: string): TapSummary {
  const lines = tap.split('\n');
  const emptyFiles = files.filter((file) => {
    const ending = ` - ${join(root, file)}`;
    const short = ` - ${file}`;
    return lines.some((line) => /^ok \d+/.test(line) && (line.endsWith(ending) || line.endsWith(short)));
  });
  const summary = (name: string): number | undefined => {
    const line = lines.findLast((text) => new RegExp(`^# ${name} \\d+$`).test(text));
    return line === undefined ? undefined : Number(line.split(' ')[2]);
  };
  const pass = summary('pass');
  if (pass === undefined || !lines.some((line) => line.startsWith('# duration_ms ')))
    return partial(lines, emptyFiles);
  const counts = {
    passed: pass - emptyFiles.length,
    failed: (summary('fail') ?? 0) + (summary('cancelled') ?? 0),
    skipped: (summary('skipped') ?? 0) + (summary('todo') ?? 0),
  };
  return { counts, emptyFiles, complete: true };
}

function partial(lines: readonly string[], emptyFiles: string[]): TapSummary {
  const counts = { ...NO_COUNTS };
  for (const line of lines) {
    const [, not, rest = ''] = /^\s*(not )?ok \d+ - (.*)$/.exec(line) ?? [];
    if (rest === '') continue;
    if (/ # (SKIP|TODO)\b/.test(rest)) counts.skipped++;
    else if (not) counts.failed++;
    else counts.passed++;
  }
  counts.passed -= emptyFiles.length;
  return { counts, emptyFiles, complete: false };
}

export function addCounts(one: Counts, other: Counts): Counts {
  return {
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
  };
}

import { count, formatEta, formatRate, formatSize } from './format.ts';
import { columnsOf, fit, printable } from './printable.ts';
import type { ProgressView } from './report.ts';
import { baseName } from './url.ts';

const NAME_COLUMNS = { least: 8, most: 32 };
const BAR_COLUMNS = { least: 12, most: 40 };

/**
 * One line about a transfer, at most `columns` wide: name, bar, percent, bytes, rate, time left. Where that is too
 * wide, the bar goes first, then bytes, time left and rate.
 */
export function progressLine(view: ProgressView, columns: number): string {
  const facts = factsFor(view).find((one) => width(one) + NAME_COLUMNS.least <= columns) ?? [];
  const room = columns - width(facts);
  const path = shortName(printable(view.path), Math.min(room, NAME_COLUMNS.most));
  const wanted = Math.min(columnsOf(path), NAME_COLUMNS.most);
  const bar = view.total === undefined ? 0 : Math.min(room - wanted - 2, BAR_COLUMNS.most);
  if (bar >= BAR_COLUMNS.least) {
    return [fit(path, wanted), progressBar(share(view), bar), ...facts].join('  ');
  }
  const name = fit(path, Math.max(0, Math.min(room, view.total === undefined ? wanted : room)));
  return [name, ...facts].join('  ').trimEnd();
}

/** The path, or only the last part of one that is too long. */
function shortName(path: string, columns: number): string {
  return columnsOf(path) <= columns ? path : (baseName(path) ?? path);
}

/** Lists of facts, from the fullest to none. Each fact keeps its width, so that nothing jumps about. */
function factsFor(view: ProgressView): readonly (readonly string[])[] {
  const size = formatSize(view.transferred).padStart(10);
  const rate = (view.rate > 0 ? formatRate(view.rate) : '').padStart(12);
  if (view.total === undefined) {
    const files = view.files === undefined ? [] : [count(view.files, 'file')];
    return [[...files, size, rate], [size, rate], [size.trimStart()]];
  }
  const percent = `${Math.floor(share(view) * 100)}%`.padStart(4);
  const eta = `ETA ${formatEta(view.eta).padStart(5)}`;
  const known = [[percent, size, rate, eta], [percent, rate, eta], [percent, rate], [percent]];
  return view.files === undefined ? known : [[count(view.files, 'file'), percent, size, rate, eta], ...known];
}

function width(facts: readonly string[]): number {
  return facts.reduce((sum, fact) => sum + 2 + columnsOf(fact), 0);
}

/** From 0 to 1; a file that grows may be beyond its total. */
function share({ transferred, total }: ProgressView): number {
  return total === undefined || total === 0 ? 0 : Math.min(1, transferred / total);
}

function progressBar(done: number, columns: number): string {
  const inner = columns - 2;
  const full = Math.floor(done * inner);
  const head = full > 0 && full < inner ? '>' : '';
  return `[${('='.repeat(full - head.length) + head).padEnd(inner)}]`;
}

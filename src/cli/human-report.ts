import type { DirectoryEntry } from '../index.ts';
import { count, formatMoved, formatSize } from './format.ts';
import { listingLine } from './listing-line.ts';
import type { Output } from './output.ts';
import { printable } from './printable.ts';
import { ProgressBar } from './progress-bar.ts';
import type { FailureView, FileView, ProgressView, Report, Summary } from './report.ts';

export interface HumanReportOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** For people: listings on stdout, everything else on stderr; a bar on a terminal, a line per file elsewhere. */
export class HumanReport implements Report {
  readonly #out: Output;
  readonly #err: Output;
  readonly #options: HumanReportOptions;
  readonly #bar: ProgressBar | undefined;

  constructor(out: Output, err: Output, options: HumanReportOptions) {
    this.#out = out;
    this.#err = err;
    this.#options = options;
    this.#bar = err.isTerminal && !options.quiet ? new ProgressBar(err) : undefined;
  }

  progress(view: ProgressView): void {
    this.#bar?.show(view);
  }

  file({ path, bytes, size, duration }: FileView): void {
    if (this.#options.quiet || (this.#bar !== undefined && duration === undefined)) return;
    const moved = duration === undefined ? formatSize(size) : formatMoved(bytes, duration);
    this.#line(`${path}: ${moved}`);
  }

  entry(entry: DirectoryEntry): Promise<void> {
    return this.#out.writeSlowly(`${listingLine(entry, this.#out.hasColours)}\n`);
  }

  item(_type: string, _facts: object, text: string): Promise<void> {
    return this.#out.writeSlowly(`${text}\n`);
  }

  warn(text: string): void {
    if (!this.#options.quiet) this.#line(`wherry: ${text}`);
  }

  note(text: string): void {
    if (this.#options.verbose) this.#line(`wherry: ${text}`);
  }

  done({ files, folders, bytes, duration, skipped }: Summary): void {
    this.#bar?.clear();
    if (this.#options.quiet) return;
    for (const { path, reason } of skipped ?? []) this.#line(`wherry: left out ${path}: ${reason}`);
    if (files === undefined || (files === 1 && folders === undefined)) return;
    const what = folders === undefined ? '' : ` in ${count(folders, 'folder')}`;
    this.#line(`${count(files, 'file')}${what}: ${formatMoved(bytes ?? 0, duration)}`);
  }

  failed({ message, stack }: FailureView): void {
    this.#line(`wherry: ${message}`);
    if (this.#options.verbose && stack !== undefined) {
      for (const line of stack.split('\n')) this.#line(line);
    }
  }

  #line(text: string): void {
    this.#bar?.clear();
    this.#err.write(`${printable(text)}\n`);
  }
}

import type { DirectoryEntry } from '../index.ts';
import type { Output } from './output.ts';
import { jsonLine, printable } from './printable.ts';
import type { FailureView, FileView, ProgressView, Report, Summary } from './report.ts';

export interface JsonReportOptions {
  readonly quiet: boolean;
  readonly verbose: boolean;
}

const PROGRESS_MS = 100;

/**
 * For programs: one JSON object a line, `type` first, the last one of type `result` or `error`. `plain` is where
 * lines for people go besides; undefined where the objects themselves go to stderr.
 */
export class JsonReport implements Report {
  readonly #out: Output;
  readonly #plain: Output | undefined;
  readonly #options: JsonReportOptions;
  #progressAt = Number.NEGATIVE_INFINITY;

  constructor(out: Output, plain: Output | undefined, options: JsonReportOptions) {
    this.#out = out;
    this.#plain = plain;
    this.#options = options;
  }

  progress(view: ProgressView): void {
    const now = performance.now();
    if (this.#options.quiet || now - this.#progressAt < PROGRESS_MS) return;
    this.#progressAt = now;
    const eta = view.eta === undefined ? undefined : Math.round(view.eta * 10) / 10;
    this.#object('progress', { ...view, rate: Math.round(view.rate), eta });
  }

  file(view: FileView): void {
    const { duration, ...facts } = view;
    const whole = duration === undefined ? {} : { duration: Math.round(duration) };
    if (!this.#options.quiet) this.#object('file', { ...facts, ...whole });
  }

  entry({ name, type, attributes }: DirectoryEntry): Promise<void> {
    const { size, uid, gid, permissions, modifyTime, accessTime } = attributes;
    const facts = { name, kind: type, size, permissions, uid, gid, modifyTime, accessTime };
    return this.#out.writeSlowly(jsonLine({ type: 'entry', ...facts }));
  }

  item(type: string, facts: object): Promise<void> {
    return this.#out.writeSlowly(jsonLine({ type, ...facts }));
  }

  warn(text: string): void {
    this.#object('warning', { message: text });
  }

  note(text: string): void {
    if (!this.#options.verbose) return;
    if (this.#plain === undefined) this.#object('log', { message: text });
    else this.#plain.write(`wherry: ${printable(text)}\n`);
  }

  done(summary: Summary): void {
    this.#object('result', summary);
  }

  failed({ code, message, details, stack }: FailureView): void {
    const more = this.#options.verbose && stack !== undefined ? { stack } : {};
    this.#object('error', { code, message, details, ...more });
    this.#plain?.write(`wherry: ${printable(message)}\n`);
  }

  #object(type: string, facts: object): void {
    this.#out.write(jsonLine({ type, ...facts }));
  }
}

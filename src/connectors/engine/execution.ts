import { inspect } from 'node:util';
import {
  DependencyFailedError,
  DependencyTimeoutError,
  EngineError,
  InternalError,
  isEngineError,
} from '../errors.ts';
import {
  type ExecutionProgress,
  type ExecutionRecord,
  type ExecutionStatus,
  isEnded,
  type LogLine,
} from '../executions/execution-record.ts';
import type { ExecutionStore } from '../executions/execution-store.ts';
import { RecordKeeper } from '../executions/record-keeper.ts';
import type { Redactor } from '../redact.ts';
import type { Plain } from '../schema/plain.ts';
import { errorText, printable } from '../text.ts';
import { EventHub, type ExecutionEvent } from './events.ts';
import { EXECUTION_FIELDS, type ExecutionField, type ExecutionParts, type Work } from './work.ts';

const MAX_LINE_CHARS = 10_000;

/**
 * One run of a connection or a flow. Get one from an engine, or inside a flow from `execution.connect` and
 * `execution.flow`.
 *
 * @example
 * ```ts
 * import { createEngine } from 'wherry/connectors';
 *
 * const engine = createEngine({ store: localFolder });
 * const execution = await engine.runFlow(async ({ execution }) => execution.success('all done'));
 * console.log(execution.id, execution.status, execution.message);
 * ```
 */
export class Execution {
  readonly #store: ExecutionStore;
  readonly #redactor: Redactor;
  readonly #work: Work;
  readonly #finalOutputs: ExecutionParts['finalOutputs'];
  readonly #hub: EventHub;
  readonly #abort = new AbortController();
  readonly #keeper: RecordKeeper;
  #record: ExecutionRecord;
  #error: EngineError | undefined;
  #done: Promise<void> | undefined;

  /** @internal */
  constructor(parts: ExecutionParts) {
    this.#store = parts.store;
    this.#record = parts.record;
    this.#redactor = parts.redactor;
    this.#work = parts.work;
    this.#finalOutputs = parts.finalOutputs;
    this.#hub = new EventHub(parts.emit);
    this.#keeper = new RecordKeeper(this.#store, parts.record.id, () => this.#record);
  }

  get id(): number {
    return this.#record.id;
  }

  get type(): 'connection' | 'flow' {
    return this.#record.type;
  }

  get name(): string {
    return this.#record.name;
  }

  get status(): ExecutionStatus {
    return this.#record.status;
  }

  /** How it ended, or where it is. */
  get message(): string {
    return this.#record.message;
  }

  get progress(): ExecutionProgress | undefined {
    return this.#record.progress ?? undefined;
  }

  /** What it was given, secrets masked. */
  get inputs(): Plain {
    return this.#record.inputs;
  }

  get outputs(): Readonly<Record<string, Plain>> {
    return this.#record.outputs;
  }

  /** The record as it stands. */
  get record(): ExecutionRecord {
    return this.#record;
  }

  /** Why it ended with `error` or `cancelled`. */
  get error(): EngineError | undefined {
    return this.#error;
  }

  /** Fires when it is cancelled. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** A field by its name, such as `output_value`. */
  get(field: ExecutionField): Plain {
    return Object.hasOwn(EXECUTION_FIELDS, field) ? (this.#record[EXECUTION_FIELDS[field]] as Plain) : null;
  }

  getOutput(name: string): Plain | undefined {
    return Object.hasOwn(this.outputs, name) ? this.outputs[name] : undefined;
  }

  /** Starts it, and does not wait. Once started, it goes on; another call does nothing. */
  runAsync(): this {
    this.#done ??= this.#run();
    return this;
  }

  /**
   * Waits for its end, and starts it where that was not done. Throws DependencyFailedError unless it ends with success,
   * and DependencyTimeoutError when it has not ended after `timeout` seconds; the execution goes on then.
   */
  wait(options: { timeout?: number | undefined } = {}): Promise<this> {
    const waiting = this.#wait(options.timeout);
    // A flow that does not look at the outcome must not end the process.
    waiting.catch(() => {});
    return waiting;
  }

  /** Waits for its end, whatever that is. Never rejects. */
  async ended(): Promise<this> {
    if (this.#done !== undefined) await this.#done;
    return this;
  }

  /** Tells it to end. It ends with `cancelled` as soon as its work lets go, a second later at the latest. */
  cancel(reason = 'by the caller'): void {
    if (isEnded(this.status) || this.#abort.signal.aborted) return;
    this.#abort.abort(new EngineError('CANCELLED', `cancelled: ${printable(reason)}`));
    this.runAsync();
  }

  /** Adds a line to its log. */
  log(...values: readonly unknown[]): void {
    this.#line('info', values.map((value) => (typeof value === 'string' ? value : inspect(value))).join(' '));
  }

  /** What happens from now on, in it and in its children, until it ends. */
  events(): AsyncGenerator<ExecutionEvent, void, void> {
    const events = this.#hub.read();
    if (isEnded(this.status)) this.#hub.close();
    return events;
  }

  /** @internal */
  writeLog(level: LogLine['level'], text: string): void {
    this.#line(level, text);
  }

  /** @internal */
  setProgress(progress: ExecutionProgress): void {
    if (isEnded(this.status)) return;
    this.#record = { ...this.#record, progress };
    this.#keeper.touch();
    this.#hub.send({ ...this.#about(), kind: 'progress', progress });
  }

  /** @internal */
  setOutput(name: string, value: Plain): void {
    if (isEnded(this.status)) return;
    const outputs = Object.fromEntries([...Object.entries(this.outputs), [name, value]]);
    this.#record = { ...this.#record, outputs: this.#redactor.data(outputs) };
    this.#keeper.touch();
  }

  /** @internal Passes on what happens in a child. */
  bubble(event: ExecutionEvent): void {
    this.#hub.send(event);
  }

  async #wait(timeout: number | undefined): Promise<this> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      if (timeout === undefined) return;
      const ms = Math.min(timeout * 1000, 2_147_483_647);
      timer = setTimeout(() => reject(new DependencyTimeoutError(this.id, timeout)), ms);
    });
    try {
      await Promise.race([this.runAsync().ended(), late]);
    } finally {
      clearTimeout(timer);
    }
    if (this.status === 'success') return this;
    throw new DependencyFailedError(this.id, this.status, this.message, this.#error);
  }

  async #run(): Promise<void> {
    this.#record = {
      ...this.#record,
      status: 'running',
      message: 'running',
      start: new Date().toISOString(),
    };
    this.#keeper.writeSoon();
    this.#tellStatus();
    let end: { status: ExecutionStatus; message: string };
    // What it waits for may not keep the process alive, such as AbortSignal.timeout.
    const alive = setInterval(() => {}, 1_000_000);
    try {
      this.#abort.signal.throwIfAborted();
      end = await this.#work(this);
    } catch (error) {
      end = this.#fail(error);
    } finally {
      clearInterval(alive);
    }
    const message = this.#redactor.text(end.message);
    const status = end.status === 'success' ? 'success' : 'error';
    const outputs = this.#finalOutputs?.({ execution_id: this.id, status, message }) ?? this.outputs;
    this.#record = { ...this.#record, outputs: this.#redactor.data(outputs) };
    if (end.status === 'error' || end.status === 'cancelled') this.#line('error', message);
    const level = { status: end.status, message, end: new Date().toISOString() };
    this.#record = { ...this.#record, ...level };
    await this.#keeper.finish().catch((error) => this.#unrecorded(error));
    this.#tellStatus();
    this.#hub.close();
  }

  #tellStatus(): void {
    this.#hub.send({ ...this.#about(), kind: 'status', status: this.status, message: this.message });
  }

  #fail(error: unknown): { status: ExecutionStatus; message: string } {
    if (this.#abort.signal.aborted) {
      const reason = this.#abort.signal.reason as EngineError;
      this.#error = this.#redactor.error(reason);
      return { status: 'cancelled', message: reason.message };
    }
    const failure = isEngineError(error) ? error : new InternalError(errorText(error), error);
    this.#error = this.#redactor.error(failure);
    return { status: 'error', message: failure.message };
  }

  /** The work is done, but nobody will find the record of it. */
  #unrecorded(error: unknown): void {
    const message = `${this.message}; the record could not be written: ${printable(errorText(error))}`;
    this.#error ??= new InternalError(message, error);
    this.#record = { ...this.#record, status: 'error', message };
  }

  #line(level: LogLine['level'], text: string): void {
    if (isEnded(this.status)) return;
    const clean = this.#redactor.text(text).slice(0, MAX_LINE_CHARS);
    const line = { time: new Date().toISOString(), level, text: clean };
    this.#keeper.line(line);
    this.#hub.send({ ...this.#about(), kind: 'log', line });
  }

  #about(): { execution_id: number; parent_id: number | null; name: string } {
    return { execution_id: this.id, parent_id: this.#record.parent_id, name: this.name };
  }

  /** The record. */
  toJSON(): ExecutionRecord {
    return this.#record;
  }
}

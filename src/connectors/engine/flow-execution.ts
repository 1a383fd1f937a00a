import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EngineError, invalidInput } from '../errors.ts';
import { isEnded } from '../executions/execution-record.ts';
import { type Plain, toPlain } from '../schema/plain.ts';
import type { ConnectionInputs } from '../schema/types.ts';
import { printable } from '../text.ts';
import type { ConnectionSource } from './connection-plan.ts';
import type { Execution } from './execution.ts';
import type { System } from './files.ts';
import { loadFlow } from './flow-loader.ts';
import type { ExecutionField, Work, WorkResult } from './work.ts';

/** What a flow is called with. */
export interface FlowContext<Inputs = { readonly [name: string]: Plain }> {
  readonly system: System;
  readonly execution: FlowExecution;
  readonly inputs: Inputs;
}

/** A flow: the function its file exports by default. */
export type FlowHandler<Inputs = { readonly [name: string]: Plain }> = (
  context: FlowContext<Inputs>,
) => unknown;

/** How a child is started. */
export interface ChildOptions {
  /** False: it is made, but not started; `runAsync()` does. Default true: started and waited for. */
  readonly run?: boolean | undefined;
}

/** What a flow needs of the engine. */
export interface FlowServices {
  connection(source: ConnectionSource, overrides: unknown): Promise<Execution>;
  flow(file: string | FlowHandler, inputs: unknown): Promise<Execution>;
}

/** Milliseconds a cancelled handler has to come to its end. */
const GRACE_MS = 1_000;
const MAX_OUTPUT_VALUES = 1_000_000;

/**
 * The execution of a flow, as its handler sees it.
 *
 * @example
 * ```ts
 * import { createEngine } from 'wherry/connectors';
 *
 * const engine = createEngine({ store: localFolder });
 * await engine.runFlow(async ({ execution, inputs }) => {
 *   const child = await execution.flow(({ execution: own }) => own.setOutput('lines', 3));
 *   execution.log(`${inputs.day}: ${child.getOutput('lines')} lines`);
 *   return execution.success('all done');
 * }, { inputs: { day: 'monday' } });
 * ```
 */
export class FlowExecution {
  readonly #execution: Execution;
  readonly #services: FlowServices;
  readonly #folder: string | undefined;
  readonly #children: Execution[] = [];
  #outcome: WorkResult | undefined;
  #over = false;

  /** @internal */
  constructor(execution: Execution, services: FlowServices, folder: string | undefined) {
    this.#execution = execution;
    this.#services = services;
    this.#folder = folder;
  }

  get id(): number {
    return this.#execution.id;
  }

  get name(): string {
    return this.#execution.name;
  }

  /** Fires when the flow is cancelled. */
  get signal(): AbortSignal {
    return this.#execution.signal;
  }

  /**
   * Runs a connection as a child: `connect({ connector_type, … })`, or `connect('stored-name', overrides)`. It is
   * waited for and DependencyFailedError thrown unless it succeeds; with `run: false` it is made only. Inputs that
   * are wrong throw their own error before anything is started.
   */
  connect(inputs: ConnectionInputs, options?: ChildOptions): Promise<Execution>;
  connect(name: string, overrides?: object, options?: ChildOptions): Promise<Execution>;
  connect(source: ConnectionSource, second?: object, third?: ChildOptions): Promise<Execution> {
    const named = typeof source === 'string';
    const options = (named ? third : second) as ChildOptions | undefined;
    return this.#child(() => this.#services.connection(source, named ? second : undefined), options);
  }

  /** Runs another flow as a child. A file is looked for from the folder of this flow. */
  flow(file: string | FlowHandler, inputs: object = {}, options?: ChildOptions): Promise<Execution> {
    const found = typeof file === 'string' ? resolve(this.#folder ?? '.', file) : file;
    return this.#child(() => this.#services.flow(found, inputs), options);
  }

  /** Adds a line to the log. */
  log(...values: readonly unknown[]): void {
    this.#execution.log(...values);
  }

  /** `return execution.success('all done')` ends the flow well. */
  success(message = ''): WorkResult {
    this.#outcome = { status: 'success', message: String(message) };
    return this.#outcome;
  }

  /** `return execution.error('…')` ends the flow with an error. */
  error(message = ''): WorkResult {
    this.#outcome = { status: 'error', message: String(message) };
    return this.#outcome;
  }

  /** A field of its own, such as `input_value`. */
  get(field: ExecutionField): Plain {
    return this.#execution.get(field);
  }

  getOutput(name: string): Plain | undefined {
    return this.#execution.getOutput(name);
  }

  /** Sets one of the outputs: plain data. */
  setOutput(name: string, value: unknown): void {
    const { value: plain, problems } = toPlain(value, MAX_OUTPUT_VALUES);
    const [problem] = problems;
    if (problem !== undefined) throw invalidInput(printable(`output ${name}`), problem.message);
    this.#execution.setOutput(name, plain);
  }

  /** @internal Calls the handler and sees to the children it leaves. */
  async run(
    handler: FlowHandler,
    system: System,
    inputs: { readonly [name: string]: Plain },
  ): Promise<WorkResult> {
    try {
      const returned = await this.#untilCancelled(async () => handler({ system, execution: this, inputs }));
      const result = isOutcome(returned) ? returned : this.#outcome;
      if (result?.status === 'error') await this.#endChildren('the flow ended with an error');
      else await this.#awaitChildren();
      return result ?? { status: 'success', message: '' };
    } catch (error) {
      const why = this.signal.aborted ? 'the flow was cancelled' : 'the flow failed';
      await this.#endChildren(why);
      if (error instanceof Error && !(error instanceof EngineError) && error.stack !== undefined)
        this.#execution.writeLog('error', error.stack);
      throw error;
    } finally {
      this.#over = true;
    }
  }

  #child(make: () => Promise<Execution>, options: ChildOptions | undefined): Promise<Execution> {
    const child = this.#start(make, options?.run !== false);
    // A flow that does not wait for it must not end the process.
    child.catch(() => {});
    return child;
  }

  async #start(make: () => Promise<Execution>, run: boolean): Promise<Execution> {
    this.signal.throwIfAborted();
    if (this.#over)
      throw new EngineError('CANCELLED', `flow ${this.id} has ended: it can start nothing more`);
    const child = await make();
    this.#children.push(child);
    if (isEnded(child.status)) {
      if (child.error !== undefined) throw child.error;
    }
    return run ? await child.wait() : child;
  }

  async #untilCancelled<T>(work: () => Promise<T>): Promise<T> {
    const { signal } = this;
    const over = new AbortController();
    let arm = (): void => {};
    const cancelled = new Promise<never>((_, reject) => {
      arm = (): void => {
        const reason = (): void => reject(signal.reason);
        this.#endChildren('the flow was cancelled')
          .then(() => sleep(GRACE_MS, undefined, { signal: over.signal }))
          .then(reason, reason);
      };
      if (signal.aborted) arm();
      else signal.addEventListener('abort', arm, { once: true });
    });
    try {
      const result = await Promise.race([work(), cancelled]);
      signal.throwIfAborted();
      return result;
    } finally {
      signal.removeEventListener('abort', arm);
      over.abort();
    }
  }

  async #awaitChildren(): Promise<void> {
    for (const child of this.#children) {
      if (child.status === 'pending') child.cancel('the flow ended without starting it');
      const running = !isEnded(child.status);
      await child.ended();
      if (running && child.status !== 'success' && child.status !== 'cancelled')
        this.#execution.writeLog('warning', `execution ${child.id} failed unobserved: ${child.message}`);
    }
  }

  async #endChildren(why: string): Promise<void> {
    for (const child of this.#children) child.cancel(why);
    await Promise.all(this.#children.map((child) => child.ended()));
  }
}

/** What a flow does. */
export function flowWork(
  file: string | FlowHandler,
  inputs: { readonly [name: string]: Plain },
  system: System,
  services: FlowServices,
): Work {
  return async (execution) => {
    const handler = typeof file === 'string' ? await loadFlow(file) : file;
    const folder = typeof file === 'string' ? dirname(resolve(file)) : undefined;
    return await new FlowExecution(execution, services, folder).run(handler, system, inputs);
  };
}

function isOutcome(value: unknown): value is WorkResult {
  if (typeof value !== 'object' || value === null) return false;
  const { status, message } = value as Partial<WorkResult>;
  return (status === 'success' || status === 'error') && typeof message === 'string';
}

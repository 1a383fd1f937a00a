import { extname, join } from 'node:path';
import { createEngine, type Engine, type RunOptions } from './engine/engine.ts';
import type { ExecutionEvent } from './engine/events.ts';
import type { Execution } from './engine/execution.ts';
import { isFlowFile } from './engine/flow-loader.ts';
import { invalidInput } from './errors.ts';
import type { ExecutionRecord, ExecutionStatus } from './executions/execution-record.ts';
import { type ExecutionDetails, ExecutionStore } from './executions/execution-store.ts';
import type { Plain } from './schema/plain.ts';
import { printable } from './text.ts';

export interface RunFileOptions {
  /** Inputs of the flow, or values that replace those of the connection. */
  readonly inputs?: object | undefined;
  /** The folder of files, executions and stored connectors. Default `.wherry` in the working directory. */
  readonly store?: string | undefined;
  /** Log lines, progress and changes of status, of children too, as they happen. */
  readonly onEvent?: ((event: ExecutionEvent) => void) | undefined;
  /** Cancels it. */
  readonly signal?: AbortSignal | undefined;
}

/** How a run ended. */
export interface RunOutcome {
  readonly execution_id: number;
  readonly status: ExecutionStatus;
  readonly message: string;
  readonly outputs: Readonly<Record<string, Plain>>;
}

/**
 * Runs a file to its end: a flow (`.ts`, `.js`, …) or a connection (`.yaml`, `.yml`, `.json`). What goes wrong in it
 * is told by the outcome; it rejects only for a file of another kind, or where no record can be written.
 *
 * @example
 * ```ts
 * import { runFile } from 'wherry/connectors';
 * import { writeFile } from 'node:fs/promises';
 *
 * await writeFile(`${localFolder}/listing.yaml`, 'connector_type: SFTP\nhost: files.example\n');
 * const { status, message } = await runFile(`${localFolder}/listing.yaml`, { store: localFolder });
 * console.log(status, message);
 * ```
 */
export async function runFile(path: string, options: RunFileOptions = {}): Promise<RunOutcome> {
  const engine = createEngine({ store: options.store });
  const { id, status, message, outputs } = await runAny(engine, path, options);
  return { execution_id: id, status, message, outputs };
}

function runAny(
  engine: Engine,
  path: string,
  { inputs, onEvent, signal }: RunFileOptions,
): Promise<Execution> {
  const how: RunOptions = { onEvent, signal };
  if (isFlowFile(path)) return engine.runFlow(path, { ...how, inputs });
  if (['.yaml', '.yml', '.json'].includes(extname(path))) return engine.runConnection(path, inputs, how);
  throw invalidInput(printable(path), 'is neither a flow (.ts, .js, .mjs) nor a connection (.yaml, .json)');
}

/**
 * The executions a store holds, the newest first.
 *
 * @example
 * ```ts
 * import { listExecutions } from 'wherry/connectors';
 *
 * for (const { id, status, message } of await listExecutions(localFolder, { limit: 10 })) console.log(id, status, message);
 * ```
 */
export function listExecutions(
  store = '.wherry',
  options: { limit?: number | undefined } = {},
): Promise<readonly ExecutionRecord[]> {
  return new ExecutionStore(join(store, 'executions')).list(options);
}

/**
 * One execution of a store, with its log.
 *
 * @example
 * ```ts
 * import { getExecution } from 'wherry/connectors';
 *
 * const failure = await getExecution(7, localFolder).catch((error) => error);
 * console.log(failure.message); // there is no execution 7
 * ```
 */
export function getExecution(id: number, store = '.wherry'): Promise<ExecutionDetails> {
  return new ExecutionStore(join(store, 'executions')).get(id);
}

/**
 * Inputs as a command line gives them: `name=text`, or `name:=json` for what is no text. A later one of the same
 * name wins.
 *
 * @example
 * ```ts
 * import { parseInputPairs } from 'wherry/connectors';
 *
 * console.log(parseInputPairs(['host=files.example', 'port:=2022'])); // { host: 'files.example', port: 2022 }
 * ```
 */
export function parseInputPairs(pairs: readonly string[]): { [name: string]: Plain } {
  const entries = pairs.map((pair): [string, Plain] => {
    const [, name, colon, text] = /^([^=:]+)(:?)=([\s\S]*)$/.exec(pair) ?? [];
    if (name === undefined || text === undefined)
      throw invalidInput('input', 'must be name=text or name:=json');
    if (colon !== ':') return [name, text];
    try {
      return [name, JSON.parse(text) as Plain];
    } catch {
      throw invalidInput(printable(name, 60), 'is no JSON after :=');
    }
  });
  return Object.fromEntries(entries);
}

import type { ConnectorType } from '../connector-types.ts';
import { type EngineError, InvalidInputError, isEngineError } from '../errors.ts';
import { isObject, type Plain, toPlain } from '../schema/plain.ts';
import type { Location } from '../schema/types.ts';
import type { ConnectorStore } from '../store/connector-store.ts';
import type { FileStore } from '../store/file-store.ts';
import { printable } from '../text.ts';
import { checkInputs } from '../validate.ts';
import type { Execution } from './execution.ts';
import type { Work } from './work.ts';

/** What is to be done for a connection, or why it cannot. */
export interface ConnectionPlan {
  readonly name: string;
  readonly connector: ConnectorType | undefined;
  readonly masked: Plain;
  readonly secrets: readonly string[];
  /** Why it cannot be done. */
  readonly error: EngineError | undefined;
  readonly parse: () => unknown;
}

/** Inputs, or the name of a stored connection. */
export type ConnectionSource = object | string;

/**
 * Looks at what a connection is asked for. Stored values are the defaults; what the call gives replaces them, name by
 * name at the top: `mode` as a whole, for example. Never rejects.
 */
export async function planConnection(
  source: unknown,
  overrides: unknown,
  stored: ConnectorStore,
): Promise<ConnectionPlan> {
  const fallback = typeof source === 'string' ? printable(source, 128) : 'connection';
  try {
    const base: unknown = typeof source === 'string' ? await stored.load(source) : source;
    const checked = checkInputs(merge(base, overrides));
    const name = isObject(checked.masked) ? checked.masked.name : undefined;
    const error = checked.problems.length === 0 ? undefined : errorOf(checked.parse);
    return {
      name:
        typeof name === 'string' && name !== '' ? printable(name, 128) : nameFor(fallback, checked.masked),
      connector: checked.connector,
      masked: checked.masked,
      secrets: checked.secrets,
      error,
      parse: checked.parse,
    };
  } catch (error) {
    if (!isEngineError(error)) throw error;
    const none = { connector: undefined, masked: null, secrets: [] };
    return { name: fallback, ...none, error, parse: () => undefined };
  }
}

/** What a connection does. */
export function connectionWork(plan: ConnectionPlan, files: FileStore, location: Location): Work {
  return async (execution: Execution) => {
    const { connector, error } = plan;
    if (error !== undefined || connector === undefined) throw error;
    const { message, outputs } = await connector.run(plan.parse(), {
      files,
      location,
      signal: execution.signal,
      log: (level, text) => execution.writeLog(level, text),
      progress: (progress) => execution.setProgress(progress),
    });
    for (const [name, value] of Object.entries(outputs)) execution.setOutput(name, value);
    return { status: 'success', message };
  };
}

function merge(base: unknown, overrides: unknown): unknown {
  if (overrides === undefined) return base;
  const { value, problems } = toPlain(overrides);
  if (problems.length > 0 || !isObject(value))
    throw new InvalidInputError('the overrides must be an object with plain data', [
      { kind: 'invalid', path: '', message: 'the overrides must be an object with plain data' },
    ]);
  // What is no plain data there is reported by the check that follows.
  const plain = toPlain(base);
  if (plain.problems.length > 0 || !isObject(plain.value)) return base;
  return Object.fromEntries([...Object.entries(plain.value), ...Object.entries(value)]);
}

function nameFor(fallback: string, inputs: Plain): string {
  if (fallback !== 'connection' || !isObject(inputs)) return fallback;
  const { connector_type: type, mode } = inputs;
  if (typeof type !== 'string') return fallback;
  const what = isObject(mode) && typeof mode.mode_name === 'string' ? ` ${mode.mode_name}` : '';
  return `${type}${what}`.slice(0, 128);
}

function errorOf(parse: () => unknown): EngineError | undefined {
  try {
    parse();
    return undefined;
  } catch (error) {
    if (isEngineError(error)) return error;
    throw error;
  }
}

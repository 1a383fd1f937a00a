/**
 * Every error the engine, its files, connectors and flows can throw. The names are those flows match on; what a
 * connection failed of is a WherryError in `cause`.
 */

/** Every code, one row each. */
export const ENGINE_ERROR_CODES = {
  MISSING_INPUT: 'A required input was not given.',
  INVALID_INPUT: 'An input has the wrong type, is out of range, or fits no variant.',
  EXTRA_INPUT: 'An input was given that the connector does not know.',
  SCHEMA_VALIDATION: 'The inputs have problems of several kinds, or ask for an unknown schema version.',
  CONNECTION_FAILED: 'A connection could not be made, or failed while it worked.',
  CANCELLED: 'The execution was cancelled.',
  DEPENDENCY_FAILED: 'A child execution did not end with success.',
  TIMEOUT_EXCEEDED: 'A time-out ran out: connect_timeout or copy_timeout.',
  DEPENDENCY_TIMEOUT: 'A child execution did not end within the time it was waited for.',
  PERMISSION_DENIED: 'The operating system does not allow it.',
  RESOURCE_NOT_FOUND: 'There is no file, connector, flow or execution of that name.',
  INTERNAL_ERROR: 'Something that should not fail did, such as the disk; `cause` says what.',
} as const;

/** A stable error code: match on it or on the class, never on the message. */
export type EngineErrorCode = keyof typeof ENGINE_ERROR_CODES;

const BRAND = Symbol.for('wherry.engine.error');

/**
 * What all errors of the engine have in common.
 *
 * @example
 * ```ts
 * import { connectorSchema, EngineError } from 'wherry/connectors';
 *
 * try {
 *   connectorSchema('STFP');
 * } catch (error) {
 *   if (error instanceof EngineError) console.log(error.code, error.message);
 * }
 * ```
 */
export class EngineError extends Error {
  override readonly name: string = 'EngineError';
  readonly code: EngineErrorCode;

  constructor(code: EngineErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Whether `error` is an EngineError, also across two copies of the package.
 *
 * @example
 * ```ts
 * import { isEngineError, validateInputs } from 'wherry/connectors';
 *
 * try {
 *   validateInputs({ connector_type: 'SCP' });
 * } catch (error) {
 *   console.log(isEngineError(error) && error.code);
 * }
 * ```
 */
export function isEngineError(error: unknown): error is EngineError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** One thing that is wrong with the inputs. */
export interface InputProblem {
  /** `version` is an unknown schema_version. */
  readonly kind: 'missing' | 'invalid' | 'extra' | 'version';
  /** Where: names joined by dots, such as `mode.source_file_name`; empty for the inputs as a whole. */
  readonly path: string;
  /** Why. It never holds the value. */
  readonly message: string;
}

/**
 * The inputs are wrong; `problems` lists everything that is. Thrown as such when problems of several kinds meet
 * and for an unknown schema_version, else as one of its three subclasses.
 *
 * @example
 * ```ts
 * import { SchemaValidationError, validateInputs } from 'wherry/connectors';
 *
 * try {
 *   validateInputs({ connector_type: 'SFTP', host, hots: 'oops' });
 * } catch (error) {
 *   if (!(error instanceof SchemaValidationError)) throw error;
 *   for (const { kind, path, message } of error.problems) console.log(kind, path, message);
 * }
 * ```
 */
export class SchemaValidationError extends EngineError {
  override readonly name: string = 'SchemaValidationError';
  readonly problems: readonly InputProblem[];

  constructor(
    message: string,
    problems: readonly InputProblem[],
    code: EngineErrorCode = 'SCHEMA_VALIDATION',
  ) {
    super(code, message);
    this.problems = problems;
  }
}

/**
 * Required inputs were not given.
 *
 * @example
 * ```ts
 * import { MissingInputError } from 'wherry/connectors';
 *
 * const missing = new MissingInputError('host is missing', [{ kind: 'missing', path: 'host', message: 'is missing' }]);
 * console.log(missing.code); // MISSING_INPUT
 * ```
 */
export class MissingInputError extends SchemaValidationError {
  override readonly name: string = 'MissingInputError';

  constructor(message: string, problems: readonly InputProblem[]) {
    super(message, problems, 'MISSING_INPUT');
  }
}

/**
 * Inputs have the wrong type or value.
 *
 * @example
 * ```ts
 * import { createEngine, InvalidInputError } from 'wherry/connectors';
 *
 * const engine = createEngine({ store: localFolder });
 * try {
 *   await engine.files.has('../elsewhere');
 * } catch (error) {
 *   console.log(error instanceof InvalidInputError);
 * }
 * ```
 */
export class InvalidInputError extends SchemaValidationError {
  override readonly name: string = 'InvalidInputError';

  constructor(message: string, problems: readonly InputProblem[]) {
    super(message, problems, 'INVALID_INPUT');
  }
}

/**
 * Inputs were given that are not known.
 *
 * @example
 * ```ts
 * import { ExtraInputError } from 'wherry/connectors';
 *
 * const extra = new ExtraInputError('hots is unknown', [{ kind: 'extra', path: 'hots', message: 'is unknown' }]);
 * console.log(extra.problems[0].path); // hots
 * ```
 */
export class ExtraInputError extends SchemaValidationError {
  override readonly name: string = 'ExtraInputError';

  constructor(message: string, problems: readonly InputProblem[]) {
    super(message, problems, 'EXTRA_INPUT');
  }
}

/**
 * A child execution ended in another way than success; the message is the child's, `cause` its error.
 *
 * @example
 * ```ts
 * import { createEngine, DependencyFailedError } from 'wherry/connectors';
 *
 * const engine = createEngine({ store: localFolder });
 * await engine.runFlow(async ({ execution }) => {
 *   try {
 *     await execution.flow(() => execution.error('no report today'));
 *   } catch (error) {
 *     if (error instanceof DependencyFailedError) execution.log(error.executionId, error.status, error.message);
 *   }
 * });
 * ```
 */
export class DependencyFailedError extends EngineError {
  override readonly name: string = 'DependencyFailedError';
  /** Id of the child. */
  readonly executionId: number;
  /** How it ended: `error` or `cancelled`. */
  readonly status: string;

  constructor(executionId: number, status: string, message: string, cause?: unknown) {
    super('DEPENDENCY_FAILED', message, cause);
    this.executionId = executionId;
    this.status = status;
  }
}

/**
 * A time-out ran out.
 *
 * @example
 * ```ts
 * import { DependencyTimeoutError, TimeoutExceededError } from 'wherry/connectors';
 *
 * console.log(new DependencyTimeoutError(7, 30) instanceof TimeoutExceededError); // true
 * ```
 */
export class TimeoutExceededError extends EngineError {
  override readonly name: string = 'TimeoutExceededError';

  constructor(message: string, cause?: unknown, code: EngineErrorCode = 'TIMEOUT_EXCEEDED') {
    super(code, message, cause);
  }
}

/**
 * A child execution was waited for, and still runs.
 *
 * @example
 * ```ts
 * import { createEngine, DependencyTimeoutError } from 'wherry/connectors';
 *
 * const engine = createEngine({ store: localFolder });
 * await engine.runFlow(async ({ execution }) => {
 *   const child = await execution.flow(() => new Promise(() => {}), {}, { run: false });
 *   await child.wait({ timeout: 0.1 }).catch((error) => {
 *     if (error instanceof DependencyTimeoutError) child.cancel('it took too long');
 *   });
 * });
 * ```
 */
export class DependencyTimeoutError extends TimeoutExceededError {
  override readonly name: string = 'DependencyTimeoutError';
  readonly executionId: number;

  /** `timeout` in seconds. */
  constructor(executionId: number, timeout: number) {
    super(`execution ${executionId} did not end within ${timeout} s`, undefined, 'DEPENDENCY_TIMEOUT');
    this.executionId = executionId;
  }
}

/**
 * The operating system does not allow it.
 *
 * @example
 * ```ts
 * import { PermissionDenied } from 'wherry/connectors';
 *
 * console.log(new PermissionDenied('cannot write report.csv').code); // PERMISSION_DENIED
 * ```
 */
export class PermissionDenied extends EngineError {
  override readonly name: string = 'PermissionDenied';

  constructor(message: string, cause?: unknown) {
    super('PERMISSION_DENIED', message, cause);
  }
}

/**
 * There is nothing of that name.
 *
 * @example
 * ```ts
 * import { createEngine, ResourceNotFoundError } from 'wherry/connectors';
 *
 * const engine = createEngine({ store: localFolder });
 * const failure = await engine.files.getBytes('never-written.txt').catch((error) => error);
 * console.log(failure instanceof ResourceNotFoundError);
 * ```
 */
export class ResourceNotFoundError extends EngineError {
  override readonly name: string = 'ResourceNotFoundError';

  constructor(message: string, cause?: unknown) {
    super('RESOURCE_NOT_FOUND', message, cause);
  }
}

/**
 * Something failed that should not, such as the disk.
 *
 * @example
 * ```ts
 * import { InternalError } from 'wherry/connectors';
 *
 * console.log(new InternalError('the record could not be written').code); // INTERNAL_ERROR
 * ```
 */
export class InternalError extends EngineError {
  override readonly name: string = 'InternalError';

  constructor(message: string, cause?: unknown) {
    super('INTERNAL_ERROR', message, cause);
  }
}

/** The error class for a list of problems. */
export function inputError(about: string, problems: readonly InputProblem[]): SchemaValidationError {
  const lines = problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const text =
    lines.length === 1 ? `${about}: ${lines[0]}` : `${about}, ${lines.length} problems: ${lines.join('; ')}`;
  const kinds = new Set(problems.map(({ kind }) => kind));
  if (kinds.size === 1) {
    if (kinds.has('missing')) return new MissingInputError(text, problems);
    if (kinds.has('invalid')) return new InvalidInputError(text, problems);
    if (kinds.has('extra')) return new ExtraInputError(text, problems);
  }
  return new SchemaValidationError(text, problems);
}

/** A single wrong value. */
export function invalidInput(path: string, message: string): InvalidInputError {
  return new InvalidInputError(`${path}: ${message}`, [{ kind: 'invalid', path, message }]);
}

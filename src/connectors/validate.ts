import { CONNECTOR_TYPES, type ConnectorType, connectorFor, connectorNames } from './connector-types.ts';
import { type InputProblem, inputError } from './errors.ts';
import type { JsonSchema } from './schema/json-schema.ts';
import { maskInputs, secretsIn } from './schema/mask.ts';
import { isObject, type Plain, toPlain } from './schema/plain.ts';
import type { ConnectionInputs } from './schema/types.ts';
import { didYouMean } from './text.ts';

/** Inputs that were looked at, good or not. */
export interface CheckedInputs {
  readonly connector: ConnectorType | undefined;
  /** What a record may show. */
  readonly masked: Plain;
  readonly secrets: readonly string[];
  readonly problems: readonly InputProblem[];
  /** With defaults filled in; throws the error for the problems. */
  parse(): unknown;
}

/** Looks at the inputs of a connection. Never throws, whatever they are. */
export function checkInputs(inputs: unknown): CheckedInputs {
  const { value, problems: unreadable } = toPlain(inputs);
  const connector = connectorFor(value);
  const masks: JsonSchema = connector?.schema.json ?? {
    anyOf: CONNECTOR_TYPES.map(({ schema }) => schema.json),
  };
  const checked = connector?.schema.check(value) ?? { problems: [typeProblem(value)], value: undefined };
  const told = new Set(unreadable.map(({ path }) => path));
  const problems = [...unreadable, ...checked.problems.filter(({ path }) => !told.has(path))];
  const title = connector === undefined ? 'a connection' : connector.name;
  return {
    connector,
    masked: maskInputs(masks, value),
    secrets: secretsIn(masks, value),
    problems,
    parse() {
      if (problems.length > 0) throw inputError(`inputs of ${title}`, problems);
      return checked.value;
    },
  };
}

/**
 * Checks the inputs of a connection without connecting, and gives them with the defaults filled in. Everything that
 * is wrong is reported at once: MissingInputError, InvalidInputError or ExtraInputError, and SchemaValidationError
 * where several kinds meet.
 *
 * @example
 * ```ts
 * import { SchemaValidationError, validateInputs } from 'wherry/connectors';
 *
 * try {
 *   validateInputs({ connector_type: 'SFTP', host, mode: { mode_name: 'list' } });
 * } catch (error) {
 *   if (error instanceof SchemaValidationError) console.log(error.problems.map(({ path }) => path));
 * }
 * ```
 */
export function validateInputs(inputs: unknown): ConnectionInputs {
  return checkInputs(inputs).parse() as ConnectionInputs;
}

function typeProblem(value: Plain): InputProblem {
  const path = 'connector_type';
  const wanted = `one of ${connectorNames().join(', ')}`;
  if (!isObject(value)) return { kind: 'invalid', path: '', message: 'the inputs must be an object' };
  const given = Object.hasOwn(value, path) ? value[path] : undefined;
  if (given === undefined) return { kind: 'missing', path, message: `is missing; expected ${wanted}` };
  return { kind: 'invalid', path, message: `must be ${wanted}${didYouMean(given, connectorNames())}` };
}

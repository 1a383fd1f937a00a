import { ResourceNotFoundError } from './errors.ts';
import type { ConnectorContext, ConnectorResult } from './run/context.ts';
import { runScp, runScpFlat } from './run/scp.ts';
import { runSftp } from './run/sftp.ts';
import { scpFlatSchema, scpSchema, sftpSchema } from './schema/connection-schemas.ts';
import { type ConnectorSchema, defineSchema } from './schema/connector-schema.ts';
import type { JsonSchema } from './schema/json-schema.ts';
import { isObject, type Plain } from './schema/plain.ts';
import { FLAT_RULES, GROUPED_RULES } from './schema/rules.ts';
import { didYouMean, printable } from './text.ts';

/** One connector type: what it takes and what it does. */
export interface ConnectorType {
  /** As `connector_type` has it. */
  readonly name: string;
  readonly version: number;
  readonly schema: ConnectorSchema<unknown>;
  /** Does the work for inputs that its schema has parsed. */
  run(inputs: unknown, context: ConnectorContext): Promise<ConnectorResult>;
  /** The outputs when it has ended, in whatever way; without it those of `run`, and none after a failure. */
  outputs?(end: ConnectionEnd): Readonly<Record<string, Plain>>;
}

/** How a connection ended. */
export interface ConnectionEnd {
  readonly execution_id: number;
  readonly status: 'success' | 'error';
  readonly message: string;
}

function row<Inputs>(
  name: string,
  version: number,
  schema: ConnectorSchema<Inputs>,
  run: (inputs: Inputs, context: ConnectorContext) => Promise<ConnectorResult>,
  outputs?: ConnectorType['outputs'],
): ConnectorType {
  const runAny = run as ConnectorType['run'];
  return { name, version, schema, run: runAny, ...(outputs === undefined ? {} : { outputs }) };
}

/** Every connector type; of those with one name the newest comes first. */
export const CONNECTOR_TYPES: readonly ConnectorType[] = [
  row('SCP', 2, defineSchema(scpSchema, GROUPED_RULES), runScp),
  row('SCP', 1, defineSchema(scpFlatSchema, FLAT_RULES), runScpFlat, (end) => ({ ...end })),
  row('SFTP', 1, defineSchema(sftpSchema, GROUPED_RULES), runSftp),
];

const NAMES: readonly string[] = [...new Set(CONNECTOR_TYPES.map(({ name }) => name))];

/**
 * The names of the connector types.
 *
 * @example
 * ```ts
 * import { connectorNames } from 'wherry/connectors';
 *
 * console.log(connectorNames()); // ['SCP', 'SFTP']
 * ```
 */
export function connectorNames(): readonly string[] {
  return NAMES;
}

/**
 * The JSON Schema of what a connection of that type may say, `connector_type` included. For a type of several
 * versions, such as SCP, it is an anyOf of them; `SCP@1` and `SCP@2` are the single ones.
 *
 * @example
 * ```ts
 * import { connectorSchema } from 'wherry/connectors';
 *
 * console.log(JSON.stringify(connectorSchema('SFTP'), null, 2));
 * ```
 */
export function connectorSchema(name: string): JsonSchema {
  const [type, version] = name.split('@');
  const rows = CONNECTOR_TYPES.filter(
    (one) => one.name === type && (version === undefined || String(one.version) === version),
  );
  const [first] = rows;
  if (first === undefined) {
    const known = [...NAMES, ...CONNECTOR_TYPES.map((one) => `${one.name}@${one.version}`)];
    const hint = didYouMean(name, known) || `; there are ${NAMES.join(', ')}`;
    throw new ResourceNotFoundError(`there is no connector type ${printable(name, 60)}${hint}`);
  }
  if (rows.length === 1) return first.schema.json;
  const { $schema } = first.schema.json;
  return {
    $schema,
    title: first.name,
    anyOf: rows.map(({ schema }) => {
      const { $schema: _, ...rest } = schema.json;
      return rest;
    }),
  };
}

/**
 * The row for a connection, which its shape tells where a name has several: the row that knows more of the names
 * at the top, and the newest of equals. A `hostkey` that is a text is the flat kind.
 */
export function connectorFor(document: Plain): ConnectorType | undefined {
  if (!isObject(document)) return undefined;
  const rows = CONNECTOR_TYPES.filter(({ name }) => name === document.connector_type);
  let best: ConnectorType | undefined;
  let most = -1;
  for (const one of rows) {
    const count = knownNames(one.schema.json, document);
    if (count > most) {
      most = count;
      best = one;
    }
  }
  return best;
}

function knownNames({ properties = {} }: JsonSchema, document: { [name: string]: Plain }): number {
  return Object.keys(document).filter((name) => {
    if (!Object.hasOwn(properties, name)) return false;
    const { type } = properties[name]!;
    return name !== 'hostkey' || (type === 'string') === (typeof document.hostkey === 'string');
  }).length;
}

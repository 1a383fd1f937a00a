import { z } from 'zod';
import { isObject, type Plain } from './plain.ts';

/** A JSON Schema (draft 2020-12), as plain data. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
  readonly type?: string;
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly writeOnly?: boolean;
}

/** The JSON Schema of what a caller may write; `allOf` are rules between fields. */
export function toJsonSchema(schema: z.ZodType, allOf: readonly JsonSchema[]): JsonSchema {
  const json = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      if (jsonSchema.oneOf === undefined) return;
      jsonSchema.anyOf = jsonSchema.oneOf;
      delete jsonSchema.oneOf;
    },
  }) as JsonSchema;
  return allOf.length === 0 ? json : { ...json, allOf };
}

/**
 * The variants of `schema` that `value` can be meant as: those of an anyOf, without the ones whose constants (such
 * as `mode_name`) contradict it, unless that leaves none.
 */
export function variants(schema: JsonSchema, value: Plain | undefined): readonly JsonSchema[] {
  if (schema.anyOf === undefined || schema.properties !== undefined) return [schema];
  const all = schema.anyOf.flatMap((one) => variants(one, value));
  const fitting = all.filter((one) => fits(one, value));
  return fitting.length > 0 ? fitting : all;
}

function fits({ properties }: JsonSchema, value: Plain | undefined): boolean {
  if (!isObject(value)) return properties === undefined;
  if (properties === undefined) return false;
  return Object.entries(properties).every(
    ([name, { const: wanted }]) => wanted === undefined || value[name] === wanted,
  );
}

/** The schemas of a property, in those variants that have it. */
export function propertySchemas(
  schemas: readonly JsonSchema[],
  name: string,
  value: Plain | undefined,
): readonly JsonSchema[] {
  return schemas.flatMap(({ properties }) =>
    properties !== undefined && Object.hasOwn(properties, name) ? variants(properties[name]!, value) : [],
  );
}

/** The names an object may have at `path` of the document. */
export function namesAt(
  schema: JsonSchema,
  document: Plain,
  path: readonly PropertyKey[],
): readonly string[] {
  let at: Plain | undefined = document;
  let schemas = variants(schema, at);
  for (const name of path) {
    at = isObject(at) && Object.hasOwn(at, name) ? at[String(name)] : undefined;
    schemas = propertySchemas(schemas, String(name), at);
  }
  return [...new Set(schemas.flatMap(({ properties = {} }) => Object.keys(properties)))];
}

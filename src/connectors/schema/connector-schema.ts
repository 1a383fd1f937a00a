import type { z } from 'zod';
import type { InputProblem } from '../errors.ts';
import { type JsonSchema, toJsonSchema } from './json-schema.ts';
import { isObject, type Plain } from './plain.ts';
import { problemsFrom } from './problems.ts';
import type { Rule } from './rules.ts';

/** What looking at a document gives. */
export interface Checked<Resolved> {
  /** Everything that is wrong; empty when it is good. */
  readonly problems: readonly InputProblem[];
  /** The document with its defaults filled in; it is there where there are no problems. */
  readonly value: Resolved | undefined;
}

/** A schema and everything that comes of it. */
export interface ConnectorSchema<Resolved> {
  check(document: Plain): Checked<Resolved>;
  /** As JSON Schema, made when it is asked for. */
  readonly json: JsonSchema;
}

export function defineSchema<Resolved>(
  schema: z.ZodType<Resolved>,
  rules: readonly Rule[],
): ConnectorSchema<Resolved> {
  let json: JsonSchema | undefined;
  const getJson = (): JsonSchema => {
    json ??= toJsonSchema(
      schema,
      rules.flatMap(({ json: fragment }): JsonSchema[] => (fragment === undefined ? [] : [fragment])),
    );
    return json;
  };
  return {
    check(document) {
      const result = schema.safeParse(document);
      const problems = result.success ? [] : problemsFrom(result.error.issues, document, getJson());
      const further = isObject(document) ? rules.flatMap((rule) => rule.problems(document)) : [];
      // A rule may meet what the form has told already.
      const told = new Set(problems.map(({ path }) => path));
      return {
        problems: [...problems, ...further.filter(({ path }) => !told.has(path))],
        value: result.data,
      };
    },
    get json() {
      return getJson();
    },
  };
}

import type { z } from 'zod';
import type { InputProblem } from '../errors.ts';
import { didYouMean, printable } from '../text.ts';
import { type JsonSchema, namesAt } from './json-schema.ts';
import { isObject, joinPath, kindOf, type Plain } from './plain.ts';

type Issue = z.core.$ZodIssue;

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
};

/** What zod found, in our words: each with its path, and never with the value. */
export function problemsFrom(issues: readonly Issue[], document: Plain, schema: JsonSchema): InputProblem[] {
  return issues.flatMap((issue) => problemsOf(issue, [], document, schema));
}

function problemsOf(
  issue: Issue,
  above: readonly PropertyKey[],
  document: Plain,
  schema: JsonSchema,
): InputProblem[] {
  const keys = [...above, ...issue.path];
  const path = keys.reduce<string>((text, key) => joinPath(text, String(key)), '');
  const value = valueAt(document, keys);
  if (issue.code === 'unrecognized_keys') {
    const known = namesAt(schema, document, keys);
    return issue.keys.map((name) => ({
      kind: 'extra',
      path: joinPath(path, name),
      message: `is not an input${didYouMean(name, known)}`,
    }));
  }
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const branch = fittingBranch(issue.errors as Issue[][], value);
    if (value !== undefined && branch !== undefined)
      return branch.flatMap((one) => problemsOf(one, keys, document, schema));
  }
  const wanted = `${expected(issue)}${discriminator(issue, namesAt(schema, document, keys))}`;
  if (value === undefined) return [{ kind: 'missing', path, message: `is missing; expected ${wanted}` }];
  const version = issue.code === 'invalid_value' && path === 'schema_version' && typeof value === 'string';
  return [{ kind: version ? 'version' : 'invalid', path, message: invalidText(issue, value, wanted) }];
}

/** Of the alternatives that fail, the one whose outermost type is right. */
function fittingBranch(branches: readonly Issue[][], value: Plain | undefined): Issue[] | undefined {
  const wrongType = (issues: Issue[]): boolean =>
    issues.some(
      ({ code, path, ...issue }) =>
        code === 'invalid_type' &&
        path.length === 0 &&
        !(typeof value === 'number' && 'expected' in issue && issue.expected === 'int'),
    );
  return branches.find((issues) => !wrongType(issues));
}

function invalidText(issue: Issue, value: Plain, wanted: string): string {
  const options = optionsOf(issue);
  if (options.length > 0 && typeof value === 'string')
    return `must be ${wanted}${options.length > 1 ? didYouMean(value, options) : ''}`;
  if (issue.code === 'invalid_type' && typeof value === 'number' && issue.expected === 'int')
    return `must be ${wanted}`;
  if (['invalid_type', 'invalid_union', 'invalid_value'].includes(issue.code))
    return `must be ${wanted}, not ${kindOf(value)}`;
  if (issue.code === 'too_small' || issue.code === 'too_big') return bound(issue);
  // The messages of formats are ours.
  return printable(issue.message);
}

function bound(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>): string {
  if (issue.origin === 'string') return 'must not be empty';
  if (issue.code === 'too_small')
    return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
  return `must be at most ${issue.maximum}`;
}

function expected(issue: Issue): string {
  const options = optionsOf(issue);
  if (options.length > 0) return options.length === 1 ? options[0]! : `one of ${options.join(', ')}`;
  if (issue.code === 'invalid_type') return TYPES[issue.expected] ?? issue.expected;
  if (issue.code === 'invalid_union') return 'an object, or a whole number';
  return 'it is required';
}

/** ` with mode_name`, where an object is wanted that says by a name what it is. */
function discriminator(issue: Issue, names: readonly string[]): string {
  if (issue.code !== 'invalid_type' || issue.expected !== 'object') return '';
  const name = names.find((one) => /_(?:mode|method)$|^mode_name$/.test(one));
  return name === undefined ? '' : ` with ${name}`;
}

function optionsOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  const { options } = issue as { options?: readonly unknown[] };
  return issue.code === 'invalid_union' && options !== undefined ? options.map(String) : [];
}

function valueAt(document: Plain, path: readonly PropertyKey[]): Plain | undefined {
  let at: Plain | undefined = document;
  for (const key of path) at = isObject(at) && Object.hasOwn(at, key) ? at[String(key)] : undefined;
  return at;
}

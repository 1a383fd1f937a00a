import type { InputProblem } from '../errors.ts';
import { printable } from '../text.ts';

const MAX_DEPTH = 16;
const MAX_VALUES = 10_000;

/** JSON as data. */
export type Plain = string | number | boolean | null | Plain[] | { [name: string]: Plain };

export interface PlainResult {
  readonly value: Plain;
  readonly problems: readonly InputProblem[];
}

/**
 * A copy of `given` as plain data. What is no plain data (functions, dates, cycles, getters that throw) becomes null and
 * a problem; names whose value is undefined are left out.
 */
export function toPlain(given: unknown, maxValues: number = MAX_VALUES): PlainResult {
  const problems: InputProblem[] = [];
  let count = 0;
  const refuse = (path: string, message: string): null => {
    if (problems.length < 20) problems.push({ kind: 'invalid', path, message });
    return null;
  };
  const copy = (value: unknown, path: string, depth: number): Plain => {
    if (++count > maxValues || depth > MAX_DEPTH) return refuse(path, 'is nested too deep or too large');
    if (value === null || ['string', 'boolean', 'number'].includes(typeof value)) return value as Plain;
    if (typeof value !== 'object') return refuse(path, `must be plain data, not a ${typeof value}`);
    if (Array.isArray(value)) return value.map((one, i) => copy(one, `${path}[${i}]`, depth + 1));
    const proto: unknown = Object.getPrototypeOf(value);
    if (proto !== null && Object.getPrototypeOf(proto) !== null)
      return refuse(path, 'must be plain data, not an instance of a class');
    const entries: [string, Plain][] = [];
    for (const [name, one] of Object.entries(value)) {
      const inner = joinPath(path, name);
      if (one !== undefined) entries.push([name, copy(one, inner, depth + 1)]);
    }
    return Object.fromEntries(entries);
  };
  try {
    return { value: copy(given, '', 0), problems };
  } catch {
    return {
      value: null,
      problems: [{ kind: 'invalid', path: '', message: 'cannot be read: a property throws' }],
    };
  }
}

export function joinPath(path: string, name: string): string {
  const shown = printable(name, 60);
  return path === '' ? shown : `${path}.${shown}`;
}

/** What a value is, without telling it. */
export function kindOf(value: Plain | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return { string: 'a text', number: 'a number', boolean: 'true or false', object: 'an object' }[
    typeof value as 'string' | 'number' | 'boolean' | 'object'
  ];
}

export function isObject(value: unknown): value is { [name: string]: Plain } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Marked secrets, and a look for the mark in everything that comes out. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';

export const MARK = 'M4RKED';
export const SECRET: string = `${MARK}-s3cret-value`;
/** The mark as it is, in hex as `inspect` shows bytes, and in base64 at each of the three offsets. */
const SPELLINGS: readonly string[] = [
  MARK,
  Buffer.from(MARK).toString('hex'),
  Buffer.from(MARK).toString('hex').match(/../g)!.join(' '),
  ...[0, 1, 2].map((shift) =>
    Buffer.from(`${'x'.repeat(shift)}${MARK}`)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, 8),
  ),
];

/** No value shows the mark, in no spelling: not to `inspect` with all it can do, nor as text or JSON. */
export function assertClean(what: string, ...values: unknown[]): void {
  for (const value of values) {
    const all = { depth: 30, showHidden: true, getters: true, maxStringLength: null, maxArrayLength: null };
    const texts = [typeof value === 'string' ? value : inspect(value, all)];
    for (let error = value; error instanceof Error; error = error.cause)
      texts.push(error.message, String(error.stack), JSON.stringify(error));
    for (const text of texts)
      for (const spelling of SPELLINGS)
        assert.ok(!text.includes(spelling), `${what} shows ${spelling}: ${text.slice(0, 2000)}`);
  }
}

const SOURCE = join(import.meta.dirname, '../../src');

/** The members of an interface, as its source has them. */
export function membersOf(file: string, name: string): string[] {
  const text = readFileSync(join(SOURCE, file), 'utf8');
  const body = new RegExp(`export interface ${name}\\b[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(text)?.[1];
  assert.ok(body !== undefined, `${file} has no interface ${name}`);
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member]) => `${name}.${member}`);
}

/** Every name is in a row that carries a secret by it, or is known to carry none, and not both. */
export function assertAllCovered(
  names: readonly string[],
  covered: ReadonlySet<string>,
  harmless: Iterable<string>,
): void {
  const without = new Set(harmless);
  const missing = names.filter((name) => !covered.has(name) && !without.has(name));
  assert.deepEqual(missing, [], 'no row carries a secret by these, and none says that they carry none');
  const unknown = [...covered, ...without].filter((name) => !names.includes(name));
  assert.deepEqual(unknown, [], 'these are no longer there');
  assert.deepEqual(
    [...covered].filter((name) => without.has(name)),
    [],
    'said to carry none',
  );
}

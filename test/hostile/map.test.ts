/** The maps of map.ts name tests that exist, by file and title, and every row of LIMITS. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.ts';
import { ATTACK_TESTS } from './attacks.ts';
import { LIMIT_TESTS, type Shown } from './map.ts';

const TEXT = String.raw`'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|\x60((?:\\.|[^\x60\\])*)\x60`;
const TITLE = new RegExp(String.raw`\b(?:test|it)\(\s*(?:${TEXT})`, 'g');

/** The titles of a file's tests; `…` stands for each value that is put in. */
function titlesOf(source: string): string[] {
  return [...source.matchAll(TITLE)].map(([, single, double, template]) =>
    template === undefined ? (single ?? double!).replaceAll(/\\(['"])/g, '$1') : filled(template),
  );
}

function filled(template: string): string {
  return template.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…');
}

/** A row is a text of its own, or the key of one. */
function hasRow(source: string, row: string): boolean {
  const key = /^\w+$/.test(row) && new RegExp(`^\\s*${row}:`, 'm').test(source);
  return (
    key ||
    [...source.matchAll(new RegExp(TEXT, 'g'))].some((texts) =>
      texts.slice(1).some((text) => row === filled(text ?? '')),
    )
  );
}

function check([file, title, row]: Shown): void {
  const source = readFileSync(join(import.meta.dirname, '..', file), 'utf8');
  const count = titlesOf(source).filter((other) => other === title).length;
  assert.equal(count, 1, `${file} has ${count} tests "${title}"`);
  if (row !== undefined) assert.ok(hasRow(source, row), `${file} has no row "${row}"`);
  else assert.ok(!title.startsWith('…') || title.length > 20, `${file}, "${title}": which row?`);
}

test('every row of LIMITS is in the map, and no other', () => {
  assert.deepEqual(Object.keys(LIMIT_TESTS).sort(), Object.keys(LIMITS).sort());
});

for (const [name, shown] of [...Object.entries(LIMIT_TESTS), ...Object.entries(ATTACK_TESTS)]) {
  test(`${name}: its tests exist, or it says why there is none`, () => {
    if (typeof shown === 'string') assert.ok(shown.length > 20);
    else shown.forEach(check);
  });
}

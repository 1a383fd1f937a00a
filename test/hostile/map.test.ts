/** The maps of map.ts name tests that exist, and every row of LIMITS. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.ts';
import { ATTACK_TESTS, LIMIT_TESTS, type Shown } from './map.ts';

function check([file, title]: Shown): string {
  const source = readFileSync(join(import.meta.dirname, '..', file), 'utf8');
  assert.ok(source.includes(title), `${file} has no test "${title}"`);
  return source;
}

test('every row of LIMITS is in the map, and no other', () => {
  assert.deepEqual(Object.keys(LIMIT_TESTS).sort(), Object.keys(LIMITS).sort());
});

for (const [name, shown] of Object.entries(LIMIT_TESTS)) {
  if (typeof shown !== 'string') test(`limit ${name}: its test exists`, () => void check(shown));
}
for (const [name, shown] of Object.entries(ATTACK_TESTS))
  test(`${name}: its test exists`, () => void check(shown));

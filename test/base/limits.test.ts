import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkLimit, LIMITS, type LimitName } from '../../src/base/limits.ts';

const NAMES = Object.keys(LIMITS) as LimitName[];
const source = join(import.meta.dirname, '../../src');

function sources(): string[] {
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== join('base', 'limits.ts'))
    .map((name) => readFileSync(join(source, name), 'utf8'));
}

for (const name of NAMES) {
  test(`${name}: the limit itself is let pass, one more is LIMIT_EXCEEDED with both numbers`, () => {
    const { value, why } = LIMITS[name];
    assert.ok(Number.isSafeInteger(value) && value > 0);
    assert.ok(why.length > 5);
    checkLimit(name, 0);
    checkLimit(name, value);
    assert.throws(() => checkLimit(name, value + 1), {
      code: 'LIMIT_EXCEEDED',
      details: { limit: name, expected: value, actual: value + 1 },
    });
  });
}

test('every limit is enforced somewhere', () => {
  const all = sources().join('\n');
  const unused = NAMES.filter((name) => !all.includes(`LIMITS.${name}`) && !all.includes(`'${name}'`));
  assert.deepEqual(unused, []);
});

/** Patterns for paths: what fits, and that no name of a server makes one slow. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathFilter } from '../../src/base/path-filter.ts';
import { pathPattern } from '../../src/base/path-pattern.ts';

const CASES: readonly (readonly [pattern: string, fits: readonly string[], not: readonly string[]])[] = [
  ['*.ts', ['a.ts', '.ts'], ['a/b.ts', 'a.tsx', 'ats']],
  ['**/*.ts', ['a.ts', 'a/b.ts', 'a/.b/c.ts'], ['a/b.js', 'a.ts/b']],
  ['a/**', ['a', 'a/b', 'a/b/c'], ['b', 'ab', 'b/a']],
  ['a/**/b', ['a/b', 'a/x/b', 'a/x/y/b', 'a/b/b'], ['a', 'a/b/c', 'b']],
  ['{a,{b,c}}x', ['ax', 'bx', 'cx'], ['dx', 'x']],
  ['x{a}', ['x{a}'], ['xa']],
  ['{a{b,c}d}', ['{abd}', '{acd}'], ['abd', 'a']],
  ['{a,{b,c}', ['{a,b', '{a,c'], ['a', 'b']],
  ['a},{b', ['a},{b'], ['a', 'b']],
  ['{a\\,b,c\\}}', ['a,b', 'c}'], ['a', 'b', 'c']],
  ['[a-c0]?', ['ax', 'c1', '0.'], ['dx', 'a', 'axx']],
  ['[!a-c]', ['d', '.'], ['a', 'b', 'dd']],
  ['[]a]', [']', 'a'], ['b']],
  ['\\*\\{', ['*{'], ['x{', '\\*{']],
  ['a**b', ['ab', 'axxb'], ['a/b']],
];

for (const [pattern, fits, not] of CASES) {
  test(`${pattern}`, () => {
    const matches = pathPattern(pattern);
    for (const path of fits) assert.ok(matches(path), path);
    for (const path of not) assert.ok(!matches(path), path);
  });
}

test('a pattern with many stars is quick against any name (libssh CVE-2026-0967)', () => {
  const name = 'a'.repeat(60_000);
  for (const pattern of ['*a*a*a*a*a*a*a*b', '**/*a*a*b', `${'{a,b}'.repeat(10)}`, '*?*?*?*?*?b'])
    assert.equal(pathPattern(pattern)(name), false);
  assert.equal(pathPattern('**/a/**/a/**/b')('a/'.repeat(20_000)), false);
});

test('a pattern that stands for too many others is refused', () => {
  assert.throws(() => pathFilter({ include: '{a,b}'.repeat(11) }), { code: 'INVALID_ARGUMENT' });
  assert.throws(() => pathFilter({ exclude: `{${'a,'.repeat(1024)}}` }), { code: 'INVALID_ARGUMENT' });
  assert.throws(() => pathFilter({ include: '{a,b}'.repeat(800) }), { code: 'INVALID_ARGUMENT' });
});

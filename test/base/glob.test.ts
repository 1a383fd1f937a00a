import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchGlob } from '../../src/base/glob.ts';

const CASES: readonly [pattern: string, text: string, matches: boolean][] = [
  ['', '', true],
  ['', 'a', false],
  ['*', '', true],
  ['*', 'anything at all', true],
  ['?', '', false],
  ['?', 'a', true],
  ['a*c', 'abbbc', true],
  ['a*c', 'abbbd', false],
  ['a*b*c', 'aXbYbZc', true],
  ['*.example.com', 'www.example.com', true],
  ['*.example.com', 'example.com', false],
  ['*.example.com', 'www.example.com.evil', false],
  ['192.168.1.?', '192.168.1.7', true],
  ['192.168.1.?', '192.168.1.77', false],
  ['[*]:2222', '[host]:2222', true],
  ['a.c', 'abc', false],
  ['**a**', 'xxaxx', true],
  ['a*', 'b', false],
];

for (const [pattern, text, matches] of CASES) {
  test(`"${pattern}" ${matches ? 'matches' : 'does not match'} "${text}"`, () => {
    assert.equal(matchGlob(pattern, text), matches);
  });
}

test('agrees with a regular expression on short patterns', () => {
  const pattern = fc.stringMatching(/^[ab*?]{0,6}$/);
  const text = fc.stringMatching(/^[ab]{0,8}$/);
  fc.assert(
    fc.property(pattern, text, (p, t) => {
      const expected = new RegExp(`^${p.replaceAll('*', '.*').replaceAll('?', '.')}$`).test(t);
      assert.equal(matchGlob(p, t), expected);
    }),
    { numRuns: 500 },
  );
});

test('libssh CVE-2026-0967: many stars against a long name end soon', () => {
  const start = performance.now();
  assert.equal(matchGlob('*a'.repeat(1000), 'a'.repeat(5000).concat('b')), false);
  assert.ok(performance.now() - start < 1000);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.ts';
import { sanitize } from '../../src/base/text.ts';

const DANGEROUS: readonly (readonly [low: number, high: number])[] = [
  [0x00, 0x1f],
  [0x7f, 0x9f],
  [0x2028, 0x2029],
  [0x202a, 0x202e],
  [0x2066, 0x2069],
  [0xfeff, 0xfeff],
];

test('every control character, line break and bidirectional override becomes a question mark', () => {
  for (const [low, high] of DANGEROUS) {
    for (let code = low; code <= high; code++) {
      assert.equal(sanitize(`a${String.fromCodePoint(code)}b`), 'a?b', code.toString(16));
    }
  }
});

test('what is left is the text itself, of the same length', () => {
  const isDangerous = (code: number): boolean => DANGEROUS.some(([low, high]) => code >= low && code <= high);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const clean = sanitize(text);
      assert.equal(clean.length, text.length);
      for (let i = 0; i < text.length; i++) {
        assert.equal(clean[i], isDangerous(text.charCodeAt(i)) ? '?' : text[i]);
      }
    }),
  );
});

test('texts are cut at the limit, and the cut shows', () => {
  const max = LIMITS.peerTextChars.value;
  assert.equal(sanitize('x'.repeat(max)), 'x'.repeat(max));
  assert.equal(sanitize('x'.repeat(max + 1)), `${'x'.repeat(max)}…`);
  assert.equal(sanitize('abcdef', 3), 'abc…');
});

test('an escape sequence cannot reach a terminal', () => {
  assert.equal(sanitize('\u001b[31mred\u001b[0m\r\n\u009b2J'), '?[31mred?[0m???2J');
});

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWherryError } from '../../src/base/errors.ts';
import { type ControlLine, entryLine, parseControlLine, timesLine } from '../../src/scp/control-line.ts';
import { quote, scpCommand } from '../../src/scp/quote.ts';

const GOOD: readonly (readonly [string, ControlLine])[] = [
  ['C0644 0 a', { kind: 'file', mode: 0o644, size: 0, name: 'a' }],
  ['C4755 9007199254740991 a b', { kind: 'file', mode: 0o4755, size: Number.MAX_SAFE_INTEGER, name: 'a b' }],
  ['D0755 0 folder', { kind: 'folder', mode: 0o755, name: 'folder' }],
  ['E', { kind: 'leave' }],
  [
    'T1700000000 0 1700000001 500000',
    { kind: 'times', modifyTime: 1_700_000_000, accessTime: 1_700_000_001 },
  ],
  ['\x01scp: a: gone', { kind: 'trouble', fatal: false, message: 'scp: a: gone' }],
  ['\x02\x1b[31mred', { kind: 'trouble', fatal: true, message: '?[31mred' }],
];

const BAD: readonly string[] = [
  '',
  'C0644 0',
  'C0644 0 ',
  'C644 0 a',
  'C06440 0 a',
  'C0844 0 a',
  'C0644 -1 a',
  'C0644 1e3 a',
  'C0644 9007199254740993 a',
  'C0644 99999999999999999999 a',
  'C0644  1 a',
  'D0755 0',
  'EE',
  'E ',
  'T1 2 3',
  'T-1 0 1 0',
  'T1 0 1 0 ',
  'X0644 0 a',
  'c0644 0 a',
  '\0C0644 0 a',
];

for (const [line, value] of GOOD) {
  test(`read ${JSON.stringify(line)}`, () => assert.deepEqual(parseControlLine(line), value));
}

for (const line of BAD) {
  test(`refuse ${JSON.stringify(line)}`, () => {
    assert.throws(
      () => parseControlLine(line),
      (error) => isWherryError(error) && error.code === 'SSH_MALFORMED',
    );
  });
}

test('what we write is what we read', () => {
  const name = fc.string({ minLength: 1, maxLength: 50 }).filter((text) => !/[/\n\0]/.test(text));
  fc.assert(
    fc.property(fc.nat(0o7777), fc.maxSafeNat(), name, (mode, size, text) => {
      const line = entryLine('C', mode, size, text);
      assert.deepEqual(parseControlLine(line.slice(0, -1)), { kind: 'file', mode, size, name: text });
    }),
  );
  assert.deepEqual(parseControlLine(timesLine(12.9, 0).trimEnd()), {
    kind: 'times',
    modifyTime: 12,
    accessTime: 0,
  });
});

for (const name of ['', 'a/b', 'a\nb', 'a\0b']) {
  test(`never send the name ${JSON.stringify(name)}`, () => {
    assert.throws(
      () => entryLine('C', 0o644, 0, name),
      (error) => isWherryError(error) && error.code === 'INVALID_ARGUMENT',
    );
  });
}

test('a quoted path is one word to a real shell, whatever is in it', () => {
  const shell = (path: string): string =>
    execFileSync('sh', ['-c', `printf %s ${quote(path)}`], { encoding: 'utf8' });
  const hostile = [
    "it's",
    '$(id)',
    '`id`',
    'a;b',
    'a b',
    '"',
    "'",
    "''",
    'a\\b',
    '*',
    '~',
    '!!',
    '&&',
    'a\nb',
    'é',
    '#',
  ];
  for (const path of hostile) assert.equal(shell(path), path);
  const text = fc
    .string({ minLength: 1, maxLength: 20 })
    .filter((one) => !one.includes('\0') && !one.startsWith('-'));
  fc.assert(
    fc.property(text, (path) => shell(path) === path),
    { numRuns: 50 },
  );
});

test('a path is never an option, and a NUL never passes', () => {
  assert.equal(scpCommand('from', '-rf', { recursive: false, preserve: false }), "scp -f './-rf'");
  assert.equal(scpCommand('to', 'x', { recursive: true, preserve: true }), "scp -t -r -p 'x'");
  assert.throws(
    () => quote('a\0b'),
    (error) => isWherryError(error) && error.code === 'INVALID_ARGUMENT',
  );
});

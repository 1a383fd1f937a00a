import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { WherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { VersionReader, versionLine } from '../../../src/ssh/transport/version-exchange.ts';
import { openClient } from '../../support/peer/client.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { type Step, scriptedPeer } from '../../support/peer/scripted-peer.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const badVersion = { code: 'SSH_VERSION_EXCHANGE' } as const;

/** Pushes in pieces of `size`; the line, and how many bytes come behind it. */
function read(
  text: string,
  size = text.length,
  preLines = true,
): { line: string; behind: number } | undefined {
  const reader = new VersionReader(preLines);
  for (let at = 0; at < text.length; at += size) {
    const piece = bytes(text.slice(at, at + size));
    const found = reader.push(piece);
    if (found !== undefined) return { line: found.line, behind: text.length - at - found.next };
  }
  return undefined;
}

const GOOD: readonly (readonly [what: string, text: string, line: string, behind: number])[] = [
  ['CR LF', 'SSH-2.0-x\r\n', 'SSH-2.0-x', 0],
  ['LF only', 'SSH-2.0-x\n', 'SSH-2.0-x', 0],
  ['a comment', 'SSH-2.0-x some words\r\n', 'SSH-2.0-x some words', 0],
  ['1.99, which means 2.0', 'SSH-1.99-old\r\n', 'SSH-1.99-old', 0],
  ['packets right behind', 'SSH-2.0-x\r\n\0\0\x01\x02', 'SSH-2.0-x', 4],
  ['a line feed among the packets', 'SSH-2.0-x\r\n\n\n', 'SSH-2.0-x', 2],
  ['lines before it', 'hello\r\nyou\r\nSSH-2.0-x\r\n', 'SSH-2.0-x', 0],
  ['empty lines before it', '\r\n\nSSH-2.0-x\r\n', 'SSH-2.0-x', 0],
  ['SSH- inside an earlier line', 'not SSH-2.0-y\r\nSSH-2.0-x\r\n', 'SSH-2.0-x', 0],
  ['an empty software name', 'SSH-2.0-\r\n', 'SSH-2.0-', 0],
  ['255 bytes', `SSH-2.0-${'x'.repeat(245)}\r\n`, `SSH-2.0-${'x'.repeat(245)}`, 0],
  [
    'as many lines as are allowed',
    `${'x\n'.repeat(LIMITS.preVersionLines.value)}SSH-2.0-x\r\n`,
    'SSH-2.0-x',
    0,
  ],
];

for (const [what, text, line, behind] of GOOD) {
  test(`taken: ${what}, whole and in pieces of 1, 2, 3 and 7`, () => {
    for (const size of [text.length, 1, 2, 3, 7]) {
      const found = read(text, size)!;
      assert.equal(found.line, line);
      if (size === text.length || size === 1) assert.equal(found.behind, behind);
    }
  });
}

const BAD: readonly (readonly [what: string, text: string, code: string])[] = [
  ['version 1.5', 'SSH-1.5-old\r\n', 'SSH_VERSION_EXCHANGE'],
  ['version 2.1', 'SSH-2.1-x\r\n', 'SSH_VERSION_EXCHANGE'],
  ['version 3', 'SSH-3.0-x\r\n', 'SSH_VERSION_EXCHANGE'],
  ['no version', 'SSH-\r\n', 'SSH_VERSION_EXCHANGE'],
  ['NUL', 'SSH-2.0-x\0y\r\n', 'SSH_VERSION_EXCHANGE'],
  ['256 bytes', `SSH-2.0-${'x'.repeat(246)}\r\n`, 'SSH_VERSION_EXCHANGE'],
  ['256 bytes, LF only', `SSH-2.0-${'x'.repeat(247)}\n`, 'SSH_VERSION_EXCHANGE'],
  ['a line that does not end', 'SSH-2.0-'.padEnd(1000, 'x'), 'SSH_VERSION_EXCHANGE'],
  ['another line that does not end', 'x'.repeat(1000), 'SSH_VERSION_EXCHANGE'],
  ['a line too many', 'x\n'.repeat(LIMITS.preVersionLines.value + 1), 'LIMIT_EXCEEDED'],
];

for (const [what, text, code] of BAD) {
  test(`refused: ${what}, whole and in pieces of 1 and 3`, () => {
    for (const size of [text.length, 1, 3]) assert.throws(() => read(text, size), { code });
  });
}

test('a server is strict: a client may send no line before its version', () => {
  assert.throws(() => read('hello\r\nSSH-2.0-x\r\n', 7, false), badVersion);
  assert.equal(read('SSH-2.0-x\r\n', 1, false)!.line, 'SSH-2.0-x');
});

test('anything at all: a line, patience or a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), fc.integer({ min: 1, max: 50 }), (junk, size) => {
      try {
        read(Buffer.from(junk).toString('latin1'), size);
      } catch (error) {
        assert.ok(['SSH_VERSION_EXCHANGE', 'LIMIT_EXCEEDED'].includes((error as { code: string }).code));
      }
    }),
  );
});

test('our own line is printable ASCII of at most 255 bytes', () => {
  assert.equal(versionLine('wherry_1.0'), 'SSH-2.0-wherry_1.0');
  assert.equal(versionLine('x'.repeat(245)).length + 2, LIMITS.versionLineBytes.value);
  for (const wrong of ['x'.repeat(246), 'a\nb', 'ü', '\0', 'a\u001b[31m']) {
    assert.throws(() => versionLine(wrong), { code: 'INVALID_ARGUMENT' });
  }
});

/** How a whole connection against a script ends: with a client, or with why there is none. */
async function against(chunk: number, ...steps: Step[]) {
  const pair = memoryPair({ chunk });
  const { peer, done } = scriptedPeer(pair.server, steps);
  let error: WherryError | undefined;
  const client = await openClient(pair.client, { timeout: 2000 }).catch((cause: WherryError) => {
    error = cause;
    return undefined;
  });
  await done.catch(() => {});
  return { peer, client, error };
}

test('the text of a server that closes early is in the message, free of control characters', async () => {
  for (const chunk of [1, 4096]) {
    const { error } = await against(
      chunk,
      (p) => p.raw(bytes('Exceeded MaxStartups\u001b[2J\r\n')),
      (p) => p.end(),
    );
    assert.equal(error?.code, 'CONNECTION_LOST');
    assert.equal(
      error?.message,
      'the connection was lost during version exchange; the server said: Exceeded MaxStartups?[2J',
    );
  }
});

test('a server that closes without a word, or in the middle of its line', async () => {
  const silent = await against(4096, (p) => p.end());
  assert.equal(silent.error?.message, 'the connection was lost during version exchange');
  const half = await against(
    4096,
    (p) => p.raw(bytes('SSH-2.0-ha')),
    (p) => p.end(),
  );
  assert.match(String(half.error?.message), /the server said: SSH-2\.0-ha$/);
});

test('an HTTP server is shown for what it is', async () => {
  const { error, peer } = await against(
    4096,
    (p) => p.raw(bytes('HTTP/1.1 400 Bad Request\r\nServer: x\r\n\r\n<html>')),
    (p) => p.end(),
  );
  assert.match(String(error?.message), /the server said: HTTP\/1\.1 400 Bad Request$/);
  assert.equal(peer.received.length, 1);
});

test('SSH 1.5: SSH_VERSION_EXCHANGE, which shows the line', async () => {
  const { error } = await against(4096, (p) => p.raw(bytes('SSH-1.5-Cisco-1.25\r\n')));
  assert.equal(error?.code, 'SSH_VERSION_EXCHANGE');
  assert.match(String(error?.message), /SSH-1\.5-Cisco-1\.25/);
});

/** What the rest of a login needs, for the tests in which only the version line is special. */
const REST: Step[] = [
  (p) => p.exchangeKeys(),
  async (p) => p.payload([6, ...(await p.next(5)).subarray(1)]),
  async (p) => void (await p.next(50)),
  (p) => p.payload([52]),
];

for (const [what, line] of [
  ['1.99', 'SSH-1.99-old'],
  ['a comment and a trailing space', 'SSH-2.0-x some words '],
  ['bytes that are not ASCII', 'SSH-2.0-w\u00f6rtlich \u00c3\u00bc'],
] as const) {
  test(`${what}: both sides put the same bytes into the exchange hash`, async () => {
    for (const chunk of [1, 4096]) {
      const { client, error } = await against(
        chunk,
        (p) => p.raw(bytes('welcome\r\n')),
        (p) => p.version(line),
        ...REST,
      );
      assert.equal(error, undefined);
      await client?.close();
    }
  });
}

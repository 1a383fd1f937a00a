/** What a session does with a server that breaks the rules, goes, or says nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.ts';
import { SftpSession } from '../../src/sftp/session.ts';
import { channelPair } from '../support/sftp/channel-pair.ts';
import { HOME } from '../support/sftp/memory-fs.ts';
import { failure, openMemory, settleTurns, within } from '../support/sftp/memory-session.ts';
import { MemorySftpServer } from '../support/sftp/server.ts';
import type { Sins } from '../support/sftp/sins.ts';
import { packet, str, u32 } from '../support/sftp/wire.ts';

/** Sins that end the session, by code. */
const FATAL: Record<string, { sins: Sins; codes: Parameters<typeof failure>[1][] }> = {
  'a reply with an unknown id': { sins: { unknownId: 0 }, codes: ['SFTP_PROTOCOL'] },
  'a huge frame': { sins: { hugeFrameLength: 0x7fff_ffff }, codes: ['LIMIT_EXCEEDED'] },
  'a frame of no bytes': { sins: { hugeFrameLength: 0 }, codes: ['SFTP_PROTOCOL'] },
  'an end without a word': { sins: { earlyClose: { after: 0, how: 'eof' } }, codes: ['CHANNEL_CLOSED'] },
  'a channel that closes': { sins: { earlyClose: { after: 0, how: 'close' } }, codes: ['CHANNEL_CLOSED'] },
  'a lost connection': { sins: { earlyClose: { after: 0, how: 'lost' } }, codes: ['CONNECTION_LOST'] },
  'an end in mid-frame': { sins: { earlyClose: { after: 0, how: 'mid-frame' } }, codes: ['CHANNEL_CLOSED'] },
};
for (const [what, { sins, codes }] of Object.entries(FATAL)) {
  test(`${what} fails every pending request once with its code, and later ones too`, async () => {
    const { sftp, pair } = await openMemory({ ...sins, extensions: [] });
    const pending = Array.from({ length: 5 }, (_, i) => failure(sftp.stat(`/${i}`), ...codes));
    await within(1000, Promise.all(pending));
    await failure(sftp.stat('/later'), ...codes);
    await settleTurns();
    assert.equal(pair.client.closed, true, 'the channel is not left open');
    await within(1000, sftp.close(), 'close()');
  });
}

test('a reply that comes twice ends the session at the second', async () => {
  const { sftp } = await openMemory({ duplicateReply: 1, extensions: [] });
  assert.equal(await sftp.realpath('.'), HOME);
  assert.equal(await sftp.realpath('.'), HOME);
  await settleTurns();
  await failure(sftp.realpath('.'), 'SFTP_PROTOCOL');
});

test('replies may come in any order, in pieces of one byte', async () => {
  const { sftp, fs } = await openMemory({ reorderReplies: 5, oneByteChunks: true });
  const names = Array.from({ length: 200 }, (_, i) => `f${i}`);
  for (const [i, name] of names.entries()) fs.put(name, Buffer.alloc(i));
  const sizes = await Promise.all(names.map(async (name) => (await sftp.stat(name)).size));
  assert.deepEqual(
    sizes,
    names.map((_, i) => i),
  );
});

test('statuses without a message, with invalid UTF-8, with terminal codes', async () => {
  const bare = await openMemory({ statusWithoutMessage: true });
  assert.equal((await failure(bare.sftp.stat('/none'), 'SFTP_NO_SUCH_FILE')).details.serverMessage, '');
  await bare.sftp.mkdir('made');
  const odd = await openMemory({
    failOn: new Map([
      [17, { status: 4, message: Buffer.from('ff fe 1b5b 41 0a'.replaceAll(' ', ''), 'hex') }],
    ]),
  });
  const error = await failure(odd.sftp.stat('x'), 'SFTP_FAILURE');
  assert.equal(error.details.serverMessage, '\ufffd\ufffd?[A?');
});

test('a server of another version, or that says something else first, is refused', async () => {
  for (const version of [0, 2, 4, 6]) {
    const error = await failure(openMemory({ version }), 'SFTP_PROTOCOL');
    assert.deepEqual(error.details.theirs, [String(version)]);
  }
  for (const bytes of [
    packet(101, u32(0), u32(0), str(''), str('')),
    packet(103, u32(0), str('x')),
    packet(2, u32(3), str('name without data')),
    Buffer.from('This service allows sftp connections only.\n'),
  ]) {
    const pair = channelPair();
    const session = new SftpSession(pair.client, 0);
    const started = session.start();
    pair.server.send(bytes);
    await failure(started, 'SFTP_PROTOCOL', 'LIMIT_EXCEEDED');
    assert.equal(pair.client.closed, true);
  }
});

test('starting on a channel that is gone fails with the cause', async () => {
  const pair = channelPair();
  const session = new SftpSession(pair.client, 0);
  pair.server.close();
  await settleTurns();
  await failure(session.start(), 'CHANNEL_CLOSED');
});

test('close is idempotent, fails what is pending with CLOSED, and waits no longer than the timeout', async () => {
  const { sftp } = await openMemory({ silentAfter: 1 });
  const pending = failure(sftp.stat('x'), 'CLOSED');
  await within(1000, Promise.all([sftp.close(), sftp.close(), pending]));
  await sftp.close();
  const silent = await openMemory({ silentAfter: 0 }, { ignoreClose: true, timeout: 100 });
  const left = failure(silent.sftp.stat('x', { timeout: 0 }), 'CLOSED');
  await within(3000, silent.sftp.close(), 'close() of a peer that never answers');
  await within(100, left, 'what was pending');
  await failure(silent.sftp.stat('x'), 'CLOSED');
  await within(3000, silent.sftp.close());
});

/** Some of everything at a time; every promise has to settle. */
async function busy(sftp: Awaited<ReturnType<typeof openMemory>>['sftp']): Promise<string[]> {
  const listing = async (): Promise<number> => {
    let count = 0;
    for await (const _ of sftp.list('.')) count++;
    return count;
  };
  const settled = await Promise.allSettled([
    sftp.stat('f'),
    sftp.readFile('f'),
    sftp.upload(Buffer.alloc(100_000), 'up'),
    listing(),
    sftp.open('f', 'r').then(async (file) => {
      await file.read(0, 10);
      await file.close();
    }),
    sftp.space('f'),
  ]);
  return settled.map((one) => (one.status === 'fulfilled' ? 'ok' : String(one.reason?.code ?? one.reason)));
}

for (const how of ['eof', 'close', 'lost', 'mid-frame'] as const) {
  test(`everything pending settles when the session dies (${how}) at each packet`, async () => {
    for (let after = 0; ; after++) {
      const { sftp, fs, server } = await openMemory({ earlyClose: { after, how }, extensions: [] });
      fs.put('f', Buffer.alloc(200_000, 3));
      const results = await within(3000, busy(sftp), `at packet ${after}`);
      for (const result of results) {
        const expected = ['ok', 'CONNECTION_LOST', 'CHANNEL_CLOSED', 'SFTP_OP_UNSUPPORTED'];
        assert.ok(expected.includes(result), `at packet ${after}: ${result}`);
      }
      await within(1000, sftp.close());
      if (server.received.length <= after) {
        assert.deepEqual(results.slice(0, 5), ['ok', 'ok', 'ok', 'ok', 'ok']);
        assert.ok(after > 15);
        break;
      }
    }
  });
}

test('a request whose answer cannot be read fails instead of hanging', async () => {
  for (const type of [5, 6]) {
    const { sftp, fs } = await openMemory(
      { wrongReplyType: { request: type, reply: 101, body: Buffer.from([0, 0]) }, extensions: [] },
      { timeout: 0 },
    );
    fs.put('f', Buffer.alloc(10));
    const move = type === 5 ? sftp.readFile('f') : sftp.upload(Buffer.alloc(10), 'f');
    await within(1000, failure(move, 'SFTP_PROTOCOL'));
  }
});

test('a late OPEN handle is closed, a late failure is dropped', async () => {
  const { sftp, server, fs } = await openMemory({ delay: 20, extensions: [] });
  fs.put('f', Buffer.alloc(1));
  await failure(sftp.open('f', 'r', {}, { timeout: 1 }), 'TIMEOUT');
  await failure(sftp.open('none', 'r', {}, { timeout: 1 }), 'TIMEOUT');
  await new Promise((resolve) => setTimeout(resolve, 80));
  assert.deepEqual([server.openedHandles, server.openHandles, server.count(4)], [1, 0, 1]);
});

test('handles over 256 bytes are refused', async () => {
  const { sftp, fs } = await openMemory({
    wrongReplyType: { request: 3, reply: 102, body: str(Buffer.alloc(257)) },
    extensions: [],
  });
  fs.put('f', Buffer.alloc(1));
  await failure(sftp.open('f', 'r'), 'SFTP_PROTOCOL');
});

test('a server that claims more names than it sends, or too many, is refused', async () => {
  for (const [hugeNameCount, code] of [
    [0xffff_ffff, 'LIMIT_EXCEEDED'],
    [LIMITS.namesPerReply.value + 1, 'LIMIT_EXCEEDED'],
    [LIMITS.namesPerReply.value, 'SFTP_PROTOCOL'],
    [3, 'SFTP_PROTOCOL'],
  ] as const) {
    const { sftp } = await openMemory({ hugeNameCount });
    const listing = (async () => {
      for await (const _ of sftp.list('.'));
    })();
    await within(1000, failure(listing, code));
  }
});

test('a listing that never ends is cut at maxEntries; one of empty replies ends', async () => {
  const { sftp, server } = await openMemory({ neverEndingListing: 'entries' });
  let count = 0;
  const listing = (async () => {
    for await (const _ of sftp.list('.', { maxEntries: 50 })) count++;
  })();
  const error = await within(1000, failure(listing, 'LIMIT_EXCEEDED'));
  assert.deepEqual([count, error.details.expected], [50, 50]);
  await settleTurns();
  assert.equal(server.openHandles, 0);
  const empty = await openMemory({ neverEndingListing: 'empty' });
  const names: string[] = [];
  const all = (async () => {
    for await (const entry of empty.sftp.list('.')) names.push(entry.name);
  })();
  await within(1000, all, 'a listing of empty replies');
  assert.deepEqual(names, []);
});

test('names come as the server sends them, `.` and `..` aside; longname without terminal codes', async () => {
  const listedNames = [
    '../x',
    '/etc/x',
    '',
    'a/b',
    'a\u0000b',
    'a\nb\u001b[31m',
    'ünï',
    Buffer.from('ff41', 'hex'),
  ];
  const { sftp } = await openMemory({ listedNames });
  const entries: { name: string; longname: string }[] = [];
  for await (const entry of sftp.list('.')) entries.push(entry);
  assert.deepEqual(
    entries.map((entry) => entry.name),
    ['../x', '/etc/x', '', 'a/b', 'a\u0000b', 'a\nb\u001b[31m', 'ünï', '\udcffA'],
  );
  for (const { longname } of entries) assert.doesNotMatch(longname, /[\u0000-\u001f]/);
});

test('leaving a listing early, or aborting it, closes the folder', async () => {
  const { sftp, server, fs } = await openMemory();
  for (let i = 0; i < 500; i++) fs.put(`f${i}`, Buffer.alloc(0));
  for await (const _ of sftp.list('.')) break;
  await settleTurns();
  assert.equal(server.openHandles, 0);
  const abort = new AbortController();
  const listing = (async () => {
    for await (const _ of sftp.list('.', { signal: abort.signal })) abort.abort();
  })();
  await failure(listing, 'ABORTED');
  await settleTurns();
  assert.equal(server.openHandles, 0);
  let count = 0;
  for await (const _ of sftp.list('.')) count++;
  assert.equal(count, 500);
});

test('no attributes at all: nothing is invented', async () => {
  const { sftp, fs } = await openMemory({ noAttributes: true });
  fs.put('f', Buffer.alloc(3));
  assert.deepEqual(await sftp.stat('f'), {});
  for await (const entry of sftp.list('.')) assert.equal(entry.type, 'unknown');
});

test('the memory server itself answers like one', async () => {
  const pair = channelPair();
  const server = new MemorySftpServer(pair.server);
  assert.equal(server.received.length, 0);
  const session = new SftpSession(pair.client, 0);
  await session.start();
  assert.equal(session.announced.size, 9);
});

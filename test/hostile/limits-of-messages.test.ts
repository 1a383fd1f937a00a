/** Limits on what a server sends, each at the limit and one past it, through the code that holds to it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WherryError } from '../../src/base/errors.ts';
import { LIMITS } from '../../src/base/limits.ts';
import { connect, fingerprints, openSftp } from '../../src/index.ts';
import { startServer } from '../../src/server/index.ts';
import { decodeAttributes } from '../../src/sftp/attributes.ts';
import { ALL_VERSIONS, type SftpVersion } from '../../src/sftp/versions.ts';
import { keyboardInteractiveMethod } from '../../src/ssh/auth/keyboard-interactive.ts';
import { WireReader } from '../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { openClient, type TestClientOptions } from '../support/peer/client.ts';
import { LOGIN_GRANTED, logInTo, UP_TO_LOGIN } from '../support/peer/login-script.ts';
import { memoryPair } from '../support/peer/memory-pair.ts';
import { type Step, scriptedPeer } from '../support/peer/scripted-peer.ts';
import { listingFrom, pageOf } from '../support/sftp/listing.ts';
import { failure } from '../support/sftp/memory-session.ts';
import { str, u32 } from '../support/sftp/wire.ts';

/** A login against a script: what ended it, if anything. */
async function meet(steps: readonly Step[], options: TestClientOptions = {}) {
  const { client, peer, pair, done, error } = await logInTo(steps, options);
  await client?.close();
  pair.cut();
  await done.catch(() => {});
  return { error, peer };
}

test('extInfoEntries: as many extensions as the limit are taken, one more is over it', async () => {
  const max = LIMITS.extInfoEntries.value;
  for (const count of [max, max + 1]) {
    const info = new WireWriter().u8(7).u32(count);
    for (let i = 0; i < count; i++) info.text(`extension-${i}`).text('');
    const { error } = await meet([
      ...UP_TO_LOGIN.slice(0, 2),
      (p) => p.payload(info.finish()),
      ...UP_TO_LOGIN.slice(2),
      LOGIN_GRANTED,
    ]);
    assert.equal(error?.details.limit, count > max ? 'extInfoEntries' : undefined, String(error));
  }
});

test('authPrompts: as many prompts as the limit are answered, one more is over it', async () => {
  const max = LIMITS.authPrompts.value;
  for (const count of [max, max + 1]) {
    let asked = 0;
    const method = keyboardInteractiveMethod(({ prompts }) => {
      asked = prompts.length;
      return prompts.map(() => 'x');
    });
    const request = new WireWriter().u8(60).text('').text('').text('').u32(count);
    for (let i = 0; i < count; i++) request.text('?').bool(true);
    const { error } = await meet(
      [
        ...UP_TO_LOGIN,
        async (p) => {
          await p.next(50);
          p.payload(new WireWriter().u8(51).nameList(['keyboard-interactive']).bool(false).finish());
          await p.next(50);
          p.payload(request.finish());
          await p.next(61);
          p.payload([52]);
        },
      ],
      { methods: [method] },
    );
    assert.equal(error?.details.limit, count > max ? 'authPrompts' : undefined, String(error));
    assert.equal(asked, count > max ? 0 : max);
  }
});

test('bannerBytes: banners of as many bytes as the limit are shown, one byte more is not', async () => {
  const half = LIMITS.bannerBytes.value / 2;
  for (const [lengths, shown] of [
    [[half, half], 2 * half],
    [[half, half + 1], half],
    [[half, half, 1], 2 * half],
  ] as const) {
    const banners: string[] = [];
    const flood: Step = (p) => {
      for (const length of lengths)
        p.payload(new WireWriter().u8(53).text('x'.repeat(length)).text('').finish());
    };
    const { error } = await meet([...UP_TO_LOGIN, flood, LOGIN_GRANTED], {
      onBanner: (text) => banners.push(text),
    });
    assert.equal(error, undefined);
    assert.equal(banners.join('').length, shown);
  }
});

test('rekeyQueueBytes: as much as the limit is held back during a key exchange, one byte more ends it', async () => {
  const max = LIMITS.rekeyQueueBytes.value;
  for (const more of [0, 1]) {
    const pair = memoryPair();
    const { done } = scriptedPeer(pair.server, [...UP_TO_LOGIN, LOGIN_GRANTED]);
    const client = await openClient(pair.client);
    await done;
    let over: WherryError | undefined;
    client.onClosed((cause) => {
      over = cause;
    });
    client.rekey();
    const head = Uint8Array.of(2);
    const body = new Uint8Array(max / 16 - 1);
    for (let i = 0; i < 16; i++) client.transport.send(head, body);
    assert.equal(over, undefined);
    if (more > 0) {
      client.transport.send(head);
      assert.equal(over!.details.limit, 'rekeyQueueBytes');
    }
    await client.close();
    pair.cut();
  }
});

test('unsentBytes: as many bytes as the limit wait for a peer that does not read, one packet more ends it', async () => {
  const max = LIMITS.unsentBytes.value;
  const pair = memoryPair();
  const { done } = scriptedPeer(pair.server, [...UP_TO_LOGIN, LOGIN_GRANTED], {
    algorithms: { ciphers: ['aes128-gcm@openssh.com'] },
  });
  const client = await openClient(pair.client);
  await done;
  await new Promise((resolve) => setImmediate(resolve));
  let over: WherryError | undefined;
  client.onClosed((cause) => {
    over = cause;
  });
  pair.server.pause();
  // A packet of AES-GCM: length 4, padding length 1, payload, padding 11, tag 16; here of 4 and a multiple of 16 bytes.
  const ignore = (bytes: number): Uint8Array =>
    new WireWriter(bytes)
      .u8(2)
      .string(new Uint8Array(bytes - 4 - 1 - 11 - 16 - 5))
      .finish();
  const [large, last] = [65_540, (max - 1020 * 65_540) / 4];
  for (let i = 0; i < 1020; i++) client.transport.send(ignore(large));
  for (let i = 0; i < 4; i++) client.transport.send(ignore(last));
  assert.equal(over, undefined);
  client.transport.send(Uint8Array.of(2, 0, 0, 0, 0));
  assert.equal(over!.details.limit, 'unsentBytes');
  assert.equal(over!.details.actual, max + 36);
  pair.cut();
  await client.close();
});

test('attributeExtensions: as many pairs of a file as the limit are read, one more is over it', () => {
  const max = LIMITS.attributeExtensions.value;
  for (const count of [max, max + 1]) {
    const writer = new WireWriter().u32(0x8000_0000).u32(count);
    for (let i = 0; i < count; i++) writer.text(`pair-${i}`).text('');
    const read = () => decodeAttributes(new WireReader(writer.finish()));
    if (count === max) assert.equal(read().extended!.length, max);
    else
      assert.throws(read, {
        code: 'LIMIT_EXCEEDED',
        details: { limit: 'attributeExtensions', expected: max, actual: count },
      });
  }
});

test('servedHandles: a session of our server opens as many files as the limit, and no more', async () => {
  await using server = await startServer({ users: { me: { password: 'secret' } } });
  const { host, port } = server;
  const trust = fingerprints([server.fingerprint]);
  await using ssh = await connect({ host, port, username: 'me', password: 'secret', trust });
  await using sftp = await openSftp(ssh);
  const max = LIMITS.servedHandles.value;
  const files = await Promise.all(Array.from({ length: max }, (_, i) => sftp.open(`f${i % 8}`, 'w+')));
  await failure(sftp.open('one-more', 'w'), 'SFTP_FAILURE');
  await files.pop()!.close();
  await (await sftp.open('again', 'w')).close();
  await failure(startServer({ users: {}, limits: { handles: max + 1 } }), 'INVALID_ARGUMENT');
});

/** Lists all that the pages say; how many entries came, and what ended it. */
async function listAll(pages: readonly Uint8Array[], version: SftpVersion = 3) {
  const left = [...pages];
  const { sftp, session } = await listingFrom(() => left.shift(), version);
  let seen = 0;
  let error: WherryError | undefined;
  try {
    for await (const _ of sftp.list('/')) seen++;
  } catch (thrown) {
    error = thrown as WherryError;
  }
  await session.close();
  return { seen, limit: error?.details.limit };
}

test('listingEntries: entries up to the limit are given out, the next one is over it', async () => {
  const max = LIMITS.listingEntries.value;
  const perReply = LIMITS.namesPerReply.value;
  const entry = [str('f'), str(''), u32(0)];
  const full = pageOf(perReply, entry);
  const pages = Array.from({ length: max / perReply }, () => full);
  assert.deepEqual(await listAll([...pages, pageOf(1, entry)]), { seen: max, limit: 'listingEntries' });
});

test('listingChars: names together as long as the limit are given out, the next one is over it', async () => {
  const max = LIMITS.listingChars.value;
  const longest = LIMITS.nameBytes.value;
  const full = pageOf(128, [str('n'.repeat(longest)), str(''), u32(0)]);
  const pages = Array.from({ length: max / longest / 128 }, () => full);
  const one = pageOf(1, [str('n'), str(''), u32(0)]);
  assert.deepEqual(await listAll(pages), { seen: max / longest, limit: undefined });
  assert.deepEqual(await listAll([...pages, one]), { seen: max / longest, limit: 'listingChars' });
});

test('nameBytes: a name as long as the limit is listed, one byte more is over it', async () => {
  const max = LIMITS.nameBytes.value;
  for (const version of ALL_VERSIONS) {
    const page = (length: number) =>
      pageOf(1, [
        str('n'.repeat(length)),
        ...(version === 3 ? [str('')] : []),
        u32(0),
        ...(version === 3 ? [] : [Buffer.of(1)]),
      ]);
    assert.deepEqual(await listAll([page(max)], version), { seen: 1, limit: undefined });
    assert.deepEqual(await listAll([page(max), page(max + 1)], version), { seen: 1, limit: 'nameBytes' });
  }
});

test('attributeBytes: attributes of one file as long as the limit are read, one byte more is over it', () => {
  const max = LIMITS.attributeBytes.value;
  // Flags, number of pairs, and two lengths.
  const overhead = 16;
  for (const length of [max, max + 1]) {
    const writer = new WireWriter()
      .u32(0x8000_0000)
      .u32(1)
      .text('')
      .string(new Uint8Array(length - overhead));
    const read = () => decodeAttributes(new WireReader(writer.finish()));
    if (length === max) assert.equal(read().extended![0]![1].length, max - overhead);
    else
      assert.throws(read, {
        code: 'LIMIT_EXCEEDED',
        details: { limit: 'attributeBytes', expected: max, actual: length },
      });
  }
});

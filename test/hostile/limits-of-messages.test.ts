/** Limits on what a server sends, each at the limit and one past it, through the code that holds to it. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sftp } from '../../src/api/sftp.ts';
import type { WherryError } from '../../src/base/errors.ts';
import { LIMITS } from '../../src/base/limits.ts';
import { connect, fingerprints, openSftp } from '../../src/index.ts';
import { startServer } from '../../src/server/index.ts';
import { decodeAttributes } from '../../src/sftp/attributes.ts';
import { SftpSession } from '../../src/sftp/session.ts';
import { keyboardInteractiveMethod } from '../../src/ssh/auth/keyboard-interactive.ts';
import { WireReader } from '../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { openClient, type TestClientOptions } from '../support/peer/client.ts';
import { LOGIN_GRANTED, logInTo, UP_TO_LOGIN } from '../support/peer/login-script.ts';
import { memoryPair } from '../support/peer/memory-pair.ts';
import { type Step, scriptedPeer } from '../support/peer/scripted-peer.ts';
import { channelPair } from '../support/sftp/channel-pair.ts';
import { failure } from '../support/sftp/memory-session.ts';
import { packet, str, u32 } from '../support/sftp/wire.ts';

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

test('listingEntries: entries up to the limit are given out, the next one is over it', async () => {
  const max = LIMITS.listingEntries.value;
  const perReply = LIMITS.namesPerReply.value;
  const entry = [str('f'), str(''), u32(0)];
  const names = (count: number): Buffer =>
    Buffer.concat([u32(count), ...Array.from({ length: count }, () => entry).flat()]);
  const full = names(perReply);
  const pair = channelPair();
  let left = max + 1;
  pair.server.onData = (bytes) => {
    for (let frames = Buffer.from(bytes); frames.length > 0; ) {
      const [type, id] = [frames[4]!, frames.subarray(5, 9)];
      frames = frames.subarray(4 + frames.readUInt32BE(0));
      const count = Math.min(left, perReply);
      if (type === 1) pair.server.send(packet(2, u32(3)));
      else if (type === 11) pair.server.send(packet(102, id, str('h')));
      else if (type !== 12 || count === 0)
        pair.server.send(packet(101, id, u32(type === 12 ? 1 : 0), str(''), str('')));
      else {
        left -= count;
        pair.server.send(packet(104, id, count === perReply ? full : names(count)));
      }
    }
  };
  const session = new SftpSession(pair.client, 60_000, { version: 3 });
  await session.start();
  let seen = 0;
  const listing = (async () => {
    for await (const _ of new Sftp(session).list('/')) seen++;
  })();
  assert.equal((await failure(listing, 'LIMIT_EXCEEDED')).details.limit, 'listingEntries');
  assert.equal(seen, max);
  await session.close();
});

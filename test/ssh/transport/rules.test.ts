/** The rules of the transport that the options set: strict key exchange, versions, quirks, re-keys by the clock, windows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WherryError } from '../../../src/base/errors.ts';
import type { LogEvent } from '../../../src/base/log.ts';
import { QUIRKS, quirksOf } from '../../../src/ssh/transport/quirks.ts';
import { STRICT_KEX_LEVELS, type StrictKexLevel } from '../../../src/ssh/transport/strict-kex.ts';
import { decode } from '../../../src/ssh/wire/message.ts';
import { CONNECTION, KEX_GEX } from '../../../src/ssh/wire/messages.ts';
import { joinHalves, openClient } from '../../support/peer/client.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { scriptedPeer } from '../../support/peer/scripted-peer.ts';
import { accept, keys, success, version } from './play.ts';

const levels = Object.keys(STRICT_KEX_LEVELS) as StrictKexLevel[];
const CHACHA = ['chacha20-poly1305@openssh.com'];
const CTR = ['aes128-ctr'];

/** Which levels go on without the server, by what would be used. */
const WITHOUT: readonly (readonly [ciphers: readonly string[], macs: string, levels: readonly string[]])[] = [
  [CHACHA, 'hmac-sha2-256', ['off', 'offer']],
  [CTR, 'hmac-sha2-256', ['off', 'offer', 'protect']],
  [CTR, 'hmac-sha2-256-etm@openssh.com', ['off', 'offer', 'protect']],
  [['aes128-gcm@openssh.com'], 'hmac-sha2-256', ['off', 'offer', 'protect']],
  [['aes128-cbc'], 'hmac-sha2-256', ['off', 'offer', 'protect']],
  [['aes128-cbc'], 'hmac-sha2-256-etm@openssh.com', ['off', 'offer']],
];

for (const [ciphers, mac, goOn] of WITHOUT) {
  test(`a server without strict key exchange, ${ciphers[0]} ${mac}: only ${goOn.join(', ')} goes on`, async () => {
    for (const level of levels) {
      const joined = joinHalves({
        both: { algorithms: { ciphers, macs: [mac] } },
        client: { strictKex: level },
        server: { strictKex: false },
      });
      if (goOn.includes(level)) {
        await using open = await joined;
        assert.equal(open.client.transport.strict, false, level);
      } else {
        const error = await joined.then(
          () => undefined,
          (cause: WherryError) => cause,
        );
        assert.equal(error?.code, 'SSH_NEGOTIATION', level);
        assert.match(error!.message, /does not do strict key exchange/);
        if (level === 'protect')
          assert.match(error!.message, /chacha20-poly1305|aes128-cbc with hmac-sha2-256-etm/);
      }
    }
  });
}

test('with a strict server every level but off is strict, whatever the cipher', async () => {
  for (const level of levels) {
    await using joined = await joinHalves({
      both: { algorithms: { ciphers: CHACHA } },
      client: { strictKex: level },
    });
    assert.equal(joined.client.transport.strict, level !== 'off', level);
  }
});

test('one direction that is affected is enough to be refused', async () => {
  const pair = memoryPair();
  const lists = { cipherOut: CTR, cipherIn: CHACHA };
  const { done } = scriptedPeer(pair.server, [version, (p) => p.exchangeKeys({ plain: true, lists })]);
  const error = await openClient(pair.client, { strictKex: 'protect' }).catch((cause: WherryError) => cause);
  assert.equal((error as WherryError).code, 'SSH_NEGOTIATION');
  await done.catch(() => {});
});

test('server version patterns: the default takes 2.0 and 1.99, own ones decide alone', async () => {
  for (const [line, patterns, ok] of [
    ['SSH-2.0-x', undefined, true],
    ['SSH-1.99-x', undefined, true],
    ['SSH-1.5-x', undefined, false],
    ['SSH-2.99-x', undefined, false],
    ['SSH-2.99-x', ['SSH-2.99-*'], true],
    ['SSH-2.0-OpenSSH_9.2', ['*OpenSSH_?.?', '*Dropbear*'], true],
    ['SSH-2.0-OpenSSH_10.0', ['*OpenSSH_?.?', '*Dropbear*'], false],
  ] as const) {
    const pair = memoryPair();
    const { done } = scriptedPeer(pair.server, [(p) => p.version(line), keys, accept, success]);
    const client = await openClient(
      pair.client,
      patterns === undefined ? {} : { serverVersions: patterns },
    ).catch((cause: WherryError) => cause);
    if (client instanceof Error) {
      assert.equal(ok, false, line);
      assert.equal(client.code, 'SSH_VERSION_EXCHANGE');
      assert.deepEqual(client.details.theirs, [line]);
    } else {
      assert.equal(ok, true, line);
      await client.close();
    }
    await done.catch(() => {});
  }
});

test('every quirk has a reason and a pattern, and finds its server', () => {
  for (const [name, row] of Object.entries(QUIRKS)) {
    assert.ok(row.why.length > 20 && row.match.length > 0, name);
    const found = quirksOf(`SSH-2.0-${row.match[0].replaceAll('*', 'x')}`);
    for (const key of Object.keys(found)) assert.ok(key in row);
  }
  assert.deepEqual(quirksOf('SSH-2.0-OpenSSH_9.2p1'), {});
  assert.equal(quirksOf('SSH-1.99-Cisco-1.25').groupBitsMax, 4096);
});

test('the group asked for: the default, the preferred size, and what the server can do at most', async () => {
  for (const [line, groupBits, wanted] of [
    ['SSH-2.0-x', undefined, [2048, 3072, 8192]],
    ['SSH-2.0-x', 2048, [2048, 2048, 8192]],
    ['SSH-2.0-Cisco-1.25', 8192, [2048, 4096, 4096]],
  ] as const) {
    const pair = memoryPair();
    const kex = ['diffie-hellman-group-exchange-sha256'];
    const { peer, done } = scriptedPeer(
      pair.server,
      [(p) => p.version(line), (p) => p.kexInit(), async (p) => void (await p.next(34)), (p) => p.end()],
      { algorithms: { kex } },
    );
    const failed = openClient(pair.client, {
      algorithms: { kex },
      ...(groupBits === undefined ? {} : { groupBits }),
    }).catch(() => {});
    await done;
    const { min, preferred, max } = decode(KEX_GEX.SSH_MSG_KEX_DH_GEX_REQUEST, peer.received.at(-1)!);
    assert.deepEqual([min, preferred, max], wanted);
    await failed;
  }
});

test('keys grow old by the clock too, and rekey on demand says when it is done', async () => {
  const events: LogEvent[] = [];
  await using joined = await joinHalves({
    client: { rekeyInterval: 30, logger: (event) => events.push(event) },
  });
  await sleep(120);
  const rekeys = events.filter((event) => event.kind === 'rekey');
  assert.ok(rekeys.length >= 2, `${rekeys.length} re-keys`);
  const before = events.filter((event) => event.kind === 'negotiated').length;
  joined.client.rekey();
  await joined.client.transport.exchangeDone();
  assert.ok(events.filter((event) => event.kind === 'negotiated').length > before);
});

test('a server that cannot re-key is spared', async () => {
  const pair = memoryPair();
  const { peer, done } = scriptedPeer(pair.server, [
    (p) => p.version('SSH-2.0-Sun_SSH_1.0.1'),
    keys,
    accept,
    success,
  ]);
  const client = await openClient(pair.client);
  client.rekey();
  await client.transport.exchangeDone();
  await done;
  assert.equal(peer.numbers.filter((number) => number === 20).length, 1);
  await client.close();
});

test('a window that grows while connected: credit for open channels, size for later ones', async () => {
  await using joined = await joinHalves({ client: { channels: { maxPacketSize: 8192 } } });
  const first = await joined.client.openChannel('session', 100_000);
  first.attach({ data() {}, closed() {} });
  const theirs = joined.server.channels[0]!;
  assert.equal(theirs.sendWindowLeft, 100_000);
  joined.client.growWindows(300_000);
  await joined.client.ping();
  assert.equal(theirs.sendWindowLeft, 300_000);
  joined.client.growWindows(200_000);
  await joined.client.ping();
  assert.equal(theirs.sendWindowLeft, 300_000, 'never smaller');
  await joined.client.openChannel('session', 100_000);
  assert.equal(joined.server.channels[1]!.sendWindowLeft, 200_000);
});

test('close() closes the channels first; a server that does not answer is waited for no longer than it says', async () => {
  for (const [waitForChannelClose, closeTimeout, atLeast] of [
    [true, 60, 55],
    [false, 5000, 0],
  ] as const) {
    const pair = memoryPair();
    const open = [version, keys, accept, success];
    const { peer, done } = scriptedPeer(pair.server, [
      ...open,
      async (p) => {
        const wanted = decode(CONNECTION.SSH_MSG_CHANNEL_OPEN, await p.next(90));
        p.send(CONNECTION.SSH_MSG_CHANNEL_OPEN_CONFIRMATION, {
          recipient: wanted.sender,
          sender: 7,
          window: 1000,
          maxPacket: 1000,
          specific: new Uint8Array(0),
        });
      },
    ]);
    const client = await openClient(pair.client, { waitForChannelClose, closeTimeout });
    const channel = await client.openChannel('session', 1000);
    const reply = channel.request('x', new Uint8Array(0), true).catch((error: WherryError) => error);
    await done;
    const began = performance.now();
    const closing = client.close();
    assert.equal(((await reply) as WherryError).code, 'CLOSED');
    await peer.next(97);
    await peer.next(1);
    assert.ok(performance.now() - began >= atLeast);
    pair.cut();
    await closing;
  }
});

test('with waitForPeerToClose the stream stays open until the server ends it', async () => {
  const pair = memoryPair();
  const { peer, done } = scriptedPeer(pair.server, [version, keys, accept, success]);
  const client = await openClient(pair.client, { waitForPeerToClose: true, closeTimeout: 5000 });
  await done;
  const closing = client.close();
  await peer.next(1);
  await sleep(20);
  assert.equal(peer.gone, false);
  assert.equal(pair.client.closed, undefined);
  peer.end();
  pair.cut();
  await closing;
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import type { WherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import type { LogEvent } from '../../../src/base/log.ts';
import { type JoinOptions, joinHalves, openClient } from '../../support/peer/client.ts';
import { testKey } from '../../support/peer/host-keys.ts';
import { runLoad, streamHash } from '../../support/peer/load.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { type Step, scriptedPeer } from '../../support/peer/scripted-peer.ts';

const MIB = 1_048_576;

/** Joined halves with the log of both kept apart. */
async function joinLogged(options: JoinOptions) {
  const logs = { client: [] as LogEvent[], server: [] as LogEvent[] };
  const joined = await joinHalves({
    ...options,
    client: { ...options.client, logger: (event) => logs.client.push(event) },
    server: { ...options.server, logger: (event) => logs.server.push(event) },
  });
  const count = (side: 'client' | 'server', kind: LogEvent['kind']): number =>
    logs[side].filter((event) => event.kind === kind).length;
  return { ...joined, count };
}

/** Streams both ways at once on one channel, and compares the hashes. */
async function streamBothWays(
  joined: Awaited<ReturnType<typeof joinHalves>>,
  bytes: number,
  piece?: number,
): Promise<void> {
  const channel = await joined.client.openChannel('session', 262_144);
  const load = { send: bytes, receive: bytes, ...(piece === undefined ? {} : { piece }) };
  const [ours, theirs] = await Promise.all([
    runLoad(channel, 1, load),
    runLoad(joined.server.channels.at(-1)!, 2, load),
  ]);
  assert.equal(ours, streamHash(2, bytes));
  assert.equal(theirs, streamHash(1, bytes));
}

for (const [who, client, server] of [
  ['the client', 65_536, undefined],
  ['the server', undefined, 65_536],
  ['both', 65_536, 65_536],
] as const) {
  for (const chunk of [100, 4096, 65_536]) {
    test(`data both ways while ${who} re-keys every 64 KiB, in pieces of ${chunk}`, async () => {
      const joined = await joinLogged({
        client: client === undefined ? {} : { rekeyBytes: client },
        server: server === undefined ? {} : { rekeyBytes: server },
        line: { chunk },
      });
      const sessionId = toHex(joined.client.transport.sessionId);
      await streamBothWays(joined, 2 * MIB);
      await joined.client.ping();
      const exchanges = joined.count('client', 'negotiated');
      assert.ok(exchanges >= 8, `${exchanges} key exchanges`);
      assert.equal(joined.count('server', 'negotiated'), exchanges);
      if (client === undefined) assert.equal(joined.count('client', 'rekey'), 0);
      if (server === undefined) assert.equal(joined.count('server', 'rekey'), 0);
      assert.equal(toHex(joined.client.transport.sessionId), sessionId);
      await joined.client.close();
    });
  }
}

for (const strictKex of [true, false]) {
  test(`data both ways over a line with latency, strict key exchange ${strictKex}`, async () => {
    const joined = await joinHalves({ both: { strictKex, rekeyBytes: 262_144 }, line: { latency: 4 } });
    await streamBothWays(joined, MIB);
    await joined.client.close();
  });
}

test('messages keep their order over a re-key: one write larger than the window, in which the keys change', async () => {
  for (const chunk of [500, 4096, 65_536]) {
    const joined = await joinHalves({ both: { rekeyBytes: 65_536 }, line: { chunk } });
    // The server gives 2 MiB of window; the rest waits for its credit, which comes right behind its NEWKEYS.
    await streamBothWays(joined, 3 * MIB, 3 * MIB);
    await joined.client.close();
  }
});

const login: readonly Step[] = [
  (p) => p.version(),
  (p) => p.exchangeKeys(),
  async (p) => p.payload([6, ...(await p.next(5)).subarray(1)]),
  async (p) => void (await p.next(50)),
  (p) => p.payload([52]),
];
const u32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

test('data held back by a key exchange goes before the data that the credit behind NEWKEYS sets free', async () => {
  const pair = memoryPair();
  const round: Step = async (p) => {
    p.kexInit();
    await p.agree();
    // One piece: the client reads the credit before it does anything else under the new keys.
    p.newKeys();
    p.payload([93, ...u32(0), ...u32(4000)]);
  };
  const { peer, done } = scriptedPeer(pair.server, [
    ...login,
    async (p) => void (await p.next(90)),
    (p) => p.payload([91, ...u32(0), ...u32(0), ...u32(4000), ...u32(1000)]),
    round,
    round,
    async (p) => void (await p.next(96)),
  ]);
  // The first packet of the write brings on new keys, three more are held, and two wait for the window.
  const client = await openClient(pair.client, { rekeyBytes: 1200 });
  const channel = await client.openChannel('session', 1000);
  channel.attach({ data() {}, closed() {} });
  const bytes = Buffer.from(Array.from({ length: 6000 }, (_, i) => Math.floor(i / 1000)));
  channel.write(bytes);
  channel.end();
  await done;
  const got = peer.received.filter((payload) => payload[0] === 94).map((payload) => payload[9]);
  assert.deepEqual(got, [0, 1, 2, 3, 4, 5]);
  await client.close();
});

test('both sides begin at once: one exchange, and both are content', async () => {
  const joined = await joinLogged({});
  joined.client.rekey();
  joined.server.transport.rekey('test');
  joined.client.rekey();
  await joined.client.ping();
  await joined.client.ping();
  assert.equal(joined.count('client', 'negotiated'), 2);
  assert.equal(joined.count('server', 'negotiated'), 2);
  await joined.client.close();
});

test('a threshold of packets brings on new keys too', async () => {
  const joined = await joinLogged({ client: { rekeyPackets: 20 } });
  for (let i = 0; i < 100; i++) await joined.client.ping();
  assert.ok(joined.count('client', 'rekey') >= 4);
  await joined.client.close();
});

test('a later exchange may use another method, hash size, cipher and MAC; the session id stays', async () => {
  const kex = ['curve25519-sha256'];
  const ciphers = ['aes128-gcm@openssh.com'];
  const joined = await joinHalves({ both: { algorithms: { kex, ciphers } } });
  const sessionId = toHex(joined.client.transport.sessionId);
  for (const [name, cipher] of [
    ['ecdh-sha2-nistp521', 'chacha20-poly1305@openssh.com'],
    ['ecdh-sha2-nistp384', 'aes192-ctr'],
    ['mlkem768x25519-sha256', 'aes256-gcm@openssh.com'],
  ] as const) {
    kex[0] = name;
    ciphers[0] = cipher;
    joined.client.rekey();
    await joined.client.ping();
    await joined.client.ping();
    const { negotiated } = joined.client.transport;
    assert.equal(negotiated?.kexName, name);
    assert.equal(negotiated?.clientToServer.cipherName, cipher);
    assert.equal(toHex(joined.client.transport.sessionId), sessionId);
  }
  await joined.client.close();
});

test('another host key in a later exchange is HOST_KEY_CHANGED, and the first one is not asked about twice', async () => {
  const hostKeys = [testKey('ssh-ed25519')];
  let asked = 0;
  const joined = await joinHalves({
    server: { hostKeys },
    client: {
      verify: async () => {
        asked++;
      },
    },
  });
  joined.client.rekey();
  await joined.client.ping();
  await joined.client.ping();
  assert.equal(asked, 1);
  hostKeys[0] = testKey('ssh-ed25519', 'another');
  const closed = new Promise<WherryError>((resolve) => joined.client.onClosed(resolve));
  joined.client.rekey();
  const error = await closed;
  assert.equal(error.code, 'HOST_KEY_CHANGED');
  assert.match(String(error.details.fingerprint), /^SHA256:/);
  assert.equal(asked, 1);
  const theirs = await joined.server.closed;
  assert.equal(theirs.details.reason, 9);
});

test('a peer that never finishes a key exchange cannot make us keep more than the limit', async () => {
  const pair = memoryPair();
  const { done } = scriptedPeer(pair.server, login);
  const client = await openClient(pair.client);
  await done;
  client.rekey();
  const mib = new Uint8Array(MIB);
  const opened: Promise<unknown>[] = [];
  for (let held = 0; held <= LIMITS.rekeyQueueBytes.value; held += MIB) {
    opened.push(client.openChannel('x', 1000, mib).catch((error: unknown) => error));
  }
  const errors = (await Promise.all(opened)) as WherryError[];
  for (const error of errors) {
    assert.equal(error.code, 'LIMIT_EXCEEDED');
    assert.equal(error.details.limit, 'rekeyQueueBytes');
  }
  await client.close();
});

test('everything asked for during a key exchange is answered after it', async () => {
  const joined = await joinHalves({ line: { latency: 5 } });
  joined.client.rekey();
  const channels = await Promise.all(
    Array.from({ length: 20 }, () => joined.client.openChannel('session', 1000)),
  );
  assert.equal(new Set(channels.map((channel) => channel.local)).size, 20);
  await joined.client.ping();
  await joined.client.close();
});

for (const compression of ['zlib', 'zlib@openssh.com'] as const) {
  test(`${compression}: data both ways, each exchange with fresh streams`, async () => {
    const joined = await joinLogged({
      both: { algorithms: { compressions: [compression] } },
      client: { rekeyPackets: 12 },
      line: { chunk: 4096 },
    });
    await streamBothWays(joined, MIB);
    await joined.client.ping();
    assert.equal(joined.client.transport.negotiated!.serverToClient.compression, compression);
    assert.ok(joined.count('client', 'negotiated') > 2);
    await joined.client.close();
  });
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import type { WherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { Transport } from '../../../src/ssh/transport/transport.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { joinHalves, openClient } from '../../support/peer/client.ts';
import { transportOptions } from '../../support/peer/defaults.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { type Step, scriptedPeer } from '../../support/peer/scripted-peer.ts';

const START: readonly Step[] = [(p) => p.version(), (p) => p.exchangeKeys()];
const LOGIN: readonly Step[] = [
  ...START,
  async (p) => p.payload([6, ...(await p.next(5)).subarray(1)]),
  async (p) => void (await p.next(50)),
  (p) => p.payload([52]),
];

const extInfo = (count: number, ...pairs: readonly (readonly [string, string])[]): Uint8Array => {
  const writer = new WireWriter().u8(7).u32(count);
  for (const [name, value] of pairs) writer.text(name).text(value);
  return writer.finish();
};

/** A client against a script, and what happens. */
async function meet(steps: readonly Step[]) {
  const pair = memoryPair();
  const { peer, done } = scriptedPeer(pair.server, steps);
  let error: WherryError | undefined;
  const client = await openClient(pair.client, { timeout: 2000 }).catch((cause: WherryError) => {
    error = cause;
    return undefined;
  });
  return { pair, peer, done, client, error };
}

const disconnect = (reason: number, text: string): Uint8Array =>
  new WireWriter().u8(1).u32(reason).text(text).text('').finish();

for (const [phase, steps] of [
  ['version exchange', [(p) => p.version(), (p) => p.payload(disconnect(11, 'go\u001b[1m away'))]],
  [
    'key exchange',
    [(p) => p.version(), (p) => p.kexInit(), (p) => p.payload(disconnect(11, 'go\u001b[1m away'))],
  ],
  ['login', [...START, (p) => p.payload(disconnect(11, 'go\u001b[1m away'))]],
] as readonly (readonly [string, readonly Step[]])[]) {
  test(`DISCONNECT during ${phase}: SSH_DISCONNECTED with reason and the peer's words made harmless`, async () => {
    const { error } = await meet(steps);
    assert.equal(error?.code, 'SSH_DISCONNECTED');
    assert.equal(error.details.reason, 11);
    assert.equal(error.details.serverMessage, 'go?[1m away');
    assert.match(error.message, /go\?\[1m away \(11\)$/);
  });
}

test('DISCONNECT without a language tag, as some servers send it', async () => {
  const { error } = await meet([
    ...START,
    (p) => p.payload(new WireWriter().u8(1).u32(2).text('bye').finish()),
  ]);
  assert.equal(error?.details.serverMessage, 'bye');
});

test('DISCONNECT and the end of the stream in one piece: the reason is what counts', async () => {
  const { error } = await meet([
    ...START,
    (p) => {
      p.payload(disconnect(12, 'too many connections'));
      p.end();
    },
  ]);
  assert.equal(error?.code, 'SSH_DISCONNECTED');
});

test('our close: DISCONNECT with reason 11, everything pending rejects with CLOSED, and closing again is fine', async () => {
  const { client, peer, done, pair } = await meet(LOGIN);
  await done;
  const pending = [client!.ping(), client!.openChannel('session', 1000)];
  const settled = Promise.allSettled(pending);
  let reported: WherryError[] = [];
  client!.onClosed((error) => reported.push(error));
  await Promise.all([client!.close(), client!.close()]);
  await client!.close();
  for (const one of await settled) assert.equal((one as PromiseRejectedResult).reason.code, 'CLOSED');
  assert.deepEqual(
    reported.map((error) => error.code),
    ['CLOSED'],
  );
  reported = [];
  client!.onClosed((error) => reported.push(error));
  assert.equal(reported.length, 1);
  await assert.rejects(client!.ping(), { code: 'CLOSED' });
  await assert.rejects(client!.openChannel('session', 1), { code: 'CLOSED' });
  assert.equal(new WireReader(peer.received.at(-1)!, 1).u32(), 11);
  assert.equal(peer.numbers.filter((number) => number === 1).length, 1);
  assert.equal(pair.client.lateWrites, 0);
  client!.rekey();
  client!.ignore();
  assert.equal(pair.client.lateWrites, 0);
});

test('a reset right after our DISCONNECT is a normal end', async () => {
  const { client, done, pair } = await meet(LOGIN);
  await done;
  const causes: string[] = [];
  client!.onClosed((error) => causes.push(error.code));
  const closing = client!.close();
  pair.cut();
  await closing;
  assert.deepEqual(causes, ['CLOSED']);
});

test('EXT_INFO: what it says is taken, what is unknown is passed over, what is damaged is refused', async () => {
  const { client, done } = await meet([
    ...START,
    (p) => p.payload(extInfo(3, ['server-sig-algs', 'a,b'], ['future', 'x\0y'], ['ping@openssh.com', '0'])),
    ...LOGIN.slice(2),
  ]);
  await done;
  assert.deepEqual(client!.transport.peerSignatureAlgorithms, ['a', 'b']);
  assert.equal(client!.transport.peerAnswersPing, true);
  await client!.close();
  const LIES: readonly (readonly [Uint8Array, string])[] = [
    [extInfo(2, ['a', 'b']), 'SSH_MALFORMED'],
    [extInfo(0xffff_ffff), 'LIMIT_EXCEEDED'],
    [extInfo(LIMITS.extInfoEntries.value + 1), 'LIMIT_EXCEEDED'],
    [Uint8Array.of(7, 0, 0), 'SSH_MALFORMED'],
  ];
  for (const [payload, code] of LIES) {
    const { error } = await meet([...START, (p) => p.payload(payload)]);
    assert.equal(error?.code, code);
  }
});

test('PING is answered with its own bytes', async () => {
  const ping = new WireWriter().u8(192).string(Buffer.from('are you there?')).finish();
  const { client, done, peer } = await meet([
    ...LOGIN,
    (p) => p.payload(ping),
    async (p) => void (await p.next(193)),
  ]);
  await done;
  assert.equal(toHex(peer.received.at(-1)!.subarray(1)), toHex(ping.subarray(1)));
  await client!.close();
});

test('a peer that asks and asks without reading the answers is cut off', async () => {
  const ping = new WireWriter(70_000).u8(192).string(new Uint8Array(65_536)).finish();
  let over: WherryError | undefined;
  const { client, done, pair } = await meet([
    ...LOGIN,
    async (p) => {
      await p.next(80);
      pair.server.pause();
      for (let sent = 0; over === undefined && sent < 2 * LIMITS.unsentBytes.value; sent += ping.length) {
        p.payload(ping);
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  ]);
  client!.onClosed((cause) => {
    over = cause;
  });
  const asked = client!.ping().catch(() => {});
  await done;
  assert.equal(over?.code, 'LIMIT_EXCEEDED');
  assert.equal(over?.details.limit, 'unsentBytes');
  pair.cut();
  await asked;
});

test('a connection that ends while NEWKEYS is read never becomes ready', async () => {
  const pair = memoryPair();
  const heard: string[] = [];
  let over: () => void = () => {};
  const ended = new Promise<void>((resolve) => {
    over = resolve;
  });
  const { done } = scriptedPeer(pair.server, [
    (p) => p.version(),
    (p) => p.kexInit(),
    (p) => p.agree(),
    (p) => {
      p.newKeys();
      p.payload(disconnect(2, 'no'));
    },
  ]);
  const transport = new Transport(
    pair.client,
    {
      ...transportOptions({}),
      role: 'client',
      // The peer's NEWKEYS and DISCONNECT arrive meanwhile, and are read in one go.
      verifyHostKey: () => new Promise((resolve) => setTimeout(resolve, 20)),
    },
    {
      ready: () => heard.push('ready'),
      auth: () => heard.push('auth'),
      connection: () => heard.push('connection'),
      writable: () => heard.push('writable'),
      unimplemented: () => {},
      activity: () => {},
      closed: (error) => {
        heard.push(error.code);
        over();
      },
    },
  );
  transport.start();
  await done;
  await ended;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(heard, ['SSH_DISCONNECTED']);
});

test('a guess of the server’s that turns out wrong is dropped, and the exchange goes on', async () => {
  const { client, error } = await meet([
    (p) => p.version(),
    (p) => p.kexInit({ firstKexPacketFollows: true, lists: { kex: ['future-kex', 'curve25519-sha256'] } }),
    (p) => p.payload([30, 1, 2, 3]),
    (p) => p.agree(),
    (p) => p.newKeys(),
    ...LOGIN.slice(2),
  ]);
  assert.equal(error, undefined);
  await client!.close();
});

test('no common algorithm: SSH_NEGOTIATION on both sides, and the peer is told why', async () => {
  await assert.rejects(
    joinHalves({
      client: { algorithms: { ciphers: ['aes128-ctr'] } },
      server: { algorithms: { ciphers: ['aes256-ctr'] } },
    }),
    (error: WherryError) => {
      assert.equal(error.code, 'SSH_NEGOTIATION');
      assert.deepEqual(error.details.ours, ['aes128-ctr']);
      assert.deepEqual(error.details.theirs, ['aes256-ctr']);
      return true;
    },
  );
});

test('a silent server: TIMEOUT with the phase, wherever it falls silent', async () => {
  const PHASES: readonly (readonly [string, readonly Step[]])[] = [
    ['version exchange', []],
    ['key exchange', [(p) => p.version()]],
    ['key exchange', [(p) => p.version(), (p) => p.kexInit()]],
    ['login', START],
    ['login', LOGIN.slice(0, 4)],
  ];
  for (const [phase, steps] of PHASES) {
    const pair = memoryPair();
    const { done } = scriptedPeer(pair.server, steps);
    await assert.rejects(openClient(pair.client, { timeout: 40 }), { code: 'TIMEOUT', details: { phase } });
    await done;
  }
});

test('a stream that is broken before it begins', async () => {
  const pair = memoryPair();
  pair.cut();
  await assert.rejects(openClient(pair.client), {
    code: 'CONNECTION_LOST',
    details: { phase: 'version exchange', errno: 'ECONNRESET' },
  });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { toHex } from '../../../src/base/bytes.ts';
import type { WherryError } from '../../../src/base/errors.ts';
import type { SshConnection } from '../../../src/ssh/connection/ssh-connection.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { joinHalves, openClient, type TestClientOptions } from '../../support/peer/client.ts';
import { runLoad, streamHash } from '../../support/peer/load.ts';
import { LOGIN_GRANTED, UP_TO_LOGIN } from '../../support/peer/login-script.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { type ScriptedPeer, type Step, scriptedPeer } from '../../support/peer/scripted-peer.ts';
import { Heard } from './fake-carrier.ts';

const LOGIN: readonly Step[] = [...UP_TO_LOGIN, LOGIN_GRANTED];
const confirm = (recipient: number, window = 1000, maxPacket = 1000): Uint8Array =>
  new WireWriter()
    .u8(91)
    .u32(recipient)
    .u32(70 + recipient)
    .u32(window)
    .u32(maxPacket)
    .finish();
const openConfirmed: Step = async (p) => {
  await p.next(90);
  p.payload(confirm(0));
};

/** A logged-in client against the rest of a script. */
async function meet(steps: readonly Step[], options: TestClientOptions = {}) {
  const pair = memoryPair();
  const { peer, done } = scriptedPeer(pair.server, [...LOGIN, ...steps]);
  const client = await openClient(pair.client, options);
  const ended = new Promise<WherryError>((resolve) => client.onClosed(resolve));
  return { pair, peer, done, client, ended };
}

/** A client with one open channel, and what becomes of the connection after the payload. */
async function afterPayload(payload: Uint8Array | readonly number[]) {
  const met = await meet([openConfirmed, async (p) => void (await p.next(98)), (p) => p.payload(payload)]);
  const channel = await met.client.openChannel('session', 100);
  const heard = new Heard();
  channel.attach(heard);
  const asked = channel.request('go', new Uint8Array(0), true).catch(() => {});
  await met.done;
  await sleep(5);
  return { ...met, channel, heard, asked };
}

const u32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

const FATAL: readonly (readonly [what: string, payload: readonly number[], code: string])[] = [
  ...[93, 94, 95, 96, 97, 99, 100].map(
    (number) =>
      [
        `message ${number} for a channel that is not open`,
        [number, ...u32(9), ...u32(0), ...u32(0)],
        'SSH_PROTOCOL',
      ] as const,
  ),
  ['a request for a channel that is not open', [98, ...u32(9), ...u32(1), 120, 0], 'SSH_PROTOCOL'],
  ['a confirmation of no open', [...confirm(5)], 'SSH_PROTOCOL'],
  ['a second confirmation', [...confirm(0)], 'SSH_PROTOCOL'],
  ['a refusal of no open', [92, ...u32(5), ...u32(1), ...u32(0), ...u32(0)], 'SSH_PROTOCOL'],
  ['success of no global request', [81], 'SSH_PROTOCOL'],
  ['failure of no global request', [82], 'SSH_PROTOCOL'],
  [
    'more data than the window',
    [94, ...u32(0), ...u32(101), ...new Array<number>(101).fill(0)],
    'SSH_PROTOCOL',
  ],
  ['data with a length that lies', [94, ...u32(0), ...u32(50), 1, 2, 3], 'SSH_MALFORMED'],
  ['a message without a channel number', [94, 0, 0], 'SSH_PROTOCOL'],
  ['a cut channel open', [90, ...u32(90)], 'SSH_MALFORMED'],
  ['a cut global request', [80, ...u32(90)], 'SSH_MALFORMED'],
  ['a cut channel request', [98, ...u32(0), ...u32(90)], 'SSH_MALFORMED'],
  ['a channel opened with packets of 0 bytes', [90, ...u32(1), 120, ...u32(0), ...u32(9), ...u32(0)], 'none'],
];

for (const [what, payload, code] of FATAL) {
  test(`${what}: ${code === 'none' ? 'refused, and the connection goes on' : `${code}, and everything on the connection ends with it`}`, async () => {
    const { client, heard, asked, ended } = await afterPayload(payload);
    if (code === 'none') assert.equal(client.transport.error, undefined);
    else {
      const error = await ended;
      assert.equal(error.code, code);
      assert.deepEqual(heard.endings, [error]);
    }
    await client.close();
    await asked;
  });
}

test('channel open refused: CHANNEL_OPEN_FAILED with reason and words made harmless', async () => {
  const { client } = await meet([
    async (p) => void (await p.next(90)),
    (p) => p.payload(new WireWriter().u8(92).u32(0).u32(4).text('no room\u001b[1m').text('').finish()),
  ]);
  await assert.rejects(client.openChannel('session', 1000), {
    code: 'CHANNEL_OPEN_FAILED',
    details: { reason: 4, serverMessage: 'no room?[1m' },
  });
  await client.close();
});

test('a maximum packet size of 0 in the confirmation is SSH_PROTOCOL, not a stall', async () => {
  const { client } = await meet([
    async (p) => void (await p.next(90)),
    (p) => p.payload(confirm(0, 1000, 0)),
  ]);
  await assert.rejects(client.openChannel('session', 1000), { code: 'SSH_PROTOCOL' });
  await client.close();
});

test('opens and global requests are answered in any number at a time, each its own', async () => {
  const refuse = (recipient: number): Uint8Array =>
    new WireWriter().u8(92).u32(recipient).u32(1).text('').text('').finish();
  const { client, done } = await meet([
    async (p) => {
      for (let i = 0; i < 3; i++) await p.next(90);
      p.payload(confirm(2));
      p.payload(refuse(0));
      p.payload(confirm(1));
    },
    async (p) => {
      for (let i = 0; i < 3; i++) await p.next(80);
      p.payload([81]);
      p.payload([82]);
      p.payload([81, 1, 2, 3]);
    },
  ]);
  const opened = await Promise.allSettled([1, 2, 3].map((window) => client.openChannel('session', window)));
  assert.deepEqual(
    opened.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
  await Promise.all([client.ping(), client.ping(), client.ping()]);
  await done;
  await client.close();
});

test('global requests and channels of the peer’s are answered: failure, and not accepted here', async () => {
  const { client, done, peer } = await meet([
    (p) => p.payload(new WireWriter().u8(80).text('hostkeys-00@openssh.com').bool(false).finish()),
    (p) => p.payload(new WireWriter().u8(80).text('anything').bool(true).raw(Buffer.from('more')).finish()),
    async (p) => void (await p.next(82)),
    (p) => p.payload(new WireWriter().u8(90).text('forwarded-tcpip').u32(44).u32(9).u32(9).finish()),
    async (p) => void (await p.next(92)),
  ]);
  await done;
  assert.equal(peer.numbers.filter((number) => number === 82).length, 1);
  assert.equal(toHex(peer.received.at(-1)!.subarray(0, 9)), '5c0000002c00000001');
  await client.close();
});

test('requests on a channel: understood, not understood, and without an answer wanted', async () => {
  const request = (name: string, wantReply: boolean): Uint8Array =>
    new WireWriter().u8(98).u32(0).text(name).bool(wantReply).finish();
  const { client, done, peer } = await meet([
    openConfirmed,
    async (p) => void (await p.next(98)),
    (p) => p.payload(request('known', true)),
    async (p) => void (await p.next(99)),
    (p) => p.payload(request('eow@openssh.com', true)),
    async (p) => void (await p.next(100)),
    (p) => p.payload(request('un\u001bknown', false)),
    (p) => p.payload(request('known', false)),
  ]);
  const heard = new Heard();
  const channel = await client.openChannel('session', 100);
  channel.attach(heard);
  await channel.request('go', new Uint8Array(0), false);
  await done;
  await sleep(5);
  assert.deepEqual(heard.requests, ['known', 'eow@openssh.com', 'un?known', 'known']);
  assert.deepEqual(peer.numbers.slice(-2), [99, 100]);
  await client.close();
});

test('numbers of closed channels are free again, and a channel that we closed takes what is still on its way', async () => {
  await using joined = await joinHalves();
  for (let i = 0; i < 50; i++) {
    const channel = await joined.client.openChannel('session', 1000);
    const heard = new Heard();
    channel.attach(heard);
    const theirs = joined.server.channels.at(-1)!;
    theirs.write(Buffer.from('on its way'));
    channel.close();
    await joined.client.ping();
    assert.deepEqual(heard.endings, [undefined]);
  }
});

test('extended data both read and unread never stops a channel', async () => {
  await using joined = await joinHalves();
  const channel = await joined.client.openChannel('session', 1000);
  const heard = new Heard();
  channel.attach(heard);
  const { transport } = joined.server;
  for (let i = 0; i < 100; i++) {
    transport.send(new WireWriter().u8(95).u32(channel.local).u32(1).string(new Uint8Array(100)).finish());
    if (i % 5 === 4) await joined.client.ping();
  }
  assert.equal(heard.extendedChunks.length, 100);
});

for (const [what, line] of [
  ['1 byte', { chunk: 1 }],
  ['13 bytes', { chunk: 13 }],
  ['64 KiB', {}],
] as const) {
  test(`several channels at once, both ways, in pieces of ${what}`, async () => {
    const joined = await joinHalves({ line });
    const total = what === '1 byte' ? 20_000 : 200_000;
    const runs = await Promise.all(
      [0, 1, 2, 3].map(async (n) => {
        const channel = await joined.client.openChannel('session', 3000 + n * 1000);
        const server = joined.server.channels[n]!;
        return Promise.all([
          runLoad(channel, n, { send: total, receive: total, piece: 777 }),
          runLoad(server, n + 9, { send: total, receive: total, piece: 5000 }),
        ]);
      }),
    );
    for (const [n, [ours, theirs]] of runs.entries()) {
      assert.equal(ours, streamHash(n + 9, total));
      assert.equal(theirs, streamHash(n, total));
    }
    await joined.client.close();
  });
}

/** Counts the keep-alive requests a silent server gets. */
const silent: Step = async (p: ScriptedPeer) => {
  while (!p.gone) await p.next().catch(() => {});
};

test('keep-alive: a server that stays silent is dead after so many intervals, and everything ends with it', async () => {
  const { client, ended, peer } = await meet([silent], { keepAlive: { interval: 15, count: 3 } });
  const pending = client.openChannel('session', 1000).catch((error: WherryError) => error);
  const error = await ended;
  assert.equal(error.code, 'CONNECTION_LOST');
  assert.equal(error.details.phase, 'keep-alive');
  assert.equal(await pending, error);
  assert.equal(peer.numbers.filter((number) => number === 80).length, 3);
  await client.close();
});

test('keep-alive: an answer, or any traffic, and the connection lives', async () => {
  const answering: Step = async (p) => {
    for (let i = 0; i < 5; i++) {
      await p.next(80);
      p.payload(i % 2 === 0 ? [82] : [81]);
    }
  };
  const { client, done } = await meet([answering], { keepAlive: { interval: 10, count: 2 } });
  await done;
  assert.equal(client.transport.error, undefined);
  await client.close();
});

test('keep-alive: off, nothing is asked', async () => {
  const { client, peer } = await meet([], { keepAlive: { interval: 0, count: 3 } });
  await sleep(40);
  assert.ok(!peer.numbers.includes(80));
  await client.close();
});

test('a listener for the end of a connection that is over already hears at once', async () => {
  const { client, pair } = await meet([]);
  pair.cut();
  const first = await new Promise<WherryError>((resolve) => (client as SshConnection).onClosed(resolve));
  assert.equal(first.code, 'CONNECTION_LOST');
  assert.equal(first.details.errno, 'ECONNRESET');
  let again: WherryError | undefined;
  client.onClosed((error) => {
    again = error;
  });
  assert.equal(again, first);
});

test('a server that hangs up while close() waits for its channels: the connection was closed, not lost', async () => {
  const closing: Step = async (p) => {
    await p.next(97);
    p.end();
  };
  const { client, ended } = await meet([openConfirmed, closing]);
  (await client.openChannel('session', 100)).attach(new Heard());
  await client.close();
  assert.deepEqual([(await ended).code, /hung up/.test((await ended).message)], ['CLOSED', true]);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemRandom } from '../../../src/base/random.ts';
import { PacketWriter } from '../../../src/ssh/transport/packet-writer.ts';
import { messageName } from '../../../src/ssh/wire/messages.ts';
import { openClient } from '../../support/peer/client.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { type Step, scriptedPeer } from '../../support/peer/scripted-peer.ts';
import { accept, keys, success, version } from './play.ts';

/** UNIMPLEMENTED for the next message of that number; without strict key exchange all numbers count on. */
const refuse =
  (number: number): Step =>
  async (peer) => {
    await peer.next(number);
    const sequence = peer.numbers.lastIndexOf(number);
    peer.payload([3, 0, 0, 0, sequence]);
  };

/** A client of a peer that does as told, and how its handshake ended. */
function meet(steps: readonly Step[]) {
  const pair = memoryPair();
  const { done } = scriptedPeer(pair.server, steps, { strictKex: false });
  const opened = openClient(pair.client, { timeout: 3000 });
  return { pair, done, opened };
}

const LOGGED_IN: readonly Step[] = [version, keys, accept, success];

/** Messages that the handshake waits for an answer to. */
const IN_HANDSHAKE: readonly (readonly [number: number, phase: string, steps: readonly Step[]])[] = [
  [20, 'key exchange', [version]],
  [30, 'key exchange', [version, (p) => p.kexInit()]],
  [5, 'login', [version, keys]],
  [50, 'login', [version, keys, accept]],
];

for (const [number, phase, steps] of IN_HANDSHAKE) {
  test(`${messageName(number)} unknown to the server: told at once, not waited for`, async () => {
    const { pair, opened } = meet([...steps, refuse(number)]);
    await assert.rejects(opened, (error: Error & { code: string; details: { phase: string } }) => {
      assert.deepEqual([error.code, error.details.phase], ['SSH_PROTOCOL', phase]);
      assert.match(error.message, new RegExp(`does not know ${messageName(number)}`));
      return true;
    });
    pair.cut();
  });
}

test('KEXINIT of a later key exchange, unknown to the server: the connection ends for it', async () => {
  const { pair, opened } = meet([...LOGGED_IN, refuse(20)]);
  const client = await opened;
  const ended = new Promise<string>((resolve) => client.onClosed((error) => resolve(error.message)));
  client.rekey();
  assert.match(await ended, /does not know SSH_MSG_KEXINIT/);
  pair.cut();
});

const confirms =
  (channel: number): Step =>
  async (peer) => {
    await peer.next(90);
    peer.payload([91, 0, 0, 0, channel, 0, 0, 0, 7, 0, 0, 1, 0, 0, 0, 1, 0]);
  };

test('an unknown CHANNEL_OPEN, channel request or global request is a refusal; the connection lives on', async () => {
  const steps = [...LOGGED_IN, refuse(90), confirms(1), refuse(98), refuse(80), refuse(80)];
  const { pair, done, opened } = meet(steps);
  const client = await opened;
  await assert.rejects(client.openChannel('session', 100), { code: 'CHANNEL_OPEN_FAILED' });
  const channel = await client.openChannel('session', 100);
  assert.equal(await channel.request('subsystem', new Uint8Array(0), true), false);
  await client.ping();
  await client.ping();
  await done;
  pair.cut();
});

test('nothing ends for a message nobody waits for, for data to a program that is over, or what was never sent', async () => {
  const steps: Step[] = [
    ...LOGGED_IN,
    confirms(0),
    refuse(94),
    refuse(2),
    (p) => p.payload([3, 0xff, 0xff, 0xff, 0xff]),
    async (p) => {
      await p.next(80);
      p.payload([82]);
    },
  ];
  const { pair, opened } = meet(steps);
  const client = await opened;
  (await client.openChannel('session', 100)).write(Uint8Array.of(1));
  client.ignore();
  await client.ping();
  pair.cut();
});

test('the last 256 messages are known by their sequence number, across its end', () => {
  const stream = { write: () => {} } as never;
  const writer = new PacketWriter(stream, systemRandom);
  assert.equal(writer.sentAs(0), undefined);
  writer.sequence = 0xffff_ff80;
  for (let index = 0; index < 300; index++) writer.packet(Uint8Array.of(1 + (index % 200)));
  assert.equal(writer.sequence, 0xffff_ff80 + 300 - 2 ** 32);
  for (let back = 1; back <= 256; back++)
    assert.equal(writer.sentAs((writer.sequence - back) >>> 0), 1 + ((300 - back) % 200), String(back));
  assert.equal(writer.sentAs((writer.sequence - 257) >>> 0), undefined);
  assert.equal(writer.sentAs(writer.sequence), undefined);
});

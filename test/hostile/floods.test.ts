/** A server that floods: what the process holds stays small against what was sent. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WherryError } from '../../src/index.ts';
import { WireReader } from '../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { openClient, type TestClientOptions } from '../support/peer/client.ts';
import { UP_TO_LOGIN } from '../support/peer/login-script.ts';
import { memoryPair } from '../support/peer/memory-pair.ts';
import { type ScriptedPeer, type Step, scriptedPeer } from '../support/peer/scripted-peer.ts';

const MIB = 1_048_576;
/** Of each flood. */
const SENT = 96 * MIB;
const PACKET = 32_000;
/** What the process may hold more at any time than before: garbage that is not collected yet is in it. */
const MOST = 48 * MIB;

function held(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Sends one payload over and over, and looks at the memory on the way; ends early where the client has left. */
async function flood(peer: ScriptedPeer, payload: Uint8Array): Promise<number> {
  const before = held();
  let peak = 0;
  for (let sent = 0; sent < SENT && !peer.gone; sent += payload.length) {
    peer.payload(payload);
    await new Promise((resolve) => setImmediate(resolve));
    peak = Math.max(peak, held() - before);
    peer.received.length = 0;
  }
  return peak;
}

const text = 'a'.repeat(PACKET);
const bytes = new Uint8Array(PACKET);
const LOGIN: readonly Step[] = [...UP_TO_LOGIN, async (p) => void (await p.next(50))];

const FLOODS: Readonly<Record<string, { readonly payload: Uint8Array; readonly loggedIn?: true }>> = {
  'banners before the login': { payload: new WireWriter().u8(53).text(text).text('').finish() },
  'ignored messages before the login': { payload: new WireWriter().u8(2).string(bytes).finish() },
  'ignored messages': { payload: new WireWriter().u8(2).string(bytes).finish(), loggedIn: true },
  'debug messages': {
    payload: new WireWriter().u8(4).bool(true).text(text).text('').finish(),
    loggedIn: true,
  },
  'global requests': {
    payload: new WireWriter().u8(80).text('x').bool(true).raw(bytes).finish(),
    loggedIn: true,
  },
  'data of a channel that is not there': {
    payload: new WireWriter().u8(94).u32(7).string(bytes).finish(),
    loggedIn: true,
  },
  'channels of its own': {
    payload: new WireWriter().u8(90).text('x').u32(1).u32(MIB).u32(PACKET).raw(bytes).finish(),
    loggedIn: true,
  },
};

for (const [what, { payload, loggedIn }] of Object.entries(FLOODS)) {
  test(`${what}: ${SENT / MIB} MiB of them cost less than ${MOST / MIB} MiB`, async () => {
    const pair = memoryPair();
    let peak = 0;
    const steps: Step[] = [
      ...LOGIN,
      ...(loggedIn ? [(p: ScriptedPeer) => p.payload([52])] : []),
      async (p) => {
        peak = await flood(p, payload);
        if (!loggedIn) p.payload([52]);
      },
    ];
    const { done } = scriptedPeer(pair.server, steps, { patience: 20_000 });
    const options: TestClientOptions = { timeout: 20_000 };
    const client = await openClient(pair.client, options).catch(() => undefined);
    await done.catch(() => {});
    await client?.close();
    assert.ok(peak > 0, 'nothing was sent');
    assert.ok(peak < MOST, `${Math.round(peak / MIB)} MiB`);
  });
}

test('data nobody reads is held to the window, and one byte behind it ends the connection', async () => {
  const pair = memoryPair();
  let peak = 0;
  const steps: Step[] = [
    ...LOGIN,
    (p) => p.payload([52]),
    async (p) => {
      const open = new WireReader(await p.next(90), 1);
      open.text();
      const number = open.u32();
      p.payload(new WireWriter().u8(91).u32(number).u32(0).u32(MIB).u32(PACKET).finish());
      peak = await flood(p, new WireWriter().u8(94).u32(number).string(bytes).finish());
    },
  ];
  const { done } = scriptedPeer(pair.server, steps, { patience: 20_000 });
  const client = await openClient(pair.client, { timeout: 20_000 });
  const ended = new Promise<WherryError>((resolve) => client.onClosed(resolve));
  await client.openChannel('session', 4 * MIB);
  assert.equal((await ended).code, 'SSH_PROTOCOL');
  await done.catch(() => {});
  assert.ok(peak > 0 && peak < MOST, `${Math.round(peak / MIB)} MiB`);
  await client.close();
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import {
  checkLegal,
  isLegal,
  STATES,
  type TransportState,
} from '../../../src/ssh/transport/legal-messages.ts';
import { messageName } from '../../../src/ssh/wire/messages.ts';
import type { ScriptedPeer, Step } from '../../support/peer/scripted-peer.ts';
import { accept, gone, keys, payloadOf, play, success, version } from './play.ts';

const ALL = Array.from({ length: 256 }, (_, number) => number);

/** The table once more, written the other way round: which states a message may arrive in. */
const WHERE: readonly (readonly [numbers: readonly number[], states: readonly TransportState[]])[] = [
  [[1], Object.keys(STATES) as TransportState[]],
  [
    [2, 3, 4],
    ['firstKex', 'clientService', 'clientAuth', 'serverService', 'serverAuth', 'open', 'rekey'],
  ],
  [[5], ['serverService', 'serverAuth']],
  [[6], ['clientService']],
  [[7], ['clientService', 'clientAuth', 'serverService']],
  [
    [20],
    ['firstKex', 'firstKexStrict', 'clientService', 'clientAuth', 'serverService', 'serverAuth', 'open'],
  ],
  [[21], ['firstKex', 'firstKexStrict', 'rekey']],
  [range(30, 49), ['firstKex', 'firstKexStrict', 'rekey']],
  [[50], ['serverAuth']],
  [[51, 52, 53], ['clientAuth']],
  [range(60, 79), ['clientAuth', 'serverAuth']],
  [[80, 81, 82, ...range(90, 100)], ['open']],
  [
    [192, 193],
    ['clientService', 'clientAuth', 'serverService', 'serverAuth', 'open'],
  ],
];

function range(low: number, high: number): number[] {
  return ALL.slice(low, high + 1);
}

for (const state of Object.keys(STATES) as TransportState[]) {
  test(`${state}: each of the 256 numbers is legal or SSH_PROTOCOL, as the table says`, () => {
    for (const number of ALL) {
      const states = WHERE.find(([numbers]) => numbers.includes(number))?.[1] ?? [];
      assert.equal(isLegal(state, number), states.includes(state), messageName(number));
      if (isLegal(state, number)) checkLegal(state, number);
      else
        assert.throws(() => checkLegal(state, number), { code: 'SSH_PROTOCOL', details: { phase: state } });
    }
  });
}

/** Every number with a name, and those at the edges of a range: what a connection is tried with. */
const TRIED = ALL.filter((number) => {
  const edge = [0, 28, 29, 30, 31, 34, 49, 59, 60, 61, 79, 83, 89, 101, 127, 128, 191, 194, 255].includes(
    number,
  );
  return edge || !messageName(number).startsWith('message ');
});

const PATHS: Partial<Record<TransportState, readonly Step[]>> = {
  firstKex: [version],
  clientService: [version, keys, async (p) => void (await p.next(5))],
  clientAuth: [version, keys, accept, async (p) => void (await p.next(50))],
  open: [version, keys, accept, success, async (p) => void (await p.next(80))],
  rekey: [version, keys, accept, success, async (p) => void (await p.next(80)), (p) => p.kexInit()],
};

/** What is left to do until the client is logged in. */
const REST: Partial<Record<TransportState, readonly Step[]>> = {
  firstKex: [keys, accept, success],
  clientService: [(p) => p.payload([6, 0, 0, 0, 0]), success],
  clientAuth: [(p) => p.payload([52])],
  open: [(p) => p.payload([82])],
  rekey: [(p) => p.agree(), (p) => p.newKeys(), (p) => p.payload([82])],
};

for (const [state, path] of Object.entries(PATHS) as [TransportState, readonly Step[]][]) {
  test(`a client in state ${state}: every message the table forbids closes the connection with SSH_PROTOCOL`, async () => {
    for (const number of TRIED) {
      if (isLegal(state, number)) continue;
      const { error, peer } = await play([...path, (p) => p.payload(payloadOf(number)), (p) => gone(p)]);
      assert.equal(error?.code, 'SSH_PROTOCOL', messageName(number));
      assert.equal(error?.details.phase, state, messageName(number));
      // DISCONNECT with reason 2, protocol error.
      assert.equal(toHex(peer.received.at(-1)!.subarray(0, 5)), '0100000002', messageName(number));
    }
  });

  test(`a client in state ${state}: IGNORE, DEBUG, UNIMPLEMENTED, and PING where it is legal, change nothing`, async () => {
    for (const number of [2, 3, 4, 192, 193]) {
      if (!isLegal(state, number)) continue;
      const steps = [...path, (p: ScriptedPeer) => p.payload(payloadOf(number)), ...REST[state]!];
      const { error, client } = await play(steps, false);
      assert.equal(error, undefined, messageName(number));
      assert.equal(client, true);
    }
  });
}

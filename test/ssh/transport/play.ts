import { setTimeout as sleep } from 'node:timers/promises';
import type { WherryError } from '../../../src/base/errors.ts';
import { openClient } from '../../support/peer/client.ts';
import { memoryPair } from '../../support/peer/memory-pair.ts';
import { type ScriptedPeer, type Step, scriptedPeer } from '../../support/peer/scripted-peer.ts';

/** A payload of that number which is well-formed where the number has one meaning. */
export function payloadOf(number: number): number[] {
  const bodies: Readonly<Record<string, string>> = {
    1: '0000000b00000000',
    3: 'ffffffff',
    4: '000000000000000000',
    7: '00000000',
    51: '0000000000',
    53: '0000000000000000',
    192: '00000000',
    193: '00000000',
    80: '000000017800',
  };
  return [number, ...Buffer.from(bodies[String(number)] ?? '', 'hex')];
}

/** Steps that bring a client into a state, and what it is doing there. */
export const version: Step = (p) => p.version();
export const keys: Step = (p) => p.exchangeKeys();
export const accept: Step = async (p) => p.payload([6, ...(await p.next(5)).subarray(1)]);
export const success: Step = async (p) => {
  await p.next(50);
  p.payload([52]);
};
/** How a script ended for the client. */
export interface Ending {
  readonly peer: ScriptedPeer;
  readonly client: boolean;
  readonly error: WherryError | undefined;
}

/** Runs a script against a client, which asks for something as soon as it is logged in; says how it ended. */
export async function play(
  steps: readonly Step[],
  strictKex: boolean = true,
  trustMs: number = 0,
): Promise<Ending> {
  const pair = memoryPair();
  const { peer, done } = scriptedPeer(pair.server, steps, { strictKex });
  let error: WherryError | undefined;
  const verify = async (): Promise<void> => {
    if (trustMs > 0) await sleep(trustMs);
  };
  const client = await openClient(pair.client, { timeout: 3000, verify }).catch((cause: WherryError) => {
    error = cause;
    return undefined;
  });
  const pinged = client?.ping().catch((cause: WherryError) => {
    error = cause;
  });
  await done;
  for (let turn = 0; turn < 20 && error === undefined; turn++)
    await new Promise((resolve) => setImmediate(resolve));
  const ended = error;
  await client?.close();
  pair.cut();
  await pinged;
  return { peer, client: client !== undefined, error: ended };
}

/** Waits until the client has hung up. */
export async function gone(peer: ScriptedPeer): Promise<void> {
  for (;;) {
    try {
      await peer.next();
    } catch (error) {
      if (peer.gone) return;
      throw error;
    }
  }
}

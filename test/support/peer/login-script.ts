/** What most scripts of a server begin with, and a client that meets one. */
import type { WherryError } from '../../../src/base/errors.ts';
import { openClient, type TestClientOptions } from './client.ts';
import { type MemoryPair, memoryPair } from './memory-pair.ts';
import { type ScriptedPeer, type ScriptedPeerOptions, type Step, scriptedPeer } from './scripted-peer.ts';

/** Up to where the client's first login request comes: version, keys, the service it asks for. */
export const UP_TO_LOGIN: readonly Step[] = [
  (p) => p.version(),
  (p) => p.exchangeKeys(),
  async (p) => p.payload([6, ...(await p.next(5)).subarray(1)]),
];

/** The next login request is granted. */
export const LOGIN_GRANTED: Step = async (p) => {
  await p.next(50);
  p.payload([52]);
};

export interface LoginToScript {
  readonly peer: ScriptedPeer;
  /** Settles when the script has ended. */
  readonly done: Promise<void>;
  readonly pair: MemoryPair;
  readonly client: Awaited<ReturnType<typeof openClient>> | undefined;
  readonly error: WherryError | undefined;
}

/** Logs in to a script: the client where that went well, else what ended it. Nothing is closed. */
export async function logInTo(
  steps: readonly Step[],
  options: TestClientOptions = {},
  peerOptions: ScriptedPeerOptions = {},
): Promise<LoginToScript> {
  const pair = memoryPair();
  const { peer, done } = scriptedPeer(pair.server, steps, peerOptions);
  let error: WherryError | undefined;
  const client = await openClient(pair.client, { timeout: 3000, ...options }).catch((cause: WherryError) => {
    error = cause;
    return undefined;
  });
  return { peer, done, client, error, pair };
}

/** A host nobody trusts: it would take anything, and keeps what it hears. */
import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { duplexStream } from '../../../src/net/duplex.ts';
import { UP_TO_LOGIN } from './login-script.ts';
import { type ScriptedPeer, scriptedPeer } from './scripted-peer.ts';

const KEXINIT = 20;
const KEX_ECDH_INIT = 30;
const DISCONNECT = 1;

export async function withListener(
  work: (port: number, peers: readonly ScriptedPeer[]) => Promise<void>,
): Promise<void> {
  const peers: ScriptedPeer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const steps = [...UP_TO_LOGIN, async (p: ScriptedPeer) => void (await p.next(50))];
    peers.push(scriptedPeer(duplexStream(socket, '127.0.0.1', 0), steps).peer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await work((server.address() as { port: number }).port, peers);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

/** It has shown its host key, and heard nothing but the key exchange. */
export async function heardNothing(peers: readonly ScriptedPeer[]): Promise<void> {
  assert.equal(peers.length, 1);
  const [peer] = peers;
  for (let waited = 0; waited < 200 && !peer!.gone; waited++) await sleep(5);
  assert.ok(peer!.gone, 'the connection is over');
  const allowed = [KEXINIT, KEX_ECDH_INIT, DISCONNECT];
  assert.deepEqual(
    peer!.numbers.filter((number) => !allowed.includes(number)),
    [],
  );
  assert.ok(peer!.numbers.includes(KEX_ECDH_INIT), 'the host key was shown');
}

/** No credential and no signature goes to a host whose key was refused, whichever way the login was to go. */

import assert from 'node:assert/strict';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ConnectOptions, connect, fingerprints, type LoginInput } from '../../src/index.ts';
import { generateKey } from '../../src/keys.ts';
import { duplexStream } from '../../src/net/duplex.ts';
import { eachRequest, withFake } from '../ssh/keys/fake-agent.ts';
import { UP_TO_LOGIN } from '../support/peer/login-script.ts';
import { type ScriptedPeer, scriptedPeer } from '../support/peer/scripted-peer.ts';
import { failure } from '../support/sftp/memory-session.ts';

const KEXINIT = 20;
const KEX_ECDH_INIT = 30;
const DISCONNECT = 1;
const WRONG = fingerprints([`SHA256:${'A'.repeat(43)}`]);

/** A server that would take anything, and keeps what it hears. */
async function withListener(
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

/** Connects, is refused by its own trust source, and has said nothing but the key exchange. */
async function isSilent(
  login: Omit<LoginInput, 'username'>,
  more: Partial<ConnectOptions> = {},
): Promise<void> {
  await withListener(async (port, peers) => {
    const host = '127.0.0.1';
    await failure(
      connect({ host, port, username: 'me', trust: WRONG, ...login, ...more }),
      'HOST_KEY_REJECTED',
    );
    await heardNothing(peers);
  });
}

async function heardNothing(peers: readonly ScriptedPeer[]): Promise<void> {
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

const never = (): never => assert.fail('asked for an answer to a host that is not trusted');
const privateKey = await generateKey('ed25519');

const LOGINS: Readonly<Record<string, Omit<LoginInput, 'username'>>> = {
  none: { login: { methods: ['none'] } },
  password: { password: 'secret' },
  'password, asking for methods first': { password: 'secret', askMethods: true },
  'a new password': { password: 'secret', newPassword: never },
  publickey: { privateKey },
  'keyboard-interactive': { keyboardInteractive: never },
  hostbased: { hostbased: { privateKey, clientHost: 'client.example.com' } },
  custom: { customLogin: never },
  'all at once': {
    password: 'secret',
    privateKey,
    keyboardInteractive: never,
    hostbased: { privateKey, clientHost: 'client.example.com' },
  },
};

for (const [what, login] of Object.entries(LOGINS)) {
  test(`${what}: nothing is sent to a host whose key is refused`, () => isSilent(login));
}

test('agent: nothing is sent, and the agent is asked for no signature', async () => {
  let asked = 0;
  await withFake(
    (socket) =>
      eachRequest(socket, (request) => {
        if (request[4] === 13) asked++;
        socket.write(Uint8Array.of(0, 0, 0, 1, 5));
      }),
    (path) => isSilent({ agent: path }),
  );
  assert.equal(asked, 0);
});

test('beforeLogin is not called where the host key is refused', () =>
  isSilent({ password: 'secret' }, { beforeLogin: never }));

test('without a trust source nothing is sent either', async () => {
  await withListener(async (port, peers) => {
    const options = { host: '127.0.0.1', port, username: 'me', password: 'secret' };
    await failure(connect(options), 'HOST_KEY_UNKNOWN');
    await heardNothing(peers);
  });
});

test('a jump host whose key is refused hears nothing, of its own login or of the one behind it', async () => {
  await withListener(async (port, peers) => {
    const jump = { host: '127.0.0.1', port, username: 'jumper', password: 'secret', trust: WRONG };
    const options = { host: 'behind.example.com', username: 'me', password: 'secret', trust: WRONG, jump };
    await failure(connect(options), 'HOST_KEY_REJECTED');
    await heardNothing(peers);
  });
});

/** No credential and no signature goes to a host whose key was refused, whichever way the login was to go. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConnectOptions, connect, fingerprints, type LoginInput } from '../../src/index.ts';
import { generateKey } from '../../src/keys.ts';
import { passwordMethod } from '../../src/ssh/auth/password.ts';
import type { GssContext } from '../../src/ssh/crypto/gss/gss-context.ts';
import { GSS_KEX_ALGORITHMS } from '../../src/ssh/crypto/gss-key-exchanges.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { eachRequest, withFake } from '../ssh/keys/fake-agent.ts';
import { heardNothing, withListener } from '../support/peer/listener.ts';
import { logInTo } from '../support/peer/login-script.ts';
import type { Step } from '../support/peer/scripted-peer.ts';
import { failure } from '../support/sftp/memory-session.ts';

const WRONG = fingerprints([`SHA256:${'A'.repeat(43)}`]);

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
  'gssapi-with-mic': { gssapi: true },
  'gssapi with a key exchange that there is no ticket for': { gssapi: { keyExchange: true } },
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

/** A context as a ticket gives one: one token there, and what the server answers is judged. */
function contextThat(proof: Partial<GssContext>): { context: GssContext; signed: () => number } {
  let signed = 0;
  const context: GssContext = {
    step: async () => ({ token: Uint8Array.of(1, 2, 3), complete: true }),
    isMutual: true,
    hasIntegrity: true,
    mic: () => {
      signed++;
      return Uint8Array.of(4);
    },
    verifyMic: () => true,
    release: () => {},
    ...proof,
  };
  return { context, signed: () => signed };
}

const COMPLETE: Step = (p) => {
  const publicValue = new Uint8Array(32).fill(9, 0, 1);
  p.payload(new WireWriter().u8(32).string(publicValue).string(Uint8Array.of(5)).bool(false).finish());
};

interface Pretender {
  readonly answer: Step;
  readonly proof?: Partial<GssContext>;
  readonly code: string;
}

const PRETENDERS: Readonly<Record<string, Pretender>> = {
  'a code over the key exchange that is wrong': {
    answer: COMPLETE,
    proof: { verifyMic: () => false },
    code: 'SSH_KEY_EXCHANGE',
  },
  'no proof of its own': { answer: COMPLETE, proof: { isMutual: false }, code: 'SSH_KEY_EXCHANGE' },
  'a proof that covers no messages': {
    answer: COMPLETE,
    proof: { hasIntegrity: false },
    code: 'SSH_KEY_EXCHANGE',
  },
  'a failure of Kerberos': {
    answer: (p) => p.payload(new WireWriter().u8(34).u32(1).u32(2).text('no').text('').finish()),
    code: 'GSSAPI_FAILED',
  },
};

// The token of the exchange goes out first: it names nobody's password, and only the host it is made for can use it.
for (const [what, { answer, proof = {}, code }] of Object.entries(PRETENDERS)) {
  test(`gss key exchange: a server with ${what} hears the token for the host it is not, and no login`, async () => {
    const kex = [...GSS_KEX_ALGORITHMS.keys()].slice(0, 1);
    const { context, signed } = contextThat(proof);
    const steps: Step[] = [
      (p) => p.version(),
      (p) => p.kexInit({ lists: { kex } }),
      async (p) => void (await p.next(30)),
      answer,
    ];
    const { error, peer, pair, done } = await logInTo(steps, {
      algorithms: { kex },
      methods: [passwordMethod('secret')],
      openGss: async () => context,
    });
    await done;
    assert.equal(error?.code, code, String(error));
    assert.deepEqual(
      peer.numbers.filter((number) => ![20, 30, 1].includes(number)),
      [],
    );
    assert.equal(signed(), 0);
    pair.cut();
  });
}

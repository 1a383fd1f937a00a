import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.ts';
import { keyboardInteractiveMethod } from '../../../src/ssh/auth/keyboard-interactive.ts';
import { passwordMethod } from '../../../src/ssh/auth/password.ts';
import { keySigner, publicKeyMethod } from '../../../src/ssh/auth/public-key.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import type { TestClientOptions } from '../../support/peer/client.ts';
import { testKey } from '../../support/peer/host-keys.ts';
import { logInTo, UP_TO_LOGIN } from '../../support/peer/login-script.ts';
import type { Step } from '../../support/peer/scripted-peer.ts';

const key = testKey('ssh-ed25519', 'user');
/** Answers a request, `none` first. */
const reply =
  (payload: Uint8Array | readonly number[]): Step =>
  async (p) => {
    await p.next(50);
    p.payload(payload);
  };
const failure = (...methods: string[]): Uint8Array =>
  new WireWriter().u8(51).nameList(methods).bool(false).finish();
const infoRequest = (count: number, prompts: Uint8Array = new Uint8Array(0)): Uint8Array =>
  new WireWriter().u8(60).text('').text('').text('').u32(count).raw(prompts).finish();

async function meet(steps: readonly Step[], options: TestClientOptions = {}) {
  const script = [...UP_TO_LOGIN, ...steps];
  const { client, peer, done, error } = await logInTo(script, { timeout: 2000, ...options });
  await client?.close();
  await done.catch(() => {});
  return { error, peer, client };
}

const password = [passwordMethod('the secret')];

test('a message of a method that nobody asked for closes the connection', async () => {
  const CASES: readonly (readonly [string, readonly Step[], string])[] = [
    ['60 in answer to none', [reply([60, 0, 0, 0, 0])], 'SSH_PROTOCOL'],
    ['61 in answer to none', [reply([61, 0, 0, 0, 0])], 'SSH_PROTOCOL'],
    ['61 in answer to a password', [reply(failure('password')), reply([61, 0, 0, 0, 0])], 'SSH_MALFORMED'],
    ['a second failure', [reply(failure('password')), (p) => p.payload(failure('password'))], 'SSH_PROTOCOL'],
    ['a cut failure', [reply([51, 0, 0, 0, 9])], 'SSH_MALFORMED'],
    ['a cut banner', [reply([53, 0, 0, 0, 9])], 'SSH_MALFORMED'],
  ];
  for (const [what, steps, code] of CASES) {
    // Looking for methods takes a while, in which the client has nothing to wait for.
    const { error } = await meet(steps, { methods: password });
    assert.equal(error?.code, code, what);
  }
});

test('a signed public key request answered with PK_OK, as if it had not been signed, is a protocol error', async () => {
  const ok = new WireWriter().u8(60).text('ssh-ed25519').string(key.publicKey.blob).finish();
  const methods = [publicKeyMethod(keySigner(key)), ...password];
  const { error, peer } = await meet([reply(failure('publickey', 'password')), reply(ok), reply([52])], {
    methods,
  });
  assert.equal(error?.code, 'SSH_PROTOCOL');
  assert.equal(peer.numbers.filter((number) => number === 50).length, 2);
});

test('a cut PK_OK is SSH_MALFORMED, before anything is signed', async () => {
  let signed = 0;
  const signer = { publicKey: key.publicKey, sign: () => new Uint8Array(++signed) };
  const { error } = await meet([reply(failure('publickey')), reply([60, 0, 0, 0, 9])], {
    methods: [publicKeyMethod(signer, { probe: true })],
  });
  assert.equal(error?.code, 'SSH_MALFORMED');
  assert.equal(signed, 0);
});

test('keyboard-interactive: more prompts than the limit, fewer than announced, and rounds without end', async () => {
  const methods = [keyboardInteractiveMethod((request) => request.prompts.map(() => 'x'))];
  const begin = reply(failure('keyboard-interactive'));
  const many = await meet([begin, reply(infoRequest(LIMITS.authPrompts.value + 1))], { methods });
  assert.equal(many.error?.code, 'LIMIT_EXCEEDED');
  assert.equal(many.error.details.limit, 'authPrompts');
  const few = await meet([begin, reply(infoRequest(2, new WireWriter().text('a').bool(true).finish()))], {
    methods,
  });
  assert.equal(few.error?.code, 'SSH_MALFORMED');
  const endless: Step = async (p) => {
    await p.next(50);
    for (let round = 0; round < 1000; round++) {
      p.payload(infoRequest(0));
      await p.next(61);
    }
  };
  const { error, peer } = await meet([begin, endless], { methods });
  assert.equal(error?.code, 'LIMIT_EXCEEDED');
  assert.equal(error.details.limit, 'authAttempts');
  assert.ok(peer.numbers.filter((number) => number === 61).length <= LIMITS.authAttempts.value);
});

test('banners: kept to the limit, whatever the server sends', async () => {
  const banners: string[] = [];
  const banner = new WireWriter().u8(53).text('x'.repeat(30_000)).text('').finish();
  const flood: Step = (p) => {
    for (let i = 0; i < 50; i++) p.payload(banner);
  };
  const { error } = await meet([flood, reply([52])], { onBanner: (text) => banners.push(text) });
  assert.equal(error, undefined);
  assert.ok(banners.join('').length <= LIMITS.bannerBytes.value);
  assert.equal(banners.length, 2);
});

test('the list of methods that can continue is bounded, and an empty one ends the login', async () => {
  const long = Array.from({ length: LIMITS.nameListEntries.value + 1 }, (_, i) => `m${i}`);
  assert.equal((await meet([reply(failure(...long))], { methods: password })).error?.code, 'LIMIT_EXCEEDED');
  const { error, peer } = await meet([reply(failure())], { methods: password });
  assert.equal(error?.code, 'AUTH_FAILED');
  assert.equal(error.details.allowed?.length, 0);
  assert.equal(peer.numbers.filter((number) => number === 50).length, 1);
});

test('a password is not sent to a server that does not list the method', async () => {
  const { error, peer } = await meet([reply(failure('publickey', 'hostbased'))], { methods: password });
  assert.equal(error?.code, 'AUTH_FAILED');
  assert.ok(!peer.received.some((payload) => Buffer.from(payload).includes('the secret')));
});

test('silence in the middle of a login is TIMEOUT', async () => {
  const { error } = await meet([reply(failure('password')), async (p) => void (await p.next(50))], {
    methods: password,
    timeout: 50,
  });
  assert.equal(error?.code, 'TIMEOUT');
  assert.equal(error.details.phase, 'login');
});

test('a re-key in the middle of a login holds its messages back, and the login goes on', async () => {
  const { error } = await meet(
    [
      reply(failure('password')),
      async (p) => void (await p.next(50)),
      (p) => p.exchangeKeys(),
      (p) => p.payload([52]),
    ],
    { methods: password },
  );
  assert.equal(error, undefined);
});

test('the end of the connection does not wait for a person who never answers, nor for a signer', async () => {
  const never = new Promise<never>(() => {});
  const signer = { publicKey: key.publicKey, sign: () => never };
  const CASES = [
    [
      keyboardInteractiveMethod(() => never),
      'keyboard-interactive',
      infoRequest(1, new WireWriter().text('?').bool(true).finish()),
    ],
    [
      publicKeyMethod(signer, { probe: true }),
      'publickey',
      new WireWriter().u8(60).text('ssh-ed25519').string(key.publicKey.blob).finish(),
    ],
  ] as const;
  for (const [method, name, question] of CASES) {
    const bye: Step = async (p) => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      p.end();
    };
    const { error } = await meet([reply(failure(name)), reply(question), bye], { methods: [method] });
    assert.equal(error?.code, 'CONNECTION_LOST', name);
  }
});

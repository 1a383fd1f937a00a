/** Which method comes when, and the methods that are not in every login: password change, hostbased, custom. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WherryError } from '../../../src/base/errors.ts';
import type { SeenAttempt, ServerUser } from '../../../src/server/login-policy.ts';
import { type CustomLoginHandler, customMethod } from '../../../src/ssh/auth/custom.ts';
import { hostbasedMethod } from '../../../src/ssh/auth/hostbased.ts';
import type { LoginPlanRules } from '../../../src/ssh/auth/login-plan.ts';
import type { AuthMethod } from '../../../src/ssh/auth/method.ts';
import { type NewPasswordHandler, noneMethod, passwordMethod } from '../../../src/ssh/auth/password.ts';
import { keySigner, publicKeyMethod } from '../../../src/ssh/auth/public-key.ts';
import { signaturesFor } from '../../../src/ssh/auth/signature-choice.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { joinHalves } from '../../support/peer/client.ts';
import { testKey } from '../../support/peer/host-keys.ts';

const key = testKey('ssh-ed25519', 'user');
const other = testKey('ssh-ed25519', 'another');
const byKey = (signer = key): AuthMethod => publicKeyMethod(keySigner(signer));

interface Ended {
  readonly seen: readonly SeenAttempt[];
  readonly tried: readonly string[];
  readonly error: WherryError | undefined;
}

async function login(
  user: ServerUser,
  methods: readonly AuthMethod[],
  rules: LoginPlanRules = {},
): Promise<Ended> {
  let seen: readonly SeenAttempt[] = [];
  let error: WherryError | undefined;
  try {
    await using joined = await joinHalves({
      server: { users: { user } },
      client: { methods, ...rules },
      onServer: (half) => {
        seen = half.login.seen;
      },
    });
    await joined.client.ping();
  } catch (cause) {
    error = cause as WherryError;
  }
  return { seen, error, tried: seen.map(({ method }) => method) };
}

test('method none alone: nothing else is tried, and its refusal is an attempt like any other', async () => {
  assert.equal((await login({ none: true }, [noneMethod()])).error, undefined);
  const { error, tried } = await login({ password: 'x' }, [noneMethod()]);
  assert.deepEqual(tried, ['none']);
  assert.deepEqual(error?.details.tried, ['none']);
  assert.deepEqual(error?.details.attempts, [{ method: 'none', outcome: 'refused', allowed: ['password'] }]);
});

test('after a refusal: the next method, or the end where the rules say so', async () => {
  const user: ServerUser = { password: 'x', publicKeys: [key.publicKey] };
  const methods = (): AuthMethod[] => [byKey(other), passwordMethod('x')];
  assert.equal((await login(user, methods())).error, undefined);
  const strict = await login(user, methods(), { afterRefusal: 'fail' });
  assert.deepEqual(strict.tried, ['none', 'publickey']);
  assert.equal(strict.error?.code, 'AUTH_FAILED');
  assert.deepEqual(strict.error.details.allowed, ['publickey', 'password']);
});

test('several factors of one method: another credential, none, or the same again', async () => {
  const twoKeys: ServerUser = {
    publicKeys: [key.publicKey, other.publicKey],
    chains: [['publickey', 'publickey']],
  };
  assert.equal((await login(twoKeys, [byKey(), byKey(other)])).error, undefined);
  const never = await login(twoKeys, [byKey(), byKey(other)], { repeat: 'never' });
  assert.deepEqual(never.tried, ['none', 'publickey']);
  assert.equal(never.error?.details.partialSuccess, true);
  const twice: ServerUser = { password: 'x', chains: [['password', 'password']] };
  assert.equal((await login(twice, [passwordMethod('x')])).error?.code, 'AUTH_FAILED');
  assert.equal((await login(twice, [passwordMethod('x')], { repeat: 'always' })).error, undefined);
});

test('a server that is never content ends at the limit of attempts', async () => {
  const chain = Array.from({ length: 200 }, () => 'password');
  const { error, tried } = await login({ password: 'x', chains: [chain] }, [passwordMethod('x')], {
    repeat: 'always',
  });
  assert.ok(error !== undefined);
  assert.ok(tried.length <= 64);
});

test('a password that must be changed: the new one is asked for until the server takes it', async () => {
  const user: ServerUser = { password: 'old', passwordExpired: 'Choose\u001b another:', newPassword: 'good' };
  const asked: unknown[] = [];
  const give =
    (...answers: (string | undefined)[]): NewPasswordHandler =>
    (request) => {
      asked.push(request);
      return answers[request.round - 1];
    };
  const { error, seen } = await login(user, [passwordMethod('old', give('bad', 'good'))]);
  assert.equal(error, undefined);
  assert.deepEqual(asked, [
    { prompt: 'Choose? another:', round: 1 },
    { prompt: 'Choose? another:', round: 2 },
  ]);
  assert.deepEqual(
    seen.slice(1).map(({ secret }) => secret),
    ['old', 'bad', 'good'],
  );
  const declined = await login(user, [passwordMethod('old', give(undefined))]);
  assert.equal(declined.error?.code, 'AUTH_FAILED');
  assert.match(declined.error.message, /wants the password changed first/);
  const hopeless = await login(user, [passwordMethod('old', () => 'bad')]);
  assert.ok(hopeless.error !== undefined);
});

test('hostbased: the host key signs for a host and a user, and for no other', async () => {
  for (const type of ['ssh-ed25519', 'ssh-rsa'] as const) {
    const host = testKey(type, 'client host');
    const user: ServerUser = { hostbased: { key: host.publicKey, host: 'here.example', user: 'me' } };
    const as = (name: string): AuthMethod =>
      hostbasedMethod({ signer: keySigner(host), host: name, user: 'me' });
    assert.equal((await login(user, [as('here.example')])).error, undefined);
    const wrong = await login(user, [as('there.example')]);
    assert.match(wrong.error?.details.tried?.[0] ?? '', /^hostbased \(/);
  }
});

/** A USERAUTH_REQUEST of method password. */
function passwordPacket(password: string): Uint8Array {
  const writer = new WireWriter().u8(50).text('user').text('ssh-connection').text('password');
  return writer.bool(false).text(password).finish();
}

test('custom: the caller speaks the login packet by packet, from the service on', async () => {
  const numbers: number[] = [];
  const speak: CustomLoginHandler = async (custom) => {
    assert.equal(custom.username, 'user');
    assert.ok(custom.sessionId.length >= 32);
    numbers.push(custom.last[0]!);
    for (const password of ['a', 'b', 'x']) {
      custom.send(passwordPacket(password));
      numbers.push((await custom.receive())[0]!);
    }
    await assert.rejects(custom.receive(), { code: 'CLOSED' });
  };
  const { error, tried } = await login({ password: 'x' }, [customMethod(speak)]);
  assert.equal(error, undefined);
  assert.deepEqual(tried, ['password', 'password', 'password']);
  assert.deepEqual(numbers, [6, 51, 51, 52]);
});

test('custom: requests sent in one go are answered in turn', async () => {
  const { error } = await login({ password: 'x' }, [
    customMethod(async (custom) => {
      custom.send(passwordPacket('a'));
      custom.send(passwordPacket('x'));
      assert.equal((await custom.receive())[0], 51);
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.equal((await custom.receive())[0], 52);
    }),
  ]);
  assert.equal(error, undefined);
});

test('custom: giving up, other packets than those of the login, and a handler that breaks', async () => {
  const gaveUp = await login({ password: 'x' }, [customMethod(() => {})]);
  assert.equal(gaveUp.error?.code, 'AUTH_FAILED');
  assert.deepEqual(gaveUp.error.details.tried, ['custom']);
  for (const packet of [Uint8Array.of(), Uint8Array.of(49), Uint8Array.of(80), Uint8Array.of(1)]) {
    const { error } = await login({ password: 'x' }, [customMethod((custom) => custom.send(packet))]);
    assert.equal(error?.code, 'INVALID_ARGUMENT');
  }
  const broken = await login({ password: 'x' }, [
    customMethod(() => {
      throw new Error('no more');
    }),
  ]);
  assert.match(String(broken.error?.message), /no more/);
});

test('the signature algorithm: the first the key can make, and rsa-sha2 before ssh-rsa where it is announced', () => {
  const wide = ['ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512', 'ssh-ed25519'];
  for (const [type, allowed, known, expected] of [
    ['ssh-rsa', undefined, undefined, ['rsa-sha2-512', 'rsa-sha2-256']],
    ['ssh-rsa', undefined, ['rsa-sha2-256'], ['rsa-sha2-256']],
    ['ssh-rsa', undefined, ['ssh-rsa'], ['rsa-sha2-512', 'rsa-sha2-256']],
    ['ssh-rsa', wide, undefined, ['ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512']],
    ['ssh-rsa', wide, ['rsa-sha2-512', 'rsa-sha2-256'], ['rsa-sha2-256', 'rsa-sha2-512']],
    ['ssh-rsa', wide, ['ssh-rsa', 'rsa-sha2-512'], ['rsa-sha2-512', 'ssh-rsa']],
    ['ssh-rsa', ['ssh-rsa'], ['rsa-sha2-512', 'ssh-rsa'], ['ssh-rsa']],
    ['ssh-ed25519', wide, undefined, ['ssh-ed25519']],
    ['ssh-ed25519', ['ssh-rsa'], undefined, []],
    ['ecdsa-sha2-nistp256', undefined, ['ssh-ed25519'], ['ecdsa-sha2-nistp256']],
  ] as const) {
    assert.deepEqual(signaturesFor(type, allowed, known), expected, `${type} ${allowed} ${known}`);
  }
});

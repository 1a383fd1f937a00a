import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WherryError } from '../../../src/base/errors.ts';
import type { KeyboardRound, ServerUser } from '../../../src/server/login-policy.ts';
import {
  keyboardInteractiveMethod,
  type PromptRequest,
  passwordAsAnswer,
} from '../../../src/ssh/auth/keyboard-interactive.ts';
import type { AuthMethod } from '../../../src/ssh/auth/method.ts';
import { passwordMethod } from '../../../src/ssh/auth/password.ts';
import { keySigner, publicKeyMethod } from '../../../src/ssh/auth/public-key.ts';
import { joinHalves, type TestClientOptions } from '../../support/peer/client.ts';
import { TEST_KEY_TYPES, testKey } from '../../support/peer/host-keys.ts';
import type { SshServerOptions } from '../../support/peer/ssh-server.ts';

const key = testKey('ssh-ed25519', 'user');
const ask = (text: string, echo = false) => ({ text, echo });

/** Logs `user` in; what the server saw, and how it ended for the client. */
async function attempt(
  user: ServerUser,
  methods: readonly AuthMethod[],
  server: SshServerOptions = {},
  client: TestClientOptions = {},
) {
  const banners: string[] = [];
  let seen: readonly { method: string; secret?: string; algorithm?: string; probe?: boolean }[] = [];
  let error: WherryError | undefined;
  let userName: string | undefined;
  try {
    await using joined = await joinHalves({
      server: { users: { user }, ...server },
      client: { methods, onBanner: (text) => banners.push(text), ...client },
      onServer: (half) => {
        seen = half.login.seen;
      },
    });
    userName = joined.server.login.user;
    await joined.client.ping();
  } catch (cause) {
    error = cause as WherryError;
  }
  return { seen, error, userName, banners, tried: seen.map(({ method }) => method) };
}

test('none is enough where the server says so, and no credential is shown', async () => {
  const { tried, userName } = await attempt({ none: true, password: 'x' }, [passwordMethod('x')]);
  assert.deepEqual(tried, ['none']);
  assert.equal(userName, 'user');
});

test('at once: the obvious method rides with the service request, and a refusal falls back to the list', async () => {
  const atOnce = { atOnce: true };
  const right = await attempt({ password: 'x' }, [passwordMethod('x')], {}, atOnce);
  assert.equal(right.error, undefined);
  assert.deepEqual(right.tried, ['password']);
  const keyOnly = await attempt(
    { publicKeys: [key.publicKey] },
    [passwordMethod('x'), publicKeyMethod(keySigner(key))],
    {},
    atOnce,
  );
  assert.equal(keyOnly.error, undefined);
  assert.deepEqual(keyOnly.tried, ['password', 'publickey']);
  const second = {
    password: 'x',
    publicKeys: [key.publicKey],
    chains: [['password', 'publickey']],
  };
  const chained = await attempt(second, [publicKeyMethod(keySigner(key)), passwordMethod('x')], {}, atOnce);
  assert.equal(chained.error, undefined);
  assert.deepEqual(chained.tried, ['publickey', 'password', 'publickey']);
  const nothing = await attempt({ none: true }, [], {}, atOnce);
  assert.deepEqual(nothing.tried, ['none']);
});

test('password: right, wrong, and empty', async () => {
  const right = await attempt({ password: 'pässwörd' }, [passwordMethod('pässwörd')]);
  assert.equal(right.error, undefined);
  assert.deepEqual(right.seen.at(-1), { user: 'user', method: 'password', secret: 'pässwörd' });
  for (const wrong of ['', 'password', 'pässwörd ']) {
    const { error, tried } = await attempt({ password: 'pässwörd' }, [passwordMethod(wrong)]);
    assert.equal(error?.code, 'AUTH_FAILED');
    assert.deepEqual(error.details, {
      phase: 'login',
      tried: ['password'],
      allowed: ['password'],
      partialSuccess: false,
      attempts: [{ method: 'password', outcome: 'refused', allowed: ['password'] }],
    });
    assert.ok(!error.message.includes('pässwörd'));
    assert.deepEqual(tried, ['none', 'password']);
  }
});

test('a user the server does not know is refused like any other', async () => {
  const { error } = await attempt({ password: 'x' }, [passwordMethod('x')], {}, { user: 'nobody' });
  assert.equal(error?.code, 'AUTH_FAILED');
  assert.match(error.message, /no credential fits .* accepts nothing more$/);
});

test('a password that has expired: AUTH_FAILED with the server’s words, and no second attempt', async () => {
  const expired = { password: 'x', passwordExpired: 'Change it\u001b[5m now:' };
  const { error, tried } = await attempt(expired, [passwordMethod('x'), passwordMethod('y')]);
  assert.equal(error?.code, 'AUTH_FAILED');
  assert.equal(error.details.serverMessage, 'Change it?[5m now:');
  assert.deepEqual(tried, ['none', 'password']);
});

for (const type of TEST_KEY_TYPES) {
  for (const probe of [false, true]) {
    test(`publickey with ${type}, ${probe ? 'asking first' : 'at once'}`, async () => {
      const own = testKey(type, 'user');
      const { error, seen } = await attempt({ publicKeys: [own.publicKey] }, [
        publicKeyMethod(keySigner(own), { probe }),
      ]);
      assert.equal(error, undefined);
      const algorithm = type === 'ssh-rsa' ? 'rsa-sha2-512' : type;
      const wanted = [...(probe ? [{ user: 'user', method: 'publickey', algorithm, probe: true }] : [])];
      assert.deepEqual(seen.slice(1), [
        ...wanted,
        { user: 'user', method: 'publickey', algorithm, probe: false },
      ]);
    });
  }
}

test('an RSA key signs with what the server says it takes, never with SHA-1', async () => {
  const rsa = testKey('ssh-rsa', 'user');
  for (const [hostKey, algorithm] of [
    [['ssh-ed25519', 'rsa-sha2-256'], 'rsa-sha2-256'],
    [['ssh-ed25519', 'rsa-sha2-256', 'rsa-sha2-512'], 'rsa-sha2-512'],
    [['ssh-ed25519', 'ssh-rsa'], 'rsa-sha2-512'],
  ] as const) {
    const { seen } = await attempt({ publicKeys: [rsa.publicKey] }, [publicKeyMethod(keySigner(rsa))], {
      algorithms: { hostKey },
    });
    assert.equal(seen.at(-1)?.algorithm, algorithm);
  }
});

test('publickey: a key that is not known costs no signature when it is asked about first', async () => {
  let signed = 0;
  const other = testKey('ssh-ed25519', 'another');
  const signer = {
    publicKey: other.publicKey,
    sign: (...args: Parameters<typeof other.sign>) => {
      signed++;
      return other.sign(...args);
    },
  };
  const { error, tried } = await attempt({ publicKeys: [key.publicKey] }, [
    publicKeyMethod(signer, { probe: true }),
    publicKeyMethod(keySigner(key), { probe: true }),
  ]);
  assert.equal(error, undefined);
  assert.equal(signed, 0);
  assert.deepEqual(tried, ['none', 'publickey', 'publickey', 'publickey']);
});

test('publickey: a signature by another key is refused, and the label names the key', async () => {
  const liar = { publicKey: key.publicKey, sign: testKey('ssh-ed25519', 'another').sign };
  const { error } = await attempt({ publicKeys: [key.publicKey] }, [publicKeyMethod(liar)]);
  assert.equal(error?.code, 'AUTH_FAILED');
  assert.match(error.details.tried![0]!, /^publickey \(ssh-ed25519 SHA256:[A-Za-z0-9+/]{43}\)$/);
});

test('a signer that breaks, such as an agent that has gone: its error is the cause', async () => {
  const broken = {
    publicKey: key.publicKey,
    sign: async (): Promise<Uint8Array> => {
      throw new Error('the agent refused');
    },
  };
  const { error } = await attempt({ publicKeys: [key.publicKey] }, [publicKeyMethod(broken)]);
  assert.match(String(error?.message), /the agent refused/);
});

const TWO_ROUNDS: readonly KeyboardRound[] = [
  {
    name: 'first',
    instruction: 'say',
    prompts: [ask('Password: '), ask('Colour: ', true)],
    answers: ['p', 'blue'],
  },
  { name: 'wait', instruction: 'nothing to answer', prompts: [], answers: [] },
  { name: 'second', prompts: [ask('Token\u001b[2J: ')], answers: ['123'] },
];

test('keyboard-interactive: several rounds, one of them without a question, and words made harmless', async () => {
  const asked: PromptRequest[] = [];
  const method = keyboardInteractiveMethod((request) => {
    asked.push(request);
    return request.name === 'first' ? ['p', 'blue'] : ['123'];
  });
  const { error, tried } = await attempt({ keyboard: TWO_ROUNDS }, [method]);
  assert.equal(error, undefined);
  assert.deepEqual(tried, ['none', 'keyboard-interactive', 'answers', 'answers', 'answers']);
  assert.deepEqual(asked, [
    { name: 'first', instruction: 'say', prompts: [ask('Password: '), ask('Colour: ', true)] },
    { name: 'second', instruction: '', prompts: [ask('Token?[2J: ')] },
  ]);
});

test('keyboard-interactive: a wrong answer, a wrong number of answers, and a handler that breaks', async () => {
  const wrong = await attempt({ keyboard: TWO_ROUNDS }, [keyboardInteractiveMethod(() => ['p', 'red'])]);
  assert.equal(wrong.error?.code, 'AUTH_FAILED');
  const few = await attempt({ keyboard: TWO_ROUNDS }, [keyboardInteractiveMethod(() => ['p'])]);
  assert.equal(few.error?.code, 'INVALID_ARGUMENT');
  assert.match(few.error.message, /2 answers wanted, 1 given/);
  const broken = await attempt({ keyboard: TWO_ROUNDS }, [
    keyboardInteractiveMethod(() => {
      throw new Error('cancelled by the user');
    }),
  ]);
  assert.match(String(broken.error?.message), /cancelled by the user/);
});

test('keyboard-interactive: the clock stands still while a person thinks', async () => {
  const slow = keyboardInteractiveMethod(async () => {
    await new Promise((resolve) => setTimeout(resolve, 150));
    return ['yes'];
  });
  const keyboard = [{ prompts: [ask('?')], answers: ['yes'] }];
  const { error } = await attempt({ keyboard }, [slow], {}, { timeout: 60 });
  assert.equal(error, undefined);
});

test('a password answers a round with one hidden prompt, once, and nothing else', async () => {
  const password = (): AuthMethod => keyboardInteractiveMethod(passwordAsAnswer('x'));
  const one = { prompts: [ask('Password: ')], answers: ['x'] };
  assert.equal((await attempt({ keyboard: [one] }, [password()])).error, undefined);
  for (const keyboard of [
    [one, one],
    [{ prompts: [ask('Name: ', true)], answers: ['x'] }],
    [{ prompts: [ask('Old: '), ask('New: ')], answers: ['x', 'x'] }],
  ]) {
    const { error, seen } = await attempt({ keyboard }, [password()]);
    assert.equal(error?.code, 'AUTH_FAILED');
    assert.match(error.message, /the server asks for more than the password/);
    assert.ok(seen.filter(({ secret }) => secret !== undefined && secret !== '').length <= 1);
  }
});

for (const chain of [
  ['publickey', 'password'],
  ['password', 'publickey'],
  ['publickey', 'keyboard-interactive', 'password'],
]) {
  test(`partial success, followed: ${chain.join(', then ')}`, async () => {
    const user: ServerUser = {
      password: 'x',
      publicKeys: [key.publicKey],
      keyboard: [{ prompts: [ask('?')], answers: ['yes'] }],
      chains: [chain],
    };
    const methods = [
      keyboardInteractiveMethod(() => ['yes']),
      passwordMethod('x'),
      publicKeyMethod(keySigner(key)),
    ];
    const { error, tried, userName } = await attempt(user, methods);
    assert.equal(error, undefined);
    assert.equal(userName, 'user');
    assert.deepEqual(
      tried.filter((method) => method !== 'answers'),
      ['none', ...chain],
    );
  });
}

test('partial success without the second factor: AUTH_FAILED says so', async () => {
  const user: ServerUser = {
    password: 'x',
    publicKeys: [key.publicKey],
    chains: [['publickey', 'password']],
  };
  const { error } = await attempt(user, [publicKeyMethod(keySigner(key))]);
  assert.equal(error?.code, 'AUTH_FAILED');
  assert.equal(error.details.partialSuccess, true);
  assert.deepEqual(error.details.allowed, ['password']);
  assert.match(error.details.tried![0]!, /: accepted, more needed$/);
  assert.match(error.message, /a further factor is needed; the server accepts password$/);
});

test('methods nobody has heard of are passed over, and shown without control characters', async () => {
  const { error, tried } = await attempt({ password: 'x' }, [passwordMethod('y')], {
    extraMethods: ['gssapi-with-mic', 'ro\u001bt13'],
  });
  assert.deepEqual(tried, ['none', 'password']);
  assert.deepEqual(error?.details.allowed, ['password', 'gssapi-with-mic', 'ro?t13']);
});

test('a server that hangs up after so many attempts: AUTH_FAILED with its words and the attempts', async () => {
  const { error } = await attempt(
    { password: 'x' },
    [passwordMethod('a'), passwordMethod('b'), passwordMethod('c')],
    { maxAttempts: 2 },
  );
  assert.equal(error?.code, 'AUTH_FAILED');
  assert.match(error.message, /too many login attempts/);
  assert.deepEqual(error.details.tried?.[0], 'password');
});

test('we give up by ourselves after as many attempts as the limit allows', async () => {
  const many = Array.from({ length: 100 }, (_, i) => passwordMethod(`p${i}`));
  const { error, tried } = await attempt({ password: 'x' }, many, { maxAttempts: 1000 });
  assert.equal(error?.code, 'AUTH_FAILED');
  assert.equal(tried.length, 64);
});

test('a banner is shown, line by line, without control characters', async () => {
  const { banners } = await attempt({ none: true }, [], { banner: 'Hello\r\nyou\u001b[31m\u0007\nthere\n' });
  assert.deepEqual(banners, ['Hello\nyou?[31m?\nthere\n']);
});

test('before the login: what it gives replaces the user, its failure ends the connection, nothing is sent before', async () => {
  const users = { late: { password: 'x' } };
  const order: string[] = [];
  const { seen, error } = await attempt(
    { password: 'y' },
    [passwordMethod('x')],
    { users },
    {
      beforeLogin: async () => {
        order.push(`before, ${order.length} seen`);
        return { user: 'late' };
      },
    },
  );
  assert.equal(error, undefined);
  assert.deepEqual(order, ['before, 0 seen']);
  assert.deepEqual([...new Set((seen as readonly { user?: string }[]).map(({ user }) => user))], ['late']);
  const refused = await attempt(
    { none: true },
    [],
    {},
    {
      beforeLogin: () => Promise.reject(new Error('not today')),
    },
  );
  assert.match(String(refused.error), /not today/);
  assert.deepEqual(refused.tried, []);
});

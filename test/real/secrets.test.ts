/**
 * Marked secrets go through every failing way to log in; no error, log event, `inspect` or diagnostics channel may show
 * them, in no spelling.
 */
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import {
  acceptAny,
  type ConnectOptions,
  connect,
  formatLog,
  type LogEvent,
  parsePrivateKey,
  WherryError,
} from '../../src/index.ts';
import type { ServerUser } from '../../src/server/login-policy.ts';
import { type ListeningSsh, listenSsh } from '../support/peer/ssh-server.ts';
import { getFixtures } from '../support/servers/fixtures.ts';

const MARK = 'M4RKED';
const SECRET = `${MARK}-s3cret-value`;
/** The mark as it is, in hex as `inspect` shows bytes, and in base64 at each of the three offsets. */
const SPELLINGS: readonly string[] = [
  MARK,
  Buffer.from(MARK).toString('hex'),
  Buffer.from(MARK).toString('hex').match(/../g)!.join(' '),
  ...[0, 1, 2].map((shift) =>
    Buffer.from(`${'x'.repeat(shift)}${MARK}`)
      .toString('base64')
      .slice(shift === 0 ? 0 : 4, 8),
  ),
];

const USERS: Readonly<Record<string, ServerUser>> = {
  password: { password: 'another' },
  expired: { password: SECRET, passwordExpired: 'Change it', newPassword: 'never' },
  prompts: { keyboard: [{ prompts: [{ text: 'Code: ', echo: false }], answers: ['123'] }] },
  factors: {
    password: SECRET,
    keyboard: [{ prompts: [{ text: 'Code: ', echo: false }], answers: ['123'] }],
    chains: [['password', 'keyboard-interactive']],
  },
  key: { publicKeys: [] },
};

let server: ListeningSsh;
before(async () => {
  process.env.KRB5_CONFIG = '/dev/null';
  server = await listenSsh({ users: USERS });
});
after(() => server.close());

function assertClean(what: string, ...values: unknown[]): void {
  for (const value of values) {
    const texts = [
      inspect(value, {
        depth: 30,
        showHidden: true,
        getters: true,
        maxStringLength: null,
        maxArrayLength: null,
      }),
    ];
    if (value instanceof Error) texts.push(value.message, String(value.stack), JSON.stringify(value));
    for (const text of texts)
      for (const spelling of SPELLINGS)
        assert.ok(!text.includes(spelling), `${what} shows ${spelling}: ${text.slice(0, 2000)}`);
  }
}

/** Connects, which must fail, and looks through all that comes out. */
async function failsClean(what: string, options: Partial<ConnectOptions>): Promise<WherryError> {
  const events: LogEvent[] = [];
  const published: unknown[] = [];
  const listen = (message: unknown): void => {
    published.push(message);
  };
  subscribe('wherry:log', listen);
  try {
    const error = await connect({
      host: server.host,
      port: server.port,
      username: 'password',
      trust: acceptAny(),
      timeout: 3000,
      log: (event) => events.push(event),
      logDetail: 'bytes',
      ...options,
    }).then(
      async (connection) => {
        await connection.close();
        assert.fail(`${what}: logged in`);
      },
      (cause: unknown) => cause,
    );
    assert.ok(error instanceof WherryError, `${what}: ${inspect(error)}`);
    assertClean(what, error, error.cause, events, published, events.map(formatLog));
    for (const event of events)
      if (event.kind === 'packet' && event.payload !== undefined)
        assert.ok(!Buffer.from(event.payload).includes(MARK), `${what}: a logged payload`);
    return error;
  } finally {
    unsubscribe('wherry:log', listen);
  }
}

test('passwords: refused, expired, one of several factors, and a new one that is not taken', async () => {
  await failsClean('refused', { password: SECRET });
  await failsClean('expired', { username: 'expired', password: SECRET });
  await failsClean('not taken', {
    username: 'expired',
    password: SECRET,
    newPassword: () => `${SECRET}-new`,
  });
  await failsClean('one of several', { username: 'factors', password: SECRET });
  await failsClean('none of the methods', { username: 'key', password: SECRET });
});

test('one-time codes and other answers: wrong, too many, and a handler that breaks', async () => {
  const prompts = { username: 'prompts' };
  await failsClean('wrong', { ...prompts, keyboardInteractive: () => [SECRET] });
  await failsClean('too many', { ...prompts, keyboardInteractive: () => [SECRET, SECRET] });
  await failsClean('wrong password', { ...prompts, password: SECRET });
});

test('private keys and passphrases: damaged, wrong, for nobody, and taken for paths', async () => {
  const { userKeys } = await getFixtures();
  const files = userKeys.ed25519.files;
  const encrypted = await readFile(files.opensshEncrypted);
  await failsClean('wrong passphrase', { privateKey: encrypted, passphrase: SECRET });
  await failsClean('wrong passphrase of PKCS#8', {
    privateKey: await readFile(files.pkcs8Encrypted),
    passphrase: SECRET,
  });
  for (const label of ['OPENSSH PRIVATE KEY', 'PRIVATE KEY', 'RSA PRIVATE KEY']) {
    const body = Buffer.from(`${SECRET}${'x'.repeat(60)}`).toString('base64');
    for (const text of [`${SECRET}${body}`, body])
      await failsClean(`damaged ${label}`, {
        privateKey: `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`,
      });
  }
  await failsClean('taken for a path', { privateKey: SECRET });
  const key = await readFile(files.openssh);
  await failsClean('refused', { username: 'key', privateKey: key, passphrase: SECRET });
  assertClean('a parsed key', parsePrivateKey(key, SECRET));
});

test('certificates, hostbased keys, Kerberos passwords and agents', async () => {
  const { userKeys } = await getFixtures();
  const privateKey = await readFile(userKeys.ed25519.files.openssh);
  await failsClean('a certificate that is none', { privateKey, certificate: `${SECRET} AAAA` });
  const encrypted = await readFile(userKeys.rsa.files.opensshEncrypted);
  await failsClean('hostbased', {
    hostbased: { privateKey: encrypted, passphrase: SECRET, clientHost: 'here' },
  });
  const gssapi = { principal: 'nobody', password: SECRET, keyExchange: true };
  const error = await failsClean('Kerberos', { gssapi });
  assert.match(error.code, /^(GSSAPI_|AUTH_FAILED)/);
  await failsClean('an agent that is none', { agent: '/nowhere/agent', passphrase: SECRET });
});

test('handlers that break, silence, and a server that hangs up', async () => {
  await failsClean('custom', {
    customLogin: ({ send }) => {
      send(Buffer.from(`\u0032${SECRET}`));
      throw new Error('given up');
    },
  });
  const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = silent.address() as { port: number };
  await failsClean('silence', { port, password: SECRET, timeout: 200 });
  await failsClean('aborted', { port, password: SECRET, signal: AbortSignal.timeout(100) });
  silent.close();
  await failsClean('nobody there', { port, password: SECRET });
});

test('passwords of proxies: refused, unreachable, and in an address that is none', async () => {
  const replies: Record<string, string> = {
    http: 'HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n',
    socks5: '\u0005\u00ff',
    socks4: '\u0000\u005b\0\0\0\0\0\0',
  };
  for (const [kind, reply] of Object.entries(replies)) {
    const proxy = createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.end(Buffer.from(reply, 'latin1')));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => proxy.once('listening', resolve));
    const { port } = proxy.address() as { port: number };
    const url = `${kind}://me:${SECRET}@127.0.0.1:${port}`;
    await failsClean(`${kind} refused`, { proxy: url, password: SECRET });
    proxy.close();
    await failsClean(`${kind} unreachable`, { proxy: url, password: SECRET });
  }
  for (const bad of [
    `bogus://me:${SECRET}@host:1`,
    `http://me:${SECRET}@:1`,
    `socks5://me:${SECRET}@host:99999`,
  ])
    await failsClean(`no address ${bad.slice(0, 8)}`, { proxy: bad });
});

test('a connection that is up shows no secret', async () => {
  const up = await listenSsh({ users: { me: { password: SECRET } } });
  const events: LogEvent[] = [];
  const connection = await connect({
    host: up.host,
    port: up.port,
    username: 'me',
    password: SECRET,
    trust: acceptAny(),
    log: (event) => events.push(event),
    logDetail: 'bytes',
  });
  assertClean('a connection', connection, events);
  await connection.close();
  await up.close();
});

/**
 * Marked secrets go through every failing way to connect and log in; no error, log event, `inspect` or diagnostics channel
 * may show them, in no spelling. Each way is a row; an option that no row carries a secret by shows.
 */
import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { after, afterEach, before, test } from 'node:test';
import { inspect } from 'node:util';
import {
  acceptAny,
  type ConnectOptions,
  connect,
  createQueue,
  fingerprints,
  formatLog,
  type LogEvent,
  parsePrivateKey,
  WherryError,
} from '../../src/index.ts';
import { PROXIES } from '../../src/net/proxies/proxies.ts';
import type { ProxyServer } from '../../src/net/proxies/proxy.ts';
import type { ServerUser } from '../../src/server/login-policy.ts';
import { eachRequest, frame, identitiesFrame, withFake } from '../ssh/keys/fake-agent.ts';
import { type ListeningSsh, listenSsh } from '../support/peer/ssh-server.ts';
import { getFixtures, type KeyFiles } from '../support/servers/fixtures.ts';
import { freePort } from '../support/servers/server.ts';
import { localFolder } from '../support/sftp/memory-session.ts';
import { makeCertificate } from '../support/x509.ts';
import { assertAllCovered, assertClean, MARK, membersOf, SECRET } from './marked.ts';

const KEYS = `${import.meta.dirname}/../fixtures/keys/`;

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
  // Methods the server lists, and knows nothing of.
  kerberos: { password: SECRET, chains: [['gssapi-with-mic'], ['gssapi-keyex']] },
  hostbased: { password: SECRET, chains: [['hostbased']] },
};

let server: ListeningSsh;
let files: KeyFiles;
const closing: (() => unknown)[] = [];

before(async () => {
  process.env.KRB5_CONFIG = '/dev/null';
  server = await listenSsh({ users: USERS });
  files = (await getFixtures()).userKeys.ed25519.files;
});
afterEach(() => {
  for (const close of closing.splice(0)) close();
});
after(() => server.close());

/** A TCP server for the rest of the test: its port. */
async function listen(answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    answer(socket);
  }).listen(0, '127.0.0.1');
  closing.push(() => {
    listener.close();
    for (const socket of sockets) socket.destroy();
  });
  await once(listener, 'listening');
  return (listener.address() as AddressInfo).port;
}

/** Answers each thing that is said with the next text. */
const saying =
  (...texts: readonly string[]) =>
  (socket: Socket): void => {
    const left = [...texts];
    socket.on('data', () => {
      const next = left.shift();
      if (next === undefined) socket.end();
      else socket.write(Buffer.from(next, 'latin1'));
    });
  };

/** An agent for the rest of the test that shows one key and answers a request to sign with `reply`. */
async function agent(reply: Uint8Array | undefined): Promise<string> {
  const { publicKey } = parsePrivateKey(await readFile(files.openssh));
  const started = new Promise<string>((resolve) => {
    void withFake(
      (socket) =>
        eachRequest(socket, ([kind]) => {
          if (kind === 11) socket.write(identitiesFrame([[publicKey.blob, 'a key']]));
          else if (reply === undefined) socket.destroy();
          else socket.write(reply);
        }),
      (path) => {
        resolve(path);
        return new Promise<void>((done) => closing.push(done));
      },
    );
  });
  return started;
}

/** One way to fail: by which options the secret comes in, and all that is given. */
interface Way {
  readonly name: string;
  readonly by: readonly string[];
  readonly options: () => Partial<ConnectOptions> | Promise<Partial<ConnectOptions>>;
}

const way = (name: string, by: string, options: Way['options']): Way => ({
  name,
  by: by.split(' '),
  options,
});

const PASSWORDS: readonly Way[] = [
  way('refused', 'LoginInput.password', () => ({ password: SECRET })),
  way('expired', 'LoginInput.password', () => ({ username: 'expired', password: SECRET })),
  way('one of several factors', 'LoginInput.password', () => ({ username: 'factors', password: SECRET })),
  way('no method the server takes', 'LoginInput.password', () => ({ username: 'key', password: SECRET })),
  way('a new one is not taken', 'LoginInput.password LoginInput.newPassword', () => ({
    username: 'expired',
    password: SECRET,
    newPassword: () => `${SECRET}-new`,
  })),
  way('nobody gives a new one', 'LoginInput.password LoginInput.newPassword', () => ({
    username: 'expired',
    password: SECRET,
    newPassword: () => Promise.reject(new Error('nobody is there')),
  })),
  way('known only when the server is', 'ConnectOptions.beforeLogin LoginInput.password', () => ({
    beforeLogin: async () => ({ password: SECRET }),
  })),
  way('a server that says nothing', 'LoginInput.password', async () => ({
    port: await listen(() => {}),
    password: SECRET,
    timeout: 200,
  })),
  way('given up', 'LoginInput.password', async () => ({
    port: await listen(() => {}),
    password: SECRET,
    signal: AbortSignal.timeout(100),
  })),
  way('nobody listens', 'LoginInput.password', async () => ({ port: await freePort(), password: SECRET })),
  way('a server that is none', 'LoginInput.password', async () => ({
    port: await listen((socket) => socket.end('SSH-2.0-x\r\nthis is no packet of SSH, by far')),
    password: SECRET,
  })),
  way('a host key nobody knows', 'LoginInput.password', () => ({
    password: SECRET,
    trust: fingerprints(['SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA']),
  })),
  way('no algorithm in common', 'LoginInput.password', () => ({
    password: SECRET,
    algorithms: { ciphers: ['arcfour'] },
  })),
  way('options that do not go together', 'LoginInput.password', () => ({
    password: SECRET,
    login: { methods: ['publickey'] },
  })),
  way('a stream that ends', 'LoginInput.password RoadOptions.stream', () => ({
    password: SECRET,
    stream: new Duplex({
      read() {
        this.push(null);
      },
      write(_chunk, _encoding, done) {
        done();
      },
    }),
  })),
];

const ANSWERS: readonly Way[] = [
  way('wrong', 'LoginInput.keyboardInteractive', () => ({
    username: 'prompts',
    keyboardInteractive: () => [SECRET],
  })),
  way('too many', 'LoginInput.keyboardInteractive', () => ({
    username: 'prompts',
    keyboardInteractive: () => [SECRET, SECRET],
  })),
  way('no texts', 'LoginInput.keyboardInteractive', () => ({
    username: 'prompts',
    keyboardInteractive: () => [{ answer: SECRET }] as never,
  })),
  way('the password as an answer', 'LoginInput.password LoginInput.keyboardInteractive', () => ({
    username: 'prompts',
    password: SECRET,
  })),
];

/** Files whose passphrase is another one. */
const ENCRYPTED: Readonly<Record<string, () => string>> = {
  OpenSSH: () => files.opensshEncrypted,
  'PKCS#8': () => files.pkcs8Encrypted,
  'PPK 2': () => `${KEYS}rsa.v2.encrypted.ppk`,
  'PPK 3': () => `${KEYS}ed25519.v3.argon2id.ppk`,
  'ssh.com': () => `${KEYS}rsa.encrypted.sshcom`,
  'PKCS#12': () => `${KEYS}rsa.keytool.p12`,
  JKS: () => `${KEYS}rsa.keytool.jks`,
};

const PRIVATE_KEYS: readonly Way[] = [
  ...Object.entries(ENCRYPTED).map(([format, file]) =>
    way(`a wrong passphrase of ${format}`, 'LoginInput.passphrase', async () => ({
      privateKey: await readFile(file()),
      passphrase: SECRET,
    })),
  ),
  ...[
    'OPENSSH PRIVATE KEY',
    'PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
    'RSA PRIVATE KEY',
    'EC PRIVATE KEY',
  ].flatMap((label) => {
    const body = Buffer.from(`${SECRET}${'x'.repeat(60)}`).toString('base64');
    return [body, `${SECRET}${body}`].map((text, i) =>
      way(`a damaged ${label}, ${i}`, 'LoginInput.privateKey LoginInput.passphrase', () => ({
        privateKey: `-----BEGIN ${label}-----\n${text}\n-----END ${label}-----\n`,
        passphrase: SECRET,
      })),
    );
  }),
  way('a damaged PPK', 'LoginInput.privateKey', async () => ({
    privateKey: (await readFile(`${KEYS}ed25519.v3.ppk`, 'latin1')).replace(
      /(Private-Lines: 1\n).*/,
      `$1${SECRET}`,
    ),
  })),
  way('a damaged JWK', 'LoginInput.privateKey', () => ({
    privateKey: Buffer.from(`{"kty":"OKP","crv":"Ed25519","d":"${SECRET}","x":"AAAA"}`),
  })),
  way('a JWK cut in its secret', 'LoginInput.privateKey', () => ({
    privateKey: Buffer.from(`{"kty":"OKP","crv":"Ed25519","d":"${SECRET}`),
  })),
  way('a damaged XML', 'LoginInput.privateKey', () => ({
    privateKey: Buffer.from(`<RSAKeyValue><Modulus>AQAB</Modulus><D>${SECRET}</D></RSAKeyValue>`),
  })),
  way('taken for a path', 'LoginInput.privateKey', () => ({ privateKey: SECRET })),
  way('one of several', 'LoginInput.privateKey LoginInput.passphrase', async () => ({
    privateKey: [await readFile(files.openssh), await readFile(files.opensshEncrypted)],
    passphrase: SECRET,
  })),
  way('refused', 'LoginInput.passphrase', async () => ({
    username: 'key',
    privateKey: await readFile(files.openssh),
    passphrase: SECRET,
  })),
  way('a certificate that is none', 'LoginInput.certificate', async () => ({
    privateKey: await readFile(files.openssh),
    certificate: `${SECRET} AAAA`,
  })),
  way('the private key in place of the certificate', 'LoginInput.certificate', async () => ({
    privateKey: await readFile(files.openssh),
    certificate: `-----BEGIN PRIVATE KEY-----\n${Buffer.from(SECRET).toString('base64')}\n-----END PRIVATE KEY-----\n`,
  })),
  way('an X.509 certificate, refused', 'LoginInput.passphrase', async () => {
    const { keyFile, pem } = await makeCertificate({ name: 'somebody' });
    return {
      username: 'key',
      privateKey: await readFile(keyFile),
      passphrase: SECRET,
      certificate: pem,
      algorithms: { publicKey: ['x509v3-ecdsa-sha2-nistp256'] },
    };
  }),
  way('an X.509 certificate of another key', 'LoginInput.passphrase', async () => ({
    username: 'key',
    privateKey: await readFile(files.openssh),
    passphrase: SECRET,
    certificate: (await makeCertificate({ name: 'another' })).pem,
  })),
];

const OTHERS: readonly Way[] = [
  way('hostbased: a wrong passphrase', 'LoginInput.hostbased HostbasedOptions.passphrase', async () => ({
    hostbased: { privateKey: await readFile(files.opensshEncrypted), passphrase: SECRET, clientHost: 'here' },
  })),
  way('hostbased: refused', 'LoginInput.hostbased HostbasedOptions.passphrase', async () => ({
    username: 'hostbased',
    hostbased: { privateKey: await readFile(files.openssh), passphrase: SECRET, clientHost: 'here' },
  })),
  way('hostbased: a damaged key', 'LoginInput.hostbased HostbasedOptions.privateKey', () => ({
    hostbased: { privateKey: SECRET, clientHost: 'here' },
  })),
  ...[true, false].map((keyExchange) =>
    way(`Kerberos, key exchange ${keyExchange}`, 'LoginInput.gssapi GssapiOptions.password', () => ({
      username: 'kerberos',
      gssapi: { principal: 'nobody', password: SECRET, keyExchange },
    })),
  ),
  way('Kerberos without a principal', 'LoginInput.gssapi GssapiOptions.password', () => ({
    username: 'kerberos',
    gssapi: { password: SECRET },
  })),
  way('an agent that is none', 'LoginInput.agent LoginInput.password', () => ({
    agent: { path: '/nowhere/agent', required: true },
    password: SECRET,
  })),
  way('an agent that hangs up', 'LoginInput.agent LoginInput.password', async () => ({
    username: 'key',
    agent: await agent(undefined),
    password: SECRET,
  })),
  way('an agent that refuses, with words', 'LoginInput.agent', async () => ({
    username: 'key',
    agent: await agent(frame(Buffer.from(`\u0005${SECRET}`))),
  })),
  way('an agent that answers something else', 'LoginInput.agent', async () => ({
    username: 'key',
    agent: await agent(frame(Buffer.from(`\u000e${SECRET}${SECRET}`))),
  })),
  way('packets of its own', 'LoginInput.customLogin', () => ({
    customLogin: ({ send }) => {
      send(Buffer.from(`\u0032${SECRET}`));
      throw new Error('given up');
    },
  })),
];

/** What a proxy says that refuses, after how much it heard. */
const REFUSALS: Readonly<Record<ProxyServer['type'], readonly string[]>> = {
  http: ['HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n'],
  https: ['this is no TLS'],
  socks4: ['\u0000\u005b\0\0\0\0\0\0'],
  socks4a: ['\u0000\u005b\0\0\0\0\0\0'],
  socks5: ['\u0005\u0002', '\u0001\u0001'],
};
const ASKING = ['Basic realm="x"', 'Digest realm="x", nonce="y", qop="auth", algorithm=SHA-256'];

const BY_PROXY = 'RoadOptions.proxy ProxyServer.password';
const PROXY_WAYS: readonly Way[] = [
  ...(Object.keys(PROXIES) as ProxyServer['type'][]).flatMap((type) => {
    const at = (port: number): ProxyServer => ({
      type,
      host: '127.0.0.1',
      port,
      username: 'me',
      password: SECRET,
    });
    return [
      way(`${type}: refused`, BY_PROXY, async () => ({ proxy: at(await listen(saying(...REFUSALS[type]))) })),
      way(`${type}: nobody listens`, BY_PROXY, async () => ({ proxy: at(await freePort()) })),
      way(`${type}: silence`, BY_PROXY, async () => ({
        proxy: at(await listen(() => {})),
        connectTimeout: 200,
      })),
      way(`${type}: a URL, refused`, BY_PROXY, async () => ({
        proxy: `${type}://me:${SECRET}@127.0.0.1:${await listen(saying(...REFUSALS[type]))}`,
      })),
      way(`${type}: a URL that is none`, BY_PROXY, () => ({ proxy: `${type}://me:${SECRET}@host:99999` })),
      way(`${type}: a host that is none`, BY_PROXY, () => ({ proxy: { ...at(1), host: '' } })),
    ];
  }),
  ...(['any', 'basic', 'digest'] as const).flatMap((auth) =>
    ASKING.map((challenge) =>
      way(`http: ${auth}, asked for ${challenge.slice(0, 6)}, and refused`, BY_PROXY, async () => {
        const refusal = `HTTP/1.1 407 No\r\nProxy-Authenticate: ${challenge}\r\nContent-Length: 0\r\n\r\n`;
        const port = await listen(saying(refusal, refusal));
        return { proxy: { type: 'http', host: '127.0.0.1', port, username: 'me', password: SECRET, auth } };
      }),
    ),
  ),
  way('a kind that is none', BY_PROXY, () => ({ proxy: `bogus://me:${SECRET}@host:1` })),
  way('the environment', BY_PROXY, async () => {
    process.env.ALL_PROXY = `socks5://me:${SECRET}@127.0.0.1:${await freePort()}`;
    return { proxy: 'environment' };
  }),
];

const JUMPS: readonly Way[] = [
  way('the password of a jump host', 'RoadOptions.jump LoginInput.password', () => ({ jump: jump({}) })),
  way('the password of the second', 'RoadOptions.jump LoginInput.password', () => ({
    jump: [jump({ username: 'expired' }), jump({})],
  })),
  way('in at the jump host, which has no tunnels', 'RoadOptions.jump LoginInput.password', async () => {
    const up = await listenSsh({ users: { me: { password: SECRET } } });
    closing.push(() => void up.close());
    return { jump: jump({ port: up.port, username: 'me' }), password: SECRET };
  }),
  way('the key of a jump host', 'RoadOptions.jump LoginInput.passphrase', async () => ({
    jump: jump({
      password: undefined,
      privateKey: await readFile(files.opensshEncrypted),
      passphrase: SECRET,
    }),
  })),
  way('the proxy of a jump host', `RoadOptions.jump ${BY_PROXY}`, async () => ({
    jump: jump({ proxy: `socks5://me:${SECRET}@127.0.0.1:${await freePort()}` }),
  })),
];

function jump(more: { [K in keyof ConnectOptions]?: ConnectOptions[K] | undefined }): ConnectOptions {
  const usual = {
    host: server.host,
    port: server.port,
    username: 'password',
    password: SECRET,
    trust: acceptAny(),
  };
  return { ...usual, timeout: 3000, ...more } as ConnectOptions;
}

/** What carries no secret, and why. */
const HARMLESS: Readonly<Record<string, string>> = {
  'LoginInput.username': 'a name',
  'LoginInput.askMethods': 'a choice',
  'LoginInput.login': 'names of methods',
  'GssapiOptions.servicePrincipal': 'a name',
  'GssapiOptions.realm': 'a name',
  'GssapiOptions.delegate': 'a choice',
  'GssapiOptions.keyExchange': 'a choice',
  'GssapiOptions.principal': 'a name',
  'HostbasedOptions.clientHost': 'a name',
  'HostbasedOptions.clientUser': 'a name',
  'RoadOptions.connectTimeout': 'a time',
  'RoadOptions.localAddress': 'an address',
  'RoadOptions.localPort': 'a number',
  'RoadOptions.family': 'a choice',
  'ProxyServer.type': 'a choice',
  'ProxyServer.host': 'a name',
  'ProxyServer.port': 'a number',
  'ProxyServer.username': 'a name',
  'ProxyServer.auth': 'a choice',
  'ProxyServer.tls': 'goes to node:tls, and is not looked at',
  'ConnectOptions.host': 'a name',
  'ConnectOptions.port': 'a number',
  'ConnectOptions.trust': 'public keys',
  'ConnectOptions.timeout': 'a time',
  'ConnectOptions.signal': 'no value',
  'ConnectOptions.algorithms': 'names',
  'ConnectOptions.onBanner': 'hears the server only',
  'ConnectOptions.log': 'where all is looked for',
  'ConnectOptions.logDetail': 'a choice',
};

const WAYS: Readonly<Record<string, readonly Way[]>> = {
  password: PASSWORDS,
  'keyboard-interactive': ANSWERS,
  'private key': PRIVATE_KEYS,
  'other ways': OTHERS,
  proxy: PROXY_WAYS,
  'jump host': JUMPS,
};

/** Connects, which must fail, and looks through all that comes out. */
async function failsClean(what: string, options: Partial<ConnectOptions>): Promise<void> {
  const events: LogEvent[] = [];
  const published: unknown[] = [];
  const listener = (message: unknown): void => {
    published.push(message);
  };
  subscribe('wherry:log', listener);
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
    assertClean(what, error, events, published, events.map(formatLog));
    for (const event of events)
      if (event.kind === 'packet' && event.payload !== undefined)
        assert.ok(!Buffer.from(event.payload).includes(MARK), `${what}: a logged payload`);
  } finally {
    unsubscribe('wherry:log', listener);
    delete process.env.ALL_PROXY;
  }
}

for (const [kind, ways] of Object.entries(WAYS)) {
  test(`${kind}: no failing way shows a secret`, async () => {
    for (const { name, options } of ways) await failsClean(`${kind}, ${name}`, await options());
  });
}

test('every option that may carry a secret does in a row', () => {
  const names = [
    ...['LoginInput', 'GssapiOptions', 'HostbasedOptions'].flatMap((name) =>
      membersOf('api/login-options.ts', name),
    ),
    ...membersOf('api/road-options.ts', 'RoadOptions'),
    ...membersOf('net/proxies/proxy.ts', 'ProxyServer'),
    ...membersOf('api/options.ts', 'ConnectOptions'),
  ];
  const covered = new Set(Object.values(WAYS).flatMap((ways) => ways.flatMap(({ by }) => by)));
  assertAllCovered(names, covered, Object.keys(HARMLESS));
});

test('a queue that cannot connect shows no secret, nor does its journal', async () => {
  await using folder = await localFolder();
  const journal = folder.file('journal');
  const login = { host: server.host, port: server.port, username: 'password', password: SECRET };
  const queue = createQueue({ ...login, trust: acceptAny() }, { journal, retries: 0 });
  const one = queue.download('/nothing', folder.file('target'));
  const error = await one.finished.then(
    () => assert.fail('moved'),
    (cause: unknown) => cause,
  );
  assertClean('a queue', error, one, queue);
  await queue.close();
  assertClean('a journal', await readFile(journal, 'utf8'));
});

test('a connection that is up shows no secret, and neither does a parsed key', async () => {
  const seed = Buffer.from(`.${MARK}.${MARK}${MARK}xxxxxxxxxxxx`);
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  // In one line: a key all the same, and no path.
  const jwk = JSON.stringify(key.export({ format: 'jwk' }));
  const { publicKey } = parsePrivateKey(jwk);
  const up = await listenSsh({
    users: { me: { password: SECRET, publicKeys: [publicKey], chains: [['publickey', 'password']] } },
  });
  const events: LogEvent[] = [];
  const connection = await connect({
    host: up.host,
    port: up.port,
    username: 'me',
    password: SECRET,
    privateKey: jwk,
    trust: acceptAny(),
    log: (event) => events.push(event),
    logDetail: 'bytes',
  });
  assertClean('a connection', connection, events, events.map(formatLog));
  await connection.close();
  await up.close();
  assertClean('a parsed key', parsePrivateKey(jwk), parsePrivateKey(await readFile(files.openssh), SECRET));
});

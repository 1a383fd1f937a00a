/**
 * Marked secrets go into every property of SFTPClient that may hold one, with every way to log in, every firewall and
 * every store; each logon fails, and no error, event or log may show the mark. ssh2-sftp-client's class likewise.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from 'node:util';
import {
  CertStoreTypes,
  FirewallTypes,
  SFTPClient,
  SFTPClientError,
  SSHAuthModes,
} from '../../src/client/index.ts';
import { CERTIFICATE_FIELDS } from '../../src/client/tables/certificate-fields.ts';
import { EVENTS } from '../../src/client/tables/events.ts';
import { FIREWALL_FIELDS } from '../../src/client/tables/firewall-fields.ts';
import { PROPERTIES } from '../../src/client/tables/properties.ts';
import Ssh2SftpClient from '../../src/compat/ssh2-sftp-client/index.ts';
import { type ListeningSsh, listenSsh } from '../support/peer/ssh-server.ts';
import { freePort } from '../support/servers/server.ts';
import { assertAllCovered, assertClean, SECRET } from './marked.ts';

const KEYS = `${import.meta.dirname}/../fixtures/keys/`;

let server: ListeningSsh;
before(async () => {
  process.env.KRB5_CONFIG = '/dev/null';
  server = await listenSsh({
    users: {
      me: {
        password: 'another',
        keyboard: [{ prompts: [{ text: 'Password: ', echo: false }], answers: ['123'] }],
        chains: [['password'], ['keyboard-interactive'], ['publickey'], ['gssapi-with-mic']],
      },
      expired: { password: SECRET, passwordExpired: 'Change it', newPassword: 'never' },
    },
  });
});
after(() => server.close());

/** A logon that fails: which properties hold the mark, and how the client is set up. */
interface Logon {
  readonly name: string;
  readonly by: readonly string[];
  readonly set: (client: SFTPClient) => unknown;
}

const MODES: readonly Logon[] = Object.entries(SSHAuthModes).map(([name, mode]) => ({
  name,
  by: ['sshPassword', 'sshAuthMode'],
  set(client) {
    client.sshAuthMode = mode;
    client.sshPassword = SECRET;
    client.on('sshKeyboardInteractive', (e) => {
      e.response = SECRET;
    });
    client.on('sshCustomAuth', () => {
      throw new Error('given up');
    });
  },
}));

const FIREWALLS: readonly Logon[] = Object.entries(FirewallTypes).map(([name, type]) => ({
  name,
  by: ['firewall.password'],
  async set(client) {
    client.firewall.type = type;
    client.firewall.host = '127.0.0.1';
    client.firewall.port = await freePort();
    client.firewall.user = 'me';
    client.firewall.password = SECRET;
    if (type === FirewallTypes.fwNone) client.sshPassword = SECRET;
  },
}));

const STORES: readonly Logon[] = Object.entries(CertStoreTypes).flatMap(([name, type]) =>
  [
    `${KEYS}rsa.keytool.p12`,
    `${KEYS}rsa.keytool.jks`,
    `${KEYS}ed25519.v3.argon2id.ppk`,
    `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`,
  ].map((store) => ({
    name: `${name} ${store.slice(-12)}`,
    by: ['sshCert.storePassword', 'sshCert.store', 'sshAcceptServerHostKey.storePassword'],
    set(client: SFTPClient) {
      client.sshAuthMode = SSHAuthModes.amPublicKey;
      for (const one of [client.sshAcceptServerHostKey, client.sshCert]) {
        try {
          one.storeType = type;
          one.store = store;
          one.storePassword = SECRET;
          one.subject = '*';
        } catch (error) {
          assertClean(`${name}, set`, error);
        }
      }
    },
  })),
);

const OTHERS: readonly Logon[] = [
  {
    name: 'a password that has expired',
    by: ['sshPassword'],
    set(client) {
      client.sshUser = 'expired';
      client.sshPassword = SECRET;
    },
  },
  {
    name: 'a host key nobody accepts',
    by: ['sshPassword'],
    async set(client) {
      await client.config('SSHAcceptAnyServerHostKey=False');
      client.sshPassword = SECRET;
    },
  },
  {
    name: 'a setting that is none',
    by: ['sshPassword'],
    async set(client) {
      client.sshPassword = SECRET;
      await client.config(`sshPassword=${SECRET}`).catch((error: unknown) => assertClean('config', error));
    },
  },
];

/** The writable properties that hold no secret. */
const HARMLESS: readonly string[] = [
  ...['localFile', 'localHost', 'localPort', 'overwrite', 'remoteFile', 'sshCompressionAlgorithms'],
  ...['sshEncryptionAlgorithms', 'sshHost', 'sshPort', 'sshUser', 'startByte', 'timeout'],
  ...['firewall.autoDetect', 'firewall.type', 'firewall.host', 'firewall.port', 'firewall.user'],
  ...['sshCert', 'sshAcceptServerHostKey'].flatMap((group) =>
    ['storeType', 'subject', 'encoded'].map((name) => `${group}.${name}`),
  ),
  // The keys of a server, which are public.
  'sshAcceptServerHostKey.store',
];

async function logsOnClean({ name, set }: Logon): Promise<void> {
  const client = new SFTPClient();
  const heard: unknown[] = [];
  for (const event of Object.keys(EVENTS) as (keyof typeof EVENTS)[])
    client.on(event, (e: object) => {
      // What a handler answers with is its own; what it is told counts.
      const { response: _, ...told } = { ...e } as { response?: unknown };
      heard.push(told);
    });
  [client.sshHost, client.sshPort, client.sshUser, client.timeout] = [server.host, server.port, 'me', 3];
  await client.config('SSHAcceptAnyServerHostKey=True');
  await client.config('LogLevel=3');
  await set(client);
  const error = await client.sshLogon().then(
    () => assert.fail(`${name}: logged on`),
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof SFTPClientError, `${name}: ${inspect(error)}`);
  assertClean(name, error, heard, inspect(client, { depth: 10, showHidden: true }), JSON.stringify(client));
  await client.sshLogoff().catch(() => {});
}

for (const [kind, logons] of Object.entries({ MODES, FIREWALLS, STORES, OTHERS })) {
  test(`SFTPClient, ${kind.toLowerCase()}: no logon that fails shows a secret`, async () => {
    for (const logon of logons) await logsOnClean(logon);
  });
}

test('every property that may hold a secret does in a row', () => {
  const writable = (rows: Readonly<Record<string, { readonly access: string }>>, group = ''): string[] =>
    Object.entries(rows).flatMap(([name, { access }]) => (access === 'rw' ? [group + name] : []));
  const names = [
    ...writable(PROPERTIES),
    ...writable(FIREWALL_FIELDS, 'firewall.'),
    ...writable(CERTIFICATE_FIELDS, 'sshCert.'),
    ...writable(CERTIFICATE_FIELDS, 'sshAcceptServerHostKey.'),
  ];
  const covered = [...MODES, ...FIREWALLS, ...STORES, ...OTHERS].flatMap(({ by }) => by);
  assertAllCovered(names, new Set(covered), HARMLESS);
});

test("ssh2-sftp-client's class shows no secret, to its debug function neither", async () => {
  const login = { host: server.host, port: server.port, username: 'me' };
  const pem = `-----BEGIN OPENSSH PRIVATE KEY-----\n${SECRET}\n-----END OPENSSH PRIVATE KEY-----\n`;
  for (const more of [
    { password: SECRET },
    { password: SECRET, tryKeyboard: true },
    { privateKey: pem, passphrase: SECRET },
    { privateKey: SECRET },
    { password: SECRET, port: await freePort() },
    { password: SECRET, port: -1 },
    { password: [SECRET] as never },
  ]) {
    const heard: unknown[] = [];
    const client = new Ssh2SftpClient('marked');
    const debug = (text: string): void => void heard.push(text);
    const error = await client
      .connect({
        ...login,
        ...more,
        retries: 0,
        readyTimeout: 3000,
        hostVerifier: () => true,
        debug,
      } as never)
      .then(
        () => assert.fail('connected'),
        (cause: unknown) => cause,
      );
    assertClean(Object.keys(more).join(), error, heard, inspect(client, { depth: 10, showHidden: true }));
    await client.end().catch(() => {});
  }
});

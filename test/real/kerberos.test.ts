/** Kerberos against a real KDC, sshd and asyncssh: both methods, every gss-* key exchange, and what fails. */
import assert from 'node:assert/strict';
import { chown, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type ConnectOptions, connect, type GssapiOptions } from '../../src/index.ts';
import { GSS_KEX_ALGORITHMS } from '../../src/ssh/crypto/gss-key-exchanges.ts';
import { assertClean, SECRET } from '../secrets/marked.ts';
import { getAccount } from '../support/servers/account.ts';
import { ASYNCSSH, startAsyncssh } from '../support/servers/asyncssh.ts';
import { makeScratch } from '../support/servers/from-env.ts';
import { type Kdc, KERBEROS, KERBEROS_HOST, REALM, startKdc } from '../support/servers/kerberos.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { startSshd } from '../support/servers/openssh.ts';
import type { RealServer } from '../support/servers/server.ts';
import { fails, loginWithout, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();

const names = [...GSS_KEX_ALGORITHMS.keys()];
const running: AsyncDisposable[] = [];
let realm: Promise<{ kdc: Kdc; server: RealServer }> | undefined;

/** One KDC and one sshd for the whole file; the process speaks to them by its environment, as libkrb5 has it. */
async function start(): Promise<{ kdc: Kdc; server: RealServer }> {
  const kdc = await startKdc((await getAccount()).user);
  running.push(kdc);
  Object.assign(process.env, kdc.env);
  const server = await startSshd({
    name: 'kerberos',
    env: kdc.env,
    config: [
      'KexAlgorithms curve25519-sha256',
      'GSSAPIAuthentication yes',
      'GSSAPIKeyExchange yes',
      'GSSAPIStrictAcceptorCheck no',
      `GSSAPIKexAlgorithms ${names.map((name) => name.replace(/[^-]*$/, '')).join(',')}`,
      'AuthorizedKeysFile none',
    ],
  });
  running.push(server);
  return { kdc, server };
}

after(async () => {
  for (const one of running.reverse()) await one[Symbol.asyncDispose]();
});

async function loginBy(
  server: RealServer,
  gssapi: boolean | GssapiOptions,
  more: Partial<ConnectOptions> = {},
): Promise<ConnectOptions> {
  return { ...(await loginWithout(server)), host: KERBEROS_HOST, gssapi, ...more };
}

/** One gss-* key exchange, where nothing but it says which server that is; gssapi-keyex, and a re-key. */
async function exchangeAndRekey(server: RealServer, name: string): Promise<void> {
  const { trust: _, ...login } = await loginBy(server, { keyExchange: true });
  const options = { ...login, algorithms: { kex: [name] }, login: { methods: ['gssapi-keyex'] as const } };
  await withSftp(options, async (sftp, connection) => {
    assert.equal(connection.algorithms.kex, name);
    await connection.rekey();
    await sftp.realpath('.');
  });
}

const kerberos = (name: string, work: (at: { kdc: Kdc; server: RealServer }) => Promise<void>): void => {
  test(name, async (t) => {
    const at = await startOnDemand(t, KERBEROS, () => (realm ??= start()));
    if (at !== undefined) await work(at);
  });
};

kerberos('gssapi-with-mic by the tickets that are there', async ({ server }) => {
  for (const options of [
    true,
    { servicePrincipal: `host/${KERBEROS_HOST}` },
    { realm: REALM },
    { delegate: true },
  ])
    await withSftp(await loginBy(server, options), (sftp) => sftp.realpath('.'));
  assert.match(server.log(), /Accepted gssapi-with-mic/);
});

for (const name of names) {
  kerberos(`${name}: the server proves itself, and gssapi-keyex the user`, async ({ server }) => {
    await exchangeAndRekey(server, name);
    assert.match(server.log(), /Accepted gssapi-keyex/);
  });
}

kerberos(
  'the gss-* key exchanges are offered first, and left out where there is no ticket',
  async ({ kdc, server }) => {
    const login = await loginBy(server, { keyExchange: true });
    await withSftp(login, async (_sftp, connection) =>
      assert.match(connection.algorithms.kex, /^gss-curve25519-sha256-/),
    );
    await kdc.dropTicket();
    try {
      await withSftp({ ...login, password: server.password! }, async (_sftp, connection) => {
        assert.equal(connection.algorithms.kex, 'curve25519-sha256');
      });
      const named = { ...login, algorithms: { kex: names } };
      const none = await fails(5000, connect(named), 'GSSAPI_FAILED');
      assert.match(none.message, /Kerberos/);
    } finally {
      await kdc.getTicket();
    }
  },
);

kerberos('a ticket by a principal and a password of its own; wrong ones', async ({ kdc, server }) => {
  await kdc.dropTicket();
  try {
    const by = (password: string, principal = kdc.user) => loginBy(server, { principal, password });
    await withSftp(await by(kdc.password), (sftp) => sftp.realpath('.'));
    // The principal is the user, where only a password is given.
    await withSftp(await loginBy(server, { password: kdc.password }), (sftp) => sftp.realpath('.'));
    assertClean('a wrong password', await fails(5000, connect(await by(SECRET)), 'GSSAPI_FAILED'));
    await fails(5000, connect(await by(kdc.password, 'nobody-of-that-name')), 'GSSAPI_FAILED');
    const none = await fails(5000, connect(await loginBy(server, true)), 'GSSAPI_FAILED');
    assert.equal(typeof none.details.gssStatus, 'number');
    // With another way left, Kerberos is a method that failed.
    await withSftp(await loginBy(server, true, { password: server.password! }), (sftp) => sftp.realpath('.'));
  } finally {
    await kdc.getTicket();
  }
});

kerberos('a server the KDC does not know, and a user who may not come in', async ({ server }) => {
  await fails(
    5000,
    connect(await loginBy(server, { servicePrincipal: 'host/nowhere.example' })),
    'GSSAPI_FAILED',
  );
  const error = await fails(5000, connect(await loginBy(server, true, { username: 'root' })), 'AUTH_FAILED');
  assert.deepEqual(
    error.details.attempts?.map(({ method }) => method),
    ['gssapi-with-mic'],
  );
});

/** asyncssh under python3-gssapi: another reading of RFC 4462 than sshd's, though the same library below. */
const PYTHON_GSSAPI = {
  name: 'asyncssh with Kerberos',
  doc: 'a second server for both methods and the gss-* key exchanges',
  packages: [...KERBEROS.packages, ...ASYNCSSH.packages, 'python3-gssapi'],
  needsRoot: true,
};
let second: Promise<RealServer> | undefined;

async function startSecond(): Promise<RealServer> {
  realm ??= start();
  const { kdc } = await realm;
  // It reads the key table at each login, by when it is another user.
  const scratch = await makeScratch();
  running.push(scratch);
  const env: Record<string, string> = {};
  const { uid, gid } = await getAccount();
  for (const name of ['KRB5_CONFIG', 'KRB5_KTNAME']) {
    const copy = join(scratch.path, name);
    await copyFile(kdc.env[name]!.replace('FILE:', ''), copy);
    await chown(copy, uid, gid);
    env[name] = copy;
  }
  const server = await startAsyncssh({
    name: 'asyncssh-kerberos',
    env,
    algorithms: 'all',
    listen: { gss_host: KERBEROS_HOST, gss_kex: true, gss_auth: true, public_key_auth: false },
  });
  running.push(server);
  return server;
}

test('asyncssh: gssapi-with-mic, also with a principal of its own, and a user who may not come in', async (t) => {
  const server = await startOnDemand(t, PYTHON_GSSAPI, () => (second ??= startSecond()));
  if (server === undefined) return;
  for (const options of [true, { servicePrincipal: `host/${KERBEROS_HOST}` }, { delegate: true }]) {
    const login = await loginBy(server, options, { login: { methods: ['gssapi-with-mic'] } });
    await withSftp(login, (sftp) => sftp.realpath('.'));
  }
  const other = await loginBy(server, true, { username: 'root' });
  const error = await fails(5000, connect(other), 'AUTH_FAILED');
  assert.deepEqual(
    error.details.attempts?.map(({ method }) => method),
    ['gssapi-with-mic'],
  );
});

for (const name of names) {
  test(`asyncssh: ${name}: the server proves itself, and gssapi-keyex the user`, async (t) => {
    const server = await startOnDemand(t, PYTHON_GSSAPI, () => (second ??= startSecond()));
    if (server === undefined) return;
    await exchangeAndRekey(server, name);
  });
}

/** Logging in with X.509 certificates (RFC 6187), which asyncssh takes and OpenSSH does not. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { CertStoreTypes, SSHAuthModes } from '../../src/client/index.ts';
import { type ConnectOptions, connect } from '../../src/index.ts';
import { openKeyStore } from '../../src/keys.ts';
import { getAccount } from '../support/servers/account.ts';
import { ASYNCSSH, startAsyncssh } from '../support/servers/asyncssh.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { realServer, requireServer } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { run } from '../support/servers/run.ts';
import type { RealServer } from '../support/servers/server.ts';
import { CA_EXTENSIONS, makeCertificate, type X509Files } from '../support/x509.ts';
import { clientOf } from './client/clients.ts';
import { fails, loginWithout, noUnhandledRejections } from './login.ts';

noUnhandledRejections();

/** Kinds of keys, and the algorithms they log in by: those offered by default, and those that must be named. */
const KINDS: Readonly<Record<string, { byDefault: readonly string[]; named: readonly string[] }>> = {
  'rsa:2048': { byDefault: ['x509v3-rsa2048-sha256'], named: ['x509v3-ssh-rsa'] },
  ec: { byDefault: ['x509v3-ecdsa-sha2-nistp256'], named: [] },
  secp384r1: { byDefault: ['x509v3-ecdsa-sha2-nistp384'], named: [] },
  secp521r1: { byDefault: ['x509v3-ecdsa-sha2-nistp521'], named: [] },
};
const PASSWORD = 'wherry';

let folder = '';
let root: X509Files;
let issuer: X509Files;
let extensions: string[] = [];

before(async () => {
  folder = await mkdtemp(join((await getFixtures()).dir, 'x509-'));
  await chmod(folder, 0o711);
  root = await makeCertificate({ name: 'root', extensions: CA_EXTENSIONS });
  issuer = await makeCertificate({ name: 'issuer', issuer: root, extensions: CA_EXTENSIONS });
  const { user } = await getAccount();
  // asyncssh looks for the user name among the mail addresses.
  extensions = ['keyUsage=critical,digitalSignature', `subjectAltName=email:${user}`];
});
after(() => rm(folder, { recursive: true, force: true }));

/** An asyncssh that takes certificates of the root, whatever their subject, and no plain key. */
async function start(t: TestContext): Promise<RealServer | undefined> {
  const authorizedKeys = join(folder, 'authorized');
  await writeFile(authorizedKeys, 'x509v3-sign-rsa subject=CN=user\n');
  return startOnDemand(t, ASYNCSSH, () =>
    startAsyncssh({ algorithms: 'all', authorizedKeys, x509TrustedCerts: [root.certFile] }),
  );
}

async function logsIn(options: ConnectOptions): Promise<void> {
  await (await connect(options)).close();
}

test('keys of every kind with their chain: PEM, entries of a PFX, and by each algorithm named', async (t) => {
  await using server = await start(t);
  if (server === undefined) return;
  for (const [kind, { byDefault, named }] of Object.entries(KINDS)) {
    const own = await makeCertificate({ name: 'user', key: kind, issuer, extensions });
    const privateKey = await readFile(own.keyFile, 'utf8');
    for (const certificate of [`${own.pem}${issuer.pem}`, `${issuer.pem}${own.pem}`, [own.pem, issuer.pem]])
      await logsIn(await loginWithout(server, { privateKey, certificate }));
    const pfx = join(folder, `${kind}.pfx`);
    await run('openssl', [
      ...['pkcs12', '-export', '-inkey', own.keyFile, '-in', own.certFile, '-certfile', issuer.certFile],
      ...['-passout', `pass:${PASSWORD}`, '-out', pfx],
    ]);
    const [entry] = openKeyStore({ type: 'cstPFXFile', store: pfx, password: PASSWORD });
    const certificate = [entry!.certificate!, ...entry!.chain!];
    await logsIn(await loginWithout(server, { privateKey: entry!.privateKey!, certificate }));
    for (const name of [...byDefault, ...named]) {
      const algorithms = { publicKey: [name] };
      await logsIn(await loginWithout(server, { privateKey, certificate, algorithms }));
    }
    const plain = await fails(10_000, connect(await loginWithout(server, { privateKey })), 'AUTH_FAILED');
    assert.ok(plain.details.attempts?.every(({ algorithm }) => !algorithm?.startsWith('x509')));
  }
});

test('a chain that is not good is one refused attempt, told by its algorithm; then the plain key is tried', async (t) => {
  await using server = await start(t);
  if (server === undefined) return;
  const other = await makeCertificate({ name: 'other root', extensions: CA_EXTENSIONS });
  const cases: X509Files[] = [
    await makeCertificate({ name: 'user', issuer: other, extensions }),
    await makeCertificate({ name: 'user', issuer, extensions, days: -1 }),
    await makeCertificate({ name: 'another', issuer, extensions }),
    await makeCertificate({ name: 'user', issuer, extensions: ['subjectAltName=email:somebody'] }),
  ];
  for (const own of cases) {
    const privateKey = await readFile(own.keyFile, 'utf8');
    const login = await loginWithout(server, { privateKey, certificate: [own.pem, issuer.pem, other.pem] });
    const error = await fails(10_000, connect(login), 'AUTH_FAILED');
    assert.deepEqual(
      error.details.attempts?.map(({ algorithm, outcome }) => [algorithm, outcome]),
      [
        ['x509v3-ecdsa-sha2-nistp256', 'refused'],
        ['ecdsa-sha2-nistp256', 'refused'],
      ],
    );
  }
});

test('a server that announces no X.509 is shown the plain key only', requireServer('openssh'), async () => {
  const { userKeys } = await getFixtures();
  const [key, cert] = [userKeys.rsa.files.pem!, join(folder, 'self.pem')];
  await run('openssl', ['req', '-x509', '-key', key, '-out', cert, '-days', '30', '-subj', '/CN=me']);
  const [privateKey, certificate] = [await readFile(key), await readFile(cert, 'utf8')];
  const server = realServer('openssh');
  const seen: string[] = [];
  const log: ConnectOptions['log'] = (event) => {
    if (event.kind === 'auth') seen.push(event.method);
  };
  await logsIn(await loginWithout(server, { privateKey, certificate, log }));
  assert.deepEqual(
    seen.map((one) => one.split(' ')[0]),
    ['none', 'publickey'],
  );
});

test('a certificate without its key, and what is no certificate, are told before anything is sent', async () => {
  const own = await makeCertificate({ name: 'CN of nobody', issuer, extensions });
  const privateKey = await readFile((await makeCertificate({ name: 'user' })).keyFile, 'utf8');
  const login = { host: '127.0.0.1', port: 1, username: 'me', privateKey };
  const error = await fails(1000, connect({ ...login, certificate: own.pem }), 'INVALID_ARGUMENT');
  assert.match(error.message, /no private key .* CN=CN of nobody/);
  await fails(1000, connect({ ...login, certificate: privateKey }), 'KEY_FORMAT');
});

test('SFTPClient logs in with the certificate of a PFX store', async (t) => {
  await using server = await start(t);
  if (server === undefined) return;
  const own = await makeCertificate({ name: 'user', key: 'rsa:2048', issuer, extensions });
  const pfx = join(folder, 'client.pfx');
  await run('openssl', [
    ...['pkcs12', '-export', '-inkey', own.keyFile, '-in', own.certFile, '-certfile', issuer.certFile],
    ...['-passout', `pass:${PASSWORD}`, '-out', pfx],
  ]);
  const client = await clientOf(server);
  client.sshAuthMode = SSHAuthModes.amPublicKey;
  client.sshCert.storeType = CertStoreTypes.cstPFXFile;
  client.sshCert.store = pfx;
  client.sshCert.storePassword = PASSWORD;
  client.sshCert.subject = 'CN=user';
  await client.sshLogon();
  await client.sshLogoff();
});

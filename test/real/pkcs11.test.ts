/** Keys on a PKCS#11 token, in software: listed, found, logged in with, and every way it can fail. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, type TestContext, test } from 'node:test';
import { CertStoreTypes, SSHAuthModes } from '../../src/client/index.ts';
import { connect } from '../../src/index.ts';
import {
  CertificateView,
  findKey,
  formatPrivateKey,
  formatPublicKey,
  type KeyEntry,
  openKeyStore,
  openPkcs11,
} from '../../src/keys.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { requireSshd } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { run } from '../support/servers/run.ts';
import { makeTokens, providePkcs11js, SOFTHSM, type Token } from '../support/servers/softhsm.ts';
import { makeCertificate } from '../support/x509.ts';
import { clientOf } from './client/clients.ts';
import { loginWithout, noUnhandledRejections } from './login.ts';

noUnhandledRejections();

const KEYS = [
  { id: '01', label: 'the rsa', type: 'rsa:2048' },
  { id: '02', label: 'the p256', type: 'EC:prime256v1' },
  { id: '03', label: 'the p384', type: 'EC:secp384r1' },
  { id: '04', label: 'the ed25519', type: 'EC:edwards25519' },
];
const TYPES = ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ssh-ed25519', 'ssh-rsa'];

let made: Promise<Map<string, Token>> | undefined;

after(async () => {
  for (const token of (await made)?.values() ?? []) await token[Symbol.asyncDispose]();
});

function start(t: TestContext): Promise<Map<string, Token> | undefined> {
  return startOnDemand(t, SOFTHSM, async () => {
    await providePkcs11js();
    made ??= makeTokens({ keys: KEYS, empty: [] });
    return made;
  });
}

const storeOf = ({ label, module }: Token, more = ''): string =>
  `pkcs11:token=${label}${more}?module-path=${module}`;

function typesOf(entries: readonly KeyEntry[]): string[] {
  return entries.map(({ publicKey }) => publicKey!.type).sort();
}

test('a token lists its keys by label, type and certificate; without a PIN only what is public', async (t) => {
  const token = (await start(t))?.get('keys');
  if (token === undefined) return;
  const open = openPkcs11(storeOf(token));
  assert.deepEqual(typesOf(open), TYPES);
  assert.ok(open.every(({ privateKey }) => privateKey === undefined));
  const entries = openPkcs11(storeOf(token), token.pin);
  assert.deepEqual(typesOf(entries), TYPES);
  assert.deepEqual(entries.map(({ comment }) => comment).sort(), KEYS.map(({ label }) => label).sort());
  assert.ok(entries.every(({ privateKey }) => privateKey !== undefined));
  for (const type of ['cstPKCS11', 23] as const) {
    const [one, ...more] = openKeyStore({
      type,
      store: storeOf(token, ';object=the%20rsa'),
      password: token.pin,
    });
    assert.equal(one?.comment, 'the rsa');
    assert.deepEqual(more, []);
  }
  assert.deepEqual(typesOf(openPkcs11(storeOf(token, ';id=%02'), token.pin)), ['ecdsa-sha2-nistp256']);
  assert.equal(findKey(entries, 'P384')?.comment, 'the p384');
  const { stdout } = await run('ssh-keygen', ['-D', token.module]);
  for (const { publicKey } of entries.filter((one) => one.publicKey?.type !== 'ssh-ed25519'))
    assert.ok(stdout.includes(formatPublicKey(publicKey!).split(' ')[1]!.trim()), 'as ssh-keygen -D has it');
});

test(
  'every key of a token logs in to sshd; one with a certificate is found by its subject',
  requireSshd(),
  async (t) => {
    const token = (await start(t))?.get('keys');
    if (token === undefined) return;
    const entries = openPkcs11(storeOf(token), token.pin);
    const dir = await mkdtemp(join((await getFixtures()).dir, 'token-'));
    try {
      await chmod(dir, 0o711);
      const authorized = join(dir, 'authorized_keys');
      const lines = entries.map(({ publicKey }) => formatPublicKey(publicKey!));
      await writeFile(authorized, lines.join(''), { mode: 0o644 });
      await using server = await startSshd({ name: 'token', config: [`AuthorizedKeysFile ${authorized}`] });
      for (const { privateKey, comment } of entries) {
        const login = connect(await loginWithout(server, { privateKey: privateKey! }));
        await (await login.catch((error: unknown) => assert.fail(`${comment}: ${error}`))).close();
      }
      const rsa = entries.find(({ comment }) => comment === 'the rsa')!;
      for (const name of ['rsa-sha2-512', 'rsa-sha2-256'] as const)
        assert.equal(rsa.privateKey!.sign(name, Buffer.of(1)).length > 256, true);
      const client = await clientOf(server);
      client.sshAuthMode = SSHAuthModes.amPublicKey;
      client.sshCert.storeType = CertStoreTypes.cstPKCS11;
      client.sshCert.store = storeOf(token);
      client.sshCert.storePassword = token.pin;
      client.sshCert.subject = 'the p256';
      assert.equal(client.sshCert.privateKeyAvailable, true);
      await client.sshLogon();
      await client.sshLogoff();
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
    const certificate = await makeCertificate({ name: 'on the token' });
    await token.addCertificate('05', 'alone', certificate.certFile);
    const found = findKey(openPkcs11(storeOf(token), token.pin), 'CN=on the token');
    assert.equal(found?.certificate?.subject, 'CN=on the token');
  },
);

test('the private half stays on the token', async (t) => {
  const token = (await start(t))?.get('keys');
  if (token === undefined) return;
  const [entry] = openPkcs11(storeOf(token), token.pin);
  assert.throws(() => formatPrivateKey(entry!.privateKey!), { code: 'INVALID_ARGUMENT' });
  assert.equal(new CertificateView(entry!).privateKey, '');
  assert.throws(() => entry!.privateKey!.sign('ssh-dss', Buffer.of(1)), { code: 'INVALID_ARGUMENT' });
});

test('what fails: a wrong PIN, no such module, no such token, several of them, none with keys', async (t) => {
  const tokens = await start(t);
  if (tokens === undefined) return;
  const [keys, empty] = [tokens.get('keys')!, tokens.get('empty')!];
  assert.deepEqual(openPkcs11(storeOf(empty), empty.pin), []);
  // A token whose user is logged in takes any PIN, so a process of its own asks with a wrong one.
  const script = `
    const { openPkcs11 } = await import(${JSON.stringify(new URL('../../src/keys.ts', import.meta.url).href)});
    try { openPkcs11(${JSON.stringify(storeOf(keys))}, '987654'); }
    catch (error) { console.log(error.code, /987654/.test(String(error.stack) + error.cause), error.message); }`;
  const wrong = await run(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script]);
  assert.match(wrong.stdout, /^KEY_PASSPHRASE_WRONG false /);
  const cases: [store: string, message: RegExp][] = [
    ['/not/there.so', /cannot be loaded/],
    [`pkcs11:token=other?module-path=${keys.module}`, /no token other/],
    [keys.module, /several tokens/],
    ['pkcs11:token=keys', /module-path/],
  ];
  for (const [store, message] of cases)
    assert.throws(() => openPkcs11(store, keys.pin), { code: 'INVALID_ARGUMENT', message });
  assert.equal(openPkcs11(keys.module).length >= KEYS.length, true);
});

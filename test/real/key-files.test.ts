/** Every private key file that can be read logs in to a real server once. */
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { chmod, copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { connect } from '../../src/index.ts';
import {
  formatPrivateKey,
  formatPublicKey,
  openKeyStore,
  type PrivateKey,
  parseKeys,
} from '../../src/keys.ts';
import { ASYNCSSH, startAsyncssh } from '../support/servers/asyncssh.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { requireSshd } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { run } from '../support/servers/run.ts';
import type { RealServer } from '../support/servers/server.ts';
import { loginWithout, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();

const PASSPHRASE = 'wherry';
const fixtures = fileURLToPath(new URL('../fixtures/keys/', import.meta.url));
let folder = '';
let count = 0;

before(async () => {
  folder = await mkdtemp(join((await getFixtures()).dir, 'key-files-'));
  await chmod(folder, 0o711);
});
after(() => rm(folder, { recursive: true, force: true }));

/** The keys in a file, by the file's name. */
async function readAll(files: Readonly<Record<string, string>>): Promise<Map<string, PrivateKey>> {
  const keys = new Map<string, PrivateKey>();
  for (const [name, store] of Object.entries(files)) {
    for (const { privateKey } of openKeyStore({ store, password: PASSPHRASE }))
      if (privateKey !== undefined) keys.set(`${name} ${privateKey.publicKey.type}`, privateKey);
  }
  return keys;
}

async function listed(): Promise<Record<string, string>> {
  const lines = (await readFile(`${fixtures}list.tsv`, 'utf8')).trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split('\t')[0]!).map((file) => [file, fixtures + file]));
}

const path = (): string => join(folder, `key${++count}`);

/** What openssl writes of a PEM key: its arguments but for the files. */
const BY_OPENSSL: Readonly<Record<string, readonly string[]>> = {
  'PKCS#8': ['pkey'],
  'PKCS#8 in DER': ['pkey', '-outform', 'DER'],
  'PKCS#1 in DER': ['rsa', '-traditional', '-outform', 'DER'],
  'PEM with DEK-Info, 3DES': ['rsa', '-traditional', '-des3', '-passout', `pass:${PASSPHRASE}`],
  'PEM with DEK-Info, AES': ['rsa', '-traditional', '-aes256', '-passout', `pass:${PASSPHRASE}`],
  'PBES1 of PKCS#12': ['pkcs8', '-topk8', '-v1', 'PBE-SHA1-3DES', '-passout', `pass:${PASSPHRASE}`],
  'PBES2 with 3DES': ['pkcs8', '-topk8', '-v2', 'des3', '-passout', `pass:${PASSPHRASE}`],
  'PBES2, HMAC-SHA-512': [
    ...[
      'pkcs8',
      '-topk8',
      '-v2',
      'aes-256-cbc',
      '-v2prf',
      'hmacWithSHA512',
      '-passout',
      `pass:${PASSPHRASE}`,
    ],
  ],
  scrypt: ['pkcs8', '-topk8', '-scrypt', '-passout', `pass:${PASSPHRASE}`],
};

/** What a PFX is encrypted with. */
const PFX: Readonly<Record<string, readonly string[]>> = {
  'PFX as OpenSSL 3 makes it': [],
  'PFX with RC2 and 3DES': ['-legacy'],
};

/** What ssh-keygen encrypts its own format with. */
const OPENSSH_CIPHERS = [
  'aes256-ctr',
  'aes128-cbc',
  '3des-cbc',
  'aes256-gcm@openssh.com',
  'chacha20-poly1305@openssh.com',
];

/** One RSA key in every form the usual tools write. */
async function made(): Promise<Record<string, string>> {
  const [openssh, pem, cert] = [path(), path(), path()];
  await run('ssh-keygen', ['-q', '-t', 'rsa', '-b', '2048', '-N', '', '-f', openssh]);
  await copyFile(openssh, pem);
  await run('ssh-keygen', ['-q', '-p', '-m', 'PEM', '-P', '', '-N', '', '-f', pem]);
  const files: Record<string, string> = { OpenSSH: openssh, 'PKCS#1': pem };
  for (const cipher of OPENSSH_CIPHERS) {
    const file = path();
    await copyFile(openssh, file);
    await run('ssh-keygen', ['-q', '-p', '-P', '', '-N', PASSPHRASE, '-a', '1', '-Z', cipher, '-f', file]);
    files[`OpenSSH with ${cipher}`] = file;
  }
  for (const [name, args] of Object.entries(BY_OPENSSL)) {
    const file = path();
    await run('openssl', [...args, '-in', pem, '-out', file]);
    files[name] = file;
  }
  await run('openssl', ['req', '-x509', '-key', pem, '-out', cert, '-days', '30', '-subj', '/CN=me']);
  for (const [name, args] of Object.entries(PFX)) {
    const file = path();
    const more = ['-passout', `pass:${PASSPHRASE}`, '-out', file];
    await run('openssl', ['pkcs12', '-export', ...args, '-inkey', pem, '-in', cert, ...more]);
    files[name] = file;
  }
  const rsa = createPrivateKey(await readFile(pem));
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey;
  const texts = {
    'XML of .NET': rsaXml(rsa.export({ format: 'jwk' })),
    'JWK set': JSON.stringify({ keys: [rsa.export({ format: 'jwk' }), ec.export({ format: 'jwk' })] }),
    SEC1: ec.export({ type: 'sec1', format: 'pem' }) as string,
  };
  const parsed = parseKeys(await readFile(pem))[0]!.privateKey!;
  for (const format of ['openssh', 'pkcs8', 'ppk', 'jwk'] as const) {
    const passphrase = format === 'jwk' ? {} : { passphrase: PASSPHRASE };
    Object.assign(texts, {
      [`written here as ${format}`]: formatPrivateKey(parsed, { format, ...passphrase }),
    });
  }
  for (const [name, text] of Object.entries(texts)) {
    files[name] = path();
    await writeFile(files[name], text);
  }
  return files;
}

function rsaXml(numbers: JsonWebKey): string {
  const names = { n: 'Modulus', e: 'Exponent', p: 'P', q: 'Q', dp: 'DP', dq: 'DQ', qi: 'InverseQ', d: 'D' };
  const parts = Object.entries(names).map(([from, to]) => {
    const base64 = Buffer.from(numbers[from as keyof typeof names]!, 'base64url').toString('base64');
    return `<${to}>${base64}</${to}>`;
  });
  return `<RSAKeyValue>${parts.join('')}</RSAKeyValue>`;
}

async function authorize(keys: Iterable<PrivateKey>): Promise<string> {
  const file = path();
  const lines = new Set([...keys].map(({ publicKey }) => formatPublicKey(publicKey)));
  await writeFile(file, [...lines].join(''), { mode: 0o644 });
  return file;
}

async function logsIn(server: RealServer, name: string, privateKey: PrivateKey): Promise<void> {
  // DSA signs with SHA-1, which is done only where it is named.
  const { type } = privateKey.publicKey;
  const algorithms = type === 'ssh-dss' ? { publicKey: ['ssh-dss'] } : {};
  const options = await loginWithout(server, { privateKey, algorithms });
  const connection = await connect(options).catch((cause: unknown) => assert.fail(`${name}: ${cause}`));
  await connection.close();
}

test('keys of every format log in to sshd', requireSshd(), async () => {
  const files = await made();
  const all = await readAll({ ...(await listed()), ...files });
  const keys = [...all].filter(([, key]) => key.publicKey.type !== 'ssh-ed448');
  for (const name of Object.keys(files))
    assert.ok(
      keys.some(([one]) => one.startsWith(`${name} `)),
      name,
    );
  const authorized = await authorize(keys.map(([, key]) => key));
  await using server = await startSshd({
    name: 'key-files',
    config: [`AuthorizedKeysFile ${authorized}`, 'PubkeyAcceptedAlgorithms +ssh-dss'],
  });
  for (const [name, key] of keys) await logsIn(server, name, key);
});

test('Ed448 keys log in to asyncssh, by an Ed448 host key: of PuTTY, in PKCS#8 and in the form of OpenSSH', async (t) => {
  const { privateKey } = generateKeyPairSync('ed448');
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const keys = await readAll(await listed());
  for (const name of [...keys.keys()]) if (!name.endsWith(' ssh-ed448')) keys.delete(name);
  assert.equal(keys.size, 4);
  keys.set('PKCS#8', parseKeys(pkcs8)[0]!.privateKey!);
  const authorized = await authorize(keys.values());
  await using server = await startOnDemand(t, ASYNCSSH, () =>
    startAsyncssh({
      hostKeys: ['ed448'],
      authorizedKeys: authorized,
      algorithms: { signatures: ['ssh-ed448'] },
    }),
  );
  if (server === undefined) return;
  const [plain, out] = [path(), path()];
  await writeFile(plain, pkcs8);
  const script =
    'import asyncssh, sys; asyncssh.read_private_key(sys.argv[1]).write_private_key(sys.argv[2])';
  await run('/usr/bin/python3', ['-W', 'ignore', '-c', script, plain, out]);
  const theirs = await readFile(out, 'utf8');
  assert.match(theirs, /BEGIN OPENSSH PRIVATE KEY/);
  keys.set('OpenSSH of asyncssh', parseKeys(theirs)[0]!.privateKey!);
  for (const [name, key] of keys) {
    const algorithms = { hostKey: ['ssh-ed448'] };
    const options = await loginWithout(server, { privateKey: key, algorithms });
    await withSftp(options, async (sftp, connection) => {
      assert.equal(connection.algorithms.hostKey, 'ssh-ed448', name);
      assert.match(await sftp.realpath('.'), /^\//);
    });
  }
  const ours = path();
  await writeFile(ours, formatPrivateKey(keys.get('PKCS#8')!));
  const read = 'import asyncssh, sys; print(asyncssh.read_private_key(sys.argv[1]).get_algorithm())';
  assert.equal(
    (await run('/usr/bin/python3', ['-W', 'ignore', '-c', read, ours])).stdout.trim(),
    'ssh-ed448',
  );
});

/** Every private key file that can be read logs in to a real sshd once. */
import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  formatPrivateKey,
  formatPublicKey,
  openKeyStore,
  type PrivateKey,
  parseKeys,
} from '../../src/keys.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { requireSshd } from '../support/servers/from-env.ts';
import { findSshd, startSshd } from '../support/servers/openssh.ts';
import { loginWithout, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();

const folder = fileURLToPath(new URL('../fixtures/keys/', import.meta.url));

test('keys of every format log in', requireSshd(), async () => {
  const keys = new Map<string, PrivateKey>();
  const list = (await readFile(`${folder}list.tsv`, 'utf8')).trim().split('\n');
  // Ed448 is PuTTY's alone, and DSA is what today's servers refuse.
  const files = list.map((line) => line.split('\t')[0]!).filter((file) => !/^(?:dsa|ed448)/.test(file));
  for (const file of files) {
    for (const { privateKey } of openKeyStore({ store: folder + file, password: 'wherry' }))
      keys.set(`${file} ${privateKey!.publicKey.type}`, privateKey!);
  }
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const made = parseKeys(privateKey.export({ type: 'pkcs1', format: 'der' }))[0]!.privateKey!;
  for (const format of ['openssh', 'pkcs8', 'ppk', 'jwk'] as const) {
    keys.set(`written as ${format}`, parseKeys(formatPrivateKey(made, { format }))[0]!.privateKey!);
  }
  const ec = createPrivateKey(
    generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ type: 'sec1', format: 'pem' }),
  );
  keys.set('SEC1', parseKeys(ec.export({ type: 'sec1', format: 'der' }))[0]!.privateKey!);

  const fixtures = await getFixtures();
  const dir = await mkdtemp(join(fixtures.dir, 'key-files-'));
  try {
    await chmod(dir, 0o711);
    const authorized = join(dir, 'authorized_keys');
    const lines = new Set([...keys.values()].map(({ publicKey }) => formatPublicKey(publicKey)));
    await writeFile(authorized, [...lines].join(''), { mode: 0o644 });
    assert.ok(await findSshd());
    await using server = await startSshd({ name: 'key-files', config: [`AuthorizedKeysFile ${authorized}`] });
    for (const [name, key] of keys) {
      const options = await loginWithout(server, { privateKey: key });
      assert.match(await withSftp(options, (sftp) => sftp.realpath('.')), /^\//, name);
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});

/** Every key file and every signature against a real OpenSSH: logs in and moves 1 MiB each way. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { SIGNATURE_ALGORITHMS } from '../../src/ssh/crypto/signatures.ts';
import { getFixtures, type KeyFiles, type KeyType } from '../support/servers/fixtures.ts';
import { makeScratch, requireSshd, type Scratch } from '../support/servers/from-env.ts';
import { findSshd, startSshd } from '../support/servers/openssh.ts';
import { findOpenssh10 } from '../support/servers/openssh10.ts';
import type { RealServer } from '../support/servers/server.ts';
import { bothWays, loginTo, loginWithout, noUnhandledRejections, withSftp } from './login.ts';

const MIB = 1_048_576;
const sshd = requireSshd();
let system: RealServer;
let scratch: Scratch;
const started: RealServer[] = [];

noUnhandledRejections();

before(async () => {
  if (sshd.skip !== false) return;
  system = await startSshd({ name: 'matrix', allAlgorithms: true });
  started.push(system);
  scratch = await makeScratch('matrix-');
});

after(async () => {
  await Promise.all(started.map((server) => server.stop()));
  await scratch?.[Symbol.asyncDispose]();
});

const FORMS: readonly (keyof KeyFiles)[] = [
  'openssh',
  'opensshEncrypted',
  'pkcs8',
  'pkcs8Encrypted',
  'pem',
  'pemEncrypted',
];
const KEY_TYPES: readonly Exclude<KeyType, 'dsa'>[] = ['ed25519', 'rsa', 'ecdsa256', 'ecdsa384', 'ecdsa521'];

for (const type of KEY_TYPES) {
  for (const form of FORMS) {
    if (type === 'ed25519' && form.startsWith('pem')) continue;
    test(`user key ${type} in ${form}`, sshd, async () => {
      const { userKeys, passphrase } = await getFixtures();
      const file = userKeys[type].files[form];
      assert.ok(file, `the fixtures have no ${type} in ${form}`);
      const options = await loginWithout(system, {
        privateKey: await readFile(file),
        ...(form.endsWith('Encrypted') ? { passphrase } : {}),
      });
      await withSftp(options, (sftp) => bothWays(sftp, scratch.path, MIB));
    });
  }
}

for (const [name, row] of Object.entries(SIGNATURE_ALGORITHMS)) {
  // Security keys sign through an agent; test/real/key-files.test.ts has the keys that are not among these fixtures.
  if (/^sk-|^ssh-dss$|^ssh-ed448$/.test(name)) continue;
  test(`user key signed by ${name}`, sshd, async () => {
    const { userKeys } = await getFixtures();
    const type = KEY_TYPES.find((one) => userKeys[one].algorithm === row.keyType);
    assert.ok(type, `the fixtures have no ${row.keyType}`);
    // Before 9.5 sshd announces signatures it does not take (server-sig-algs); the newer one tells the truth.
    const program = name === 'rsa-sha2-256' ? await findOpenssh10().catch(() => undefined) : await findSshd();
    assert.ok(program, `no server here proves ${name}`);
    await using server = await startSshd({
      name: 'signature',
      program,
      pubkeyAlgorithms: [name],
      logLevel: 'DEBUG1',
      config: ['RequiredRSASize 1024'],
    });
    const login = await loginTo(server, {}, type);
    if (row.security === 'insecure') {
      // SHA-1 is never signed with unasked: the login fails instead.
      await assert.rejects(
        withSftp(login, async () => {}),
        { code: 'AUTH_FAILED' },
      );
      return;
    }
    await withSftp(login, (sftp) => bothWays(sftp, scratch.path, MIB));
    assert.match(server.log(), /Accepted publickey/);
  });
}

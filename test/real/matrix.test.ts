/** Every algorithm row and every key file against a real OpenSSH: logs in and moves 1 MiB each way. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import type { ConnectOptions } from '../../src/index.ts';
import { CIPHERS, type CipherRow } from '../../src/ssh/crypto/ciphers.ts';
import { KEX_ALGORITHMS } from '../../src/ssh/crypto/key-exchanges.ts';
import { MACS } from '../../src/ssh/crypto/macs.ts';
import { SIGNATURE_ALGORITHMS } from '../../src/ssh/crypto/signatures.ts';
import { getFixtures, type KeyFiles, type KeyType } from '../support/servers/fixtures.ts';
import { makeScratch, requireSshd, type Scratch } from '../support/servers/from-env.ts';
import { findSshd, queryAlgorithms, type SshdProgram, startSshd } from '../support/servers/openssh.ts';
import { findOpenssh10 } from '../support/servers/openssh10.ts';
import type { RealServer } from '../support/servers/server.ts';
import { bothWays, loginTo, loginWithout, noUnhandledRejections, withSftp } from './login.ts';

const MIB = 1_048_576;
const sshd = requireSshd();
let system: RealServer;
let scratch: Scratch;
let newer: Promise<RealServer> | undefined;
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

async function startNewer(program: SshdProgram): Promise<RealServer> {
  const server = await startSshd({ name: 'matrix10', program, allAlgorithms: true });
  started.push(server);
  return server;
}

/** The server that has the algorithm: the system's, else OpenSSH 10. */
async function serverWith(query: string, name: string): Promise<RealServer | undefined> {
  const own = await findSshd();
  if (own && (await queryAlgorithms(own, query)).includes(name)) return system;
  const program = await findOpenssh10().catch(() => undefined);
  if (program === undefined || !(await queryAlgorithms(program, query)).includes(name)) return undefined;
  newer ??= startNewer(program);
  return newer;
}

async function prove(
  query: string,
  name: string,
  algorithms: NonNullable<ConnectOptions['algorithms']>,
  used: (of: Record<string, unknown>) => void,
): Promise<void> {
  const server = await serverWith(query, name);
  assert.ok(server, `no server here proves ${name}`);
  await withSftp(await loginTo(server, { algorithms }), async (sftp, connection) => {
    used({ ...connection.algorithms });
    await bothWays(sftp, scratch.path, MIB);
  });
}

for (const kex of Object.keys(KEX_ALGORITHMS)) {
  test(`key exchange ${kex}`, sshd, () =>
    prove('kex', kex, { kex: [kex] }, (used) => assert.equal(used.kex, kex)),
  );
}

for (const [cipher, row] of Object.entries(CIPHERS) as [string, CipherRow][]) {
  for (const mac of row.aead ? [undefined] : Object.keys(MACS)) {
    test(`cipher ${cipher}${mac === undefined ? '' : ` with ${mac}`}`, sshd, () =>
      prove(
        'cipher',
        cipher,
        { ciphers: [cipher], ...(mac === undefined ? {} : { macs: [mac] }) },
        (used) => {
          assert.deepEqual([used.cipherToServer, used.cipherFromServer], [cipher, cipher]);
          assert.deepEqual([used.macToServer, used.macFromServer], [mac, mac]);
          assert.equal(used.strictKex, true);
        },
      ),
    );
  }
}

for (const hostKey of Object.keys(SIGNATURE_ALGORITHMS)) {
  test(`host key ${hostKey}`, sshd, () =>
    prove('HostKeyAlgorithms', hostKey, { hostKey: [hostKey] }, (used) =>
      assert.equal(used.hostKey, hostKey),
    ),
  );
}

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

/** The asyncssh of the tests itself: does it let us in every way, and speak what it was told to? */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ASYNCSSH, startAsyncssh } from '../support/servers/asyncssh.ts';
import { makeScratch } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { bothWays, loginTo, loginWithout, withSftp } from './login.ts';

test('asyncssh: a public key, its SFTP server, and files that belong to the account', async (t) => {
  await using server = await startOnDemand(t, ASYNCSSH, () =>
    startAsyncssh({ algorithms: 'all', sftpVersion: 6 }),
  );
  if (server === undefined) return;
  await using scratch = await makeScratch();
  await withSftp(await loginTo(server), async (sftp) => {
    assert.equal(await sftp.realpath('.'), server.home);
    await bothWays(sftp, scratch.path, 100_000);
  });
});

test('asyncssh: a transfer survives re-keys, though data comes between its KEXINIT and its NEWKEYS', async (t) => {
  await using server = await startOnDemand(t, ASYNCSSH, () => startAsyncssh({ algorithms: 'all' }));
  if (server === undefined) return;
  await using scratch = await makeScratch();
  await withSftp(await loginTo(server, { rekeyBytes: 262_144 }), async (sftp) => {
    await bothWays(sftp, scratch.path, 4_000_000);
  });
});

test('asyncssh: a password, prompts, and only the algorithms it was given', async (t) => {
  await using server = await startOnDemand(t, ASYNCSSH, () =>
    startAsyncssh({
      password: 'a password of this test',
      algorithms: {
        ciphers: ['aes192-ctr'],
        macs: ['hmac-sha2-512'],
        kex: ['curve448-sha512', 'curve25519-sha256'],
      },
      challenge: { ask: ['Two', 'Both, please', [['First: ', false]]], answers: ['one'] },
    }),
  );
  if (server === undefined) return;
  const password = await loginWithout(server, { password: 'a password of this test' });
  await withSftp(password, async (_sftp, connection) => {
    assert.equal(connection.algorithms.cipherToServer, 'aes192-ctr');
    assert.equal(connection.algorithms.macToServer, 'hmac-sha2-512');
  });
});

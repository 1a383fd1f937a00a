import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  type Connection,
  connect,
  fingerprints,
  isWherryError,
  loadPrivateKey,
  openSftp,
  scpDownload,
  scpUpload,
} from '../../src/index.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import type { ServerInfo } from '../support/servers/server.ts';

const SIZES = [0, 1, 32_767, 32_768, 32_769, 1_048_577, 16_777_216];
const ODD_NAMES = ["it's", 'a b', '$(id)', '-rf', '*', 'é', 'semi;colon', 'back\\slash'];

async function login(server: ServerInfo): Promise<Connection> {
  const { userKeys } = await getFixtures();
  return connect({
    host: server.host,
    port: server.port,
    username: server.user,
    privateKey: await loadPrivateKey(userKeys.ed25519.files.openssh),
    trust: fingerprints(server.hostKeys.map(({ fingerprint }) => fingerprint)),
    timeout: 10_000,
  });
}

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

for (const name of ['openssh', 'dropbear'] as const) {
  describe(`scp against ${name}`, requireServer(name), () => {
    let scratch: Awaited<ReturnType<typeof makeScratch>>;
    let ssh: Connection;
    let remote: string;
    let local: string;

    before(async () => {
      scratch = await makeScratch('scp');
      ssh = await login(realServer(name));
      local = join(scratch.path, 'local');
      await mkdir(local);
      await using sftp = await openSftp(ssh);
      remote = `${await sftp.realpath('.')}/wherry-scp-${process.pid}-${name}`;
      await sftp.mkdir(remote);
    });

    after(async () => {
      await ssh.close();
      const { execFileSync } = await import('node:child_process');
      execFileSync('rm', ['-rf', remote]);
      await scratch[Symbol.asyncDispose]();
    });

    for (const size of SIZES) {
      test(`${size} bytes both ways`, { timeout: 30_000 }, async () => {
        const content = randomBytes(size);
        const from = join(local, `up-${size}`);
        const to = join(local, `down-${size}`);
        await writeFile(from, content);
        const up = await scpUpload(ssh, from, `${remote}/file-${size}`);
        const down = await scpDownload(ssh, `${remote}/file-${size}`, to);
        assert.deepEqual([up.protocol, down.protocol, up.bytes, down.bytes], ['scp', 'scp', size, size]);
        assert.equal(hash(await readFile(to)), hash(content));
      });
    }

    for (const odd of ODD_NAMES) {
      test(`the name ${odd} is taken as it is`, { timeout: 30_000 }, async () => {
        await scpUpload(ssh, Buffer.from(odd), `${remote}/${odd}`);
        await scpDownload(ssh, `${remote}/${odd}`, join(local, 'odd'));
        assert.equal(await readFile(join(local, 'odd'), 'utf8'), odd);
      });
    }

    test('a tree, with permissions and times', { timeout: 30_000 }, async () => {
      const tree = join(local, 'tree');
      await mkdir(join(tree, 'empty'), { recursive: true });
      await mkdir(join(tree, 'sub'));
      for (let i = 0; i < 20; i++) await writeFile(join(tree, 'sub', `file ${i}`), `content ${i}`);
      await chmod(join(tree, 'sub', 'file 3'), 0o640);
      await utimes(join(tree, 'sub', 'file 3'), 1_600_000_000, 1_500_000_000);
      await scpUpload(ssh, tree, remote, { recursive: true, preserve: true });
      const back = join(local, 'back');
      const result = await scpDownload(ssh, `${remote}/tree`, back, { recursive: true, preserve: true });
      assert.equal(result.files, 20);
      assert.deepEqual(
        (await readdir(back, { recursive: true })).sort(),
        (await readdir(tree, { recursive: true })).sort(),
      );
      const info = await stat(join(back, 'sub', 'file 3'));
      assert.equal(info.mode & 0o7777, 0o640);
      assert.equal(info.mtimeMs, 1_500_000_000_000);
    });

    test('what is missing or refused is told in the server’s words', { timeout: 30_000 }, async () => {
      await assert.rejects(scpDownload(ssh, `${remote}/missing`, join(local, 'x')), (error) => {
        return isWherryError(error) && error.code === 'SCP_FAILED' && /No such file/.test(error.message);
      });
      await assert.rejects(scpUpload(ssh, Buffer.from('x'), '/proc/wherry'), { code: 'SCP_FAILED' });
      await assert.rejects(scpDownload(ssh, remote, join(local, 'x')), { code: 'SCP_FAILED' });
      await ssh.ping();
    });

    test('abort in the middle leaves nothing under the final name', { timeout: 30_000 }, async () => {
      const stop = new AbortController();
      const copying = scpDownload(ssh, `${remote}/file-16777216`, join(local, 'aborted'), {
        signal: stop.signal,
        onProgress: () => stop.abort(),
      });
      stop.signal.addEventListener('abort', () => {});
      setTimeout(() => stop.abort(), 5);
      await copying.then(
        () => {},
        (error) => assert.equal(error.code, 'ABORTED'),
      );
      const left = (await readdir(local)).filter((one) => one.includes('wherry-tmp'));
      assert.deepEqual(left, []);
      await ssh.ping();
    });
  });
}

test('where only SFTP is served, the copy is done by SFTP and says so', {
  ...requireSshd(),
  timeout: 30_000,
}, async () => {
  await using server = await startSshd({ config: ['ForceCommand internal-sftp'] });
  await using scratch = await makeScratch('scp-fallback');
  const ssh = await login(server);
  const content = randomBytes(100_000);
  const file = `wherry-fallback-${process.pid}`;
  const up = await scpUpload(ssh, content, file);
  const down = await scpDownload(ssh, file, join(scratch.path, 'down'));
  assert.deepEqual([up.protocol, down.protocol], ['sftp', 'sftp']);
  assert.equal(hash(await readFile(join(scratch.path, 'down'))), hash(content));
  await using sftp = await openSftp(ssh);
  await sftp.remove(file);
  await ssh.close();
});

/** Trust on first use, and how connections end. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { acceptNew, anyOf, connect, fingerprints, knownHosts, openSftp } from '../../src/index.ts';
import { getFixtures, knownHostsLines } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { projectRoot } from '../support/servers/paths.ts';
import { SERVER_NAMES } from '../support/servers/registry.ts';
import { run } from '../support/servers/run.ts';
import { within } from '../support/sftp/memory-session.ts';
import { fails, loginTo, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');

for (const hash of [false, true]) {
  test(
    `acceptNew records ${hash ? 'a hashed name' : 'the host'}, knownHosts and OpenSSH find it, another key is refused`,
    openssh,
    async () => {
      const server = realServer('openssh');
      const folder = await mkdtemp(join(tmpdir(), 'wherry-known-'));
      try {
        const file = join(folder, 'known_hosts');
        const login = await loginTo(server);
        const name = `[127.0.0.1]:${server.port}`;
        await withSftp({ ...login, trust: acceptNew(file, { hash }) }, async () => {});
        const text = await readFile(file, 'utf8');
        assert.equal(text.includes(name), !hash);
        assert.equal(text.split('\n').length, 2);
        assert.match((await run('ssh-keygen', ['-F', name, '-f', file])).stdout, /ssh-ed25519|ecdsa|ssh-rsa/);
        await withSftp({ ...login, trust: knownHosts(file) }, async () => {});
        await withSftp({ ...login, trust: acceptNew(file, { hash }) }, async () => {});
        assert.equal(await readFile(file, 'utf8'), text, 'written once');
        await using other = await startSshd({ name: 'otherkey', hostKeys: ['rsa'] });
        const lines = knownHostsLines({
          ...other,
          hostKeys: server.hostKeys.filter((key) => key.type === 'ed25519'),
        });
        await writeFile(file, lines);
        if (hash) await run('ssh-keygen', ['-H', '-f', file]);
        const changed = { ...(await loginTo(other)), trust: acceptNew(file) };
        await fails(5000, connect(changed), 'HOST_KEY_CHANGED');
        await fails(5000, connect({ ...changed, trust: knownHosts(file) }), 'HOST_KEY_CHANGED');
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
}

test('the key type that is recorded is asked for first', openssh, async () => {
  const server = realServer('openssh');
  const folder = await mkdtemp(join(tmpdir(), 'wherry-known-'));
  try {
    for (const key of server.hostKeys) {
      const file = join(folder, key.type);
      await writeFile(file, knownHostsLines({ ...server, hostKeys: [key] }));
      const trust = anyOf(knownHosts(file), fingerprints([key.fingerprint]));
      await using connection = await connect({ ...(await loginTo(server)), trust });
      assert.match(
        connection.algorithms.hostKey,
        key.type === 'rsa' ? /^rsa-sha2/ : new RegExp(key.algorithm),
      );
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

for (const name of SERVER_NAMES) {
  test(
    `${name}: closing is in order, may be done twice, and settles what is under way`,
    requireServer(name),
    async () => {
      const connection = await connect(await loginTo(realServer(name)));
      const causes: string[] = [];
      connection.onClosed((cause) => causes.push(cause.code));
      const sftp = await openSftp(connection);
      // tinysshd has one channel to a connection.
      const second = name === 'tinysshd' ? sftp : await openSftp(connection);
      await connection.ping();
      await fails(1000, connection.ping({ signal: AbortSignal.abort() }), 'ABORTED');
      const pending = fails(
        5000,
        sftp.stat('.').then(() => sftp.readFile('/dev/zero')),
        'CLOSED',
      );
      await new Promise((resolve) => setTimeout(resolve, 50));
      await within(3000, Promise.all([sftp.close(), sftp.close()]), 'closing sftp');
      await pending;
      if (second !== sftp) assert.match(await second.realpath('.'), /^\//, 'another session goes on');
      await within(3000, Promise.all([connection.close(), connection.close()]), 'closing the connection');
      await connection.close();
      assert.equal(connection.closed, true);
      // tinysshd may hang up with its one channel, before the connection is closed.
      const end = name === 'tinysshd' && causes[0] === 'CONNECTION_LOST' ? 'CONNECTION_LOST' : 'CLOSED';
      assert.deepEqual(causes, [end], 'whatever the server does about our disconnect');
      await fails(1000, second.stat('.'), 'CLOSED');
      await fails(1000, openSftp(connection), end);
      await second.close();
    },
  );
}

test('await using closes both, also when the block throws', openssh, async () => {
  const login = await loginTo(realServer('openssh'));
  let kept: Awaited<ReturnType<typeof connect>> | undefined;
  const failing = withSftp(login, async (_, connection) => {
    kept = connection;
    throw new Error('mine');
  });
  await assert.rejects(failing, /mine/);
  assert.equal(kept?.closed, true);
});

test('many sessions and transfers on one connection at a time', openssh, async () => {
  await using scratch = await makeScratch();
  await using connection = await connect(await loginTo(realServer('openssh')));
  await Promise.all(
    Array.from({ length: 8 }, async (_, i) => {
      await using sftp = await openSftp(connection);
      const content = Buffer.alloc(300_000 + i, i);
      await sftp.upload(content, `${scratch.path}/${i}`);
      assert.ok(content.equals(await sftp.readFile(`${scratch.path}/${i}`)));
    }),
  );
});

test('a process ends by itself after close, and when the server goes', requireSshd(), async () => {
  await using server = await startSshd({ name: 'ending' });
  await using scratch = await makeScratch();
  const { userKeys } = await getFixtures();
  await writeFile(join(scratch.path, 'f'), Buffer.alloc(3_000_000, 1), { mode: 0o644 });
  for (const ending of ['close', 'lost'] as const) {
    const program = `
      import { readFileSync } from 'node:fs';
      const { connect, fingerprints, openSftp } = await import('./src/index.ts');
      const connection = await connect({
        host: '127.0.0.1', port: ${server.port}, username: ${JSON.stringify(server.user)},
        privateKey: readFileSync(${JSON.stringify(userKeys.ed25519.files.openssh)}),
        trust: fingerprints(${JSON.stringify(server.hostKeys.map((key) => key.fingerprint))}),
        keepAlive: { interval: 60000 },
      });
      const sftp = await openSftp(connection);
      await sftp.download(${JSON.stringify(`${scratch.path}/f`)}, ${JSON.stringify(`${scratch.path}/g-${ending}`)});
      console.log('moved');
      ${ending === 'close' ? 'await sftp.close(); await connection.close();' : ''}`;
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    const moved = await within(20_000, Promise.race([once(child.stdout, 'data'), ended]), 'the transfer');
    assert.equal(String(moved[0]).trim(), 'moved');
    if (ending === 'lost') await server.killConnections();
    try {
      const [code] = await within(5000, ended, `the process (${ending})`);
      assert.equal(code, 0);
    } finally {
      child.kill('SIGKILL');
    }
    assert.equal((await stat(join(scratch.path, `g-${ending}`))).size, 3_000_000);
  }
});

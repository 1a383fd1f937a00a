/** Through jump hosts and commands to OpenSSH. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, fingerprints, openSftp } from '../../src/index.ts';
import { heardNothing, withListener } from '../support/peer/listener.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { isAlive } from '../support/servers/process-tree.ts';
import { opensshArguments } from '../support/servers/proxies.ts';
import { bothWays, fails, loginTo, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');

for (const name of ['openssh', 'openssh10', 'dropbear'] as const) {
  test(`through ${name}: bytes both ways, keys exchanged anew in the middle, all closed with the connection`, {
    skip: openssh.skip || requireServer(name).skip,
  }, async () => {
    await using scratch = await makeScratch();
    const hop = await connect(await loginTo(realServer(name)));
    const target = await loginTo(realServer('openssh'), { jump: hop, rekeyBytes: 1_000_000 });
    await withSftp(target, async (sftp) => await bothWays(sftp, scratch.path, 5_000_001));
    assert.equal(hop.closed, false, 'an open connection stays open');
    await hop.close();

    const own = await connect({ ...target, jump: await loginTo(realServer(name)) });
    await using sftp = await openSftp(own);
    assert.match(await sftp.realpath('.'), /^\//);
    await own.close();
  });
}

test(
  'three hops in a row, each with its own trust, and a lost one ends what runs over it',
  openssh,
  async () => {
    const server = realServer('openssh');
    const login = await loginTo(server);
    const shown: string[] = [];
    const log: typeof login.log = (event) => {
      if (event.kind === 'connect') shown.push(`${event.port} ${event.through ?? 'directly'}`);
    };
    const jump = [login, await loginTo(server), await loginTo(server)];
    await withSftp({ ...login, jump, log }, async (sftp) => assert.match(await sftp.realpath('.'), /^\//));
    const over = `${server.port} jump host ${server.host}`;
    assert.deepEqual(shown, [`${server.port} directly`, over, over, over]);

    const stranger = { ...login, trust: fingerprints([`SHA256:${'A'.repeat(43)}`]) };
    const refused = await fails(
      8000,
      connect({ ...login, jump: [login, stranger] }),
      'HOST_KEY_CHANGED',
      'HOST_KEY_REJECTED',
      'HOST_KEY_UNKNOWN',
    );
    assert.match(refused.message, /^jump host 127\.0\.0\.1: /);
    const { trust: _, ...withoutTrust } = login;
    await fails(8000, connect({ ...login, jump: withoutTrust }), 'HOST_KEY_UNKNOWN');

    const hop = await connect(login);
    const inner = await connect({ ...login, jump: hop });
    const lost = new Promise<string>((resolve) => inner.onClosed((cause) => resolve(cause.code)));
    await hop.close();
    assert.match(await lost, /^(CONNECTION_LOST|CLOSED)$/);
  },
);

test('a jump host that cannot or will not: CONNECT_FAILED with its words', requireSshd(), async () => {
  const options = await loginTo(realServer('openssh'));
  const closed = await fails(8000, connect({ ...options, port: 1, jump: options }), 'CONNECT_FAILED');
  assert.match(closed.message, /jump host 127\.0\.0\.1 cannot reach 127\.0\.0\.1 port 1: /);
  await using strict = await startSshd({ name: 'notunnel', config: ['AllowTcpForwarding no'] });
  const jump = await loginTo(strict);
  const refused = await fails(8000, connect({ ...options, jump }), 'CONNECT_FAILED');
  assert.match(refused.message, /prohibited/);
  for (const wrong of [
    { jump: [] },
    { jump, proxy: 'http://x' },
    { jump: [jump, { ...jump, proxy: 'http://x' }] },
    { jump: [jump, { ...jump, jump }] },
  ]) {
    await fails(8000, connect({ ...options, ...wrong }), 'INVALID_ARGUMENT');
  }
});

test(
  'a host behind a jump host is verified for itself: without that it hears of no login',
  openssh,
  async () => {
    const jump = await loginTo(realServer('openssh'));
    const never = (): never => assert.fail('asked for an answer to a host that is not trusted');
    for (const login of [
      { password: 'secret' },
      { privateKey: jump.privateKey! },
      { keyboardInteractive: never },
      { password: 'secret', privateKey: jump.privateKey!, newPassword: never },
    ]) {
      await withListener(async (port, peers) => {
        // What is trusted is the key of the jump host.
        const options = { host: '127.0.0.1', port, username: 'me', trust: jump.trust!, jump, ...login };
        await fails(8000, connect(options), 'HOST_KEY_REJECTED');
        await heardNothing(peers);
      });
    }
  },
);

test('ssh -W and nc as proxy commands; the child ends with the connection', openssh, async () => {
  const server = realServer('openssh');
  const options = await loginTo(server);
  const folder = await mkdtemp(join(tmpdir(), 'wherry-command-'));
  try {
    const args = await opensshArguments(server, folder);
    await using scratch = await makeScratch();
    const viaSsh = { command: ['ssh', ...args, '-W', '%h:%p', server.host] };
    await withSftp(
      { ...options, proxy: viaSsh },
      async (sftp) => await bothWays(sftp, scratch.path, 1_000_000),
    );

    // Node itself, so that no package is needed: what nc does, and its process id.
    const pidFile = join(folder, 'pid');
    const script =
      "require('fs').writeFileSync(process.argv[3],String(process.pid));const s=require('net').connect(+process.argv[2],process.argv[1]);process.stdin.pipe(s).pipe(process.stdout)";
    const viaNode = { command: [process.execPath, '-e', script.replaceAll('%', '%%'), '%h', '%p', pidFile] };
    await withSftp({ ...options, proxy: viaNode }, async () => {
      assert.equal(isAlive(Number(await readFile(pidFile, 'utf8'))), true);
    });
    const pid = Number(await readFile(pidFile, 'utf8'));
    for (let turn = 0; turn < 60 && isAlive(pid); turn++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(isAlive(pid), false);

    const failing = { command: 'sh -c "echo no route to %h >&2; exit 5"' };
    const error = await fails(8000, connect({ ...options, proxy: failing }), 'PROXY_FAILED');
    assert.match(error.message, /exit code 5: no route to 127\.0\.0\.1/);
    await fails(3000, connect({ ...options, proxy: { command: ['sleep', '30'] }, timeout: 300 }), 'TIMEOUT');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

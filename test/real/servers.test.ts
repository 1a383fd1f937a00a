/** The harness itself, checked with OpenSSH's own client: does each real server let us in, and end when told to? */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { getFixtures, knownHostsLines } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { findOpenssh10 } from '../support/servers/openssh10.ts';
import { projectRoot } from '../support/servers/paths.ts';
import { isAlive } from '../support/servers/process-tree.ts';
import { SERVER_NAMES } from '../support/servers/registry.ts';
import { run } from '../support/servers/run.ts';
import type { ServerInfo } from '../support/servers/server.ts';

/** Options for ssh and sftp: nothing of the user's own configuration, and only what the fixtures vouch for. */
async function clientOptions(
  server: ServerInfo,
  dir: string,
  more: readonly string[] = [],
): Promise<string[]> {
  const fixtures = await getFixtures();
  const knownHosts = join(dir, `known_hosts-${server.port}`);
  await writeFile(knownHosts, knownHostsLines(server));
  const options = [
    ...more,
    'BatchMode=yes',
    'StrictHostKeyChecking=yes',
    `UserKnownHostsFile=${knownHosts}`,
    'GlobalKnownHostsFile=/dev/null',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `IdentityFile=${fixtures.userKeys.ed25519.files.openssh}`,
    `Port=${server.port}`,
    `User=${server.user}`,
    'ConnectTimeout=10',
  ];
  return ['-F', 'none', ...options.flatMap((option) => ['-o', option])];
}

for (const name of SERVER_NAMES) {
  test(`OpenSSH's ssh and sftp use ${name} with a public key`, requireServer(name), async () => {
    const server = realServer(name);
    await using scratch = await makeScratch();
    await chmod(scratch.path, 0o755);
    await writeFile(join(scratch.path, 'hello.txt'), 'hello\n', { mode: 0o644 });
    const options = await clientOptions(server, scratch.path);

    const who = await run('ssh', [...options, server.host, 'id -un']);
    assert.equal(who.stdout.trim(), server.user);

    const batch = `ls -1 ${scratch.path}\nget ${scratch.path}/hello.txt ${scratch.path}/copy.txt\n`;
    const listing = await run('sftp', ['-q', ...options, '-b', '-', server.host], { input: batch });
    assert.match(listing.stdout, /hello\.txt/);
    assert.equal(await readFile(join(scratch.path, 'copy.txt'), 'utf8'), 'hello\n');
  });
}

for (const name of ['openssh', 'openssh10', 'dropbear'] as const) {
  for (const method of ['password', 'keyboard-interactive'] as const) {
    if (name === 'dropbear' && method === 'keyboard-interactive') continue;
    test(`OpenSSH's ssh logs in to ${name} by ${method}`, requireServer(name, method), async () => {
      const server = realServer(name);
      await using scratch = await makeScratch();
      const askpass = join(scratch.path, 'askpass');
      await writeFile(askpass, '#!/bin/sh\nprintf "%s\\n" "$WHERRY_PASSWORD"\n', { mode: 0o700 });
      const wanted = [`PreferredAuthentications=${method}`, 'PubkeyAuthentication=no', 'BatchMode=no'];
      const options = await clientOptions(server, scratch.path, wanted);
      const who = await run('ssh', [...options, server.host, 'id -un'], {
        env: { SSH_ASKPASS: askpass, SSH_ASKPASS_REQUIRE: 'force', WHERRY_PASSWORD: server.password! },
      });
      assert.equal(who.stdout.trim(), server.user);
    });
  }
}

test('openssh10 agrees on mlkem768x25519-sha256', requireServer('openssh10'), async () => {
  const server = realServer('openssh10');
  await using scratch = await makeScratch();
  const { ssh } = await findOpenssh10();
  const options = await clientOptions(server, scratch.path, ['KexAlgorithms=mlkem768x25519-sha256']);
  const { stderr } = await run(ssh, ['-v', ...options, server.host, 'true']);
  assert.match(stderr, /kex: algorithm: mlkem768x25519-sha256/);
});

test(
  'an sshd of our own takes settings, all algorithms, and loses its connections',
  requireSshd(),
  async () => {
    await using scratch = await makeScratch();
    await using server = await startSshd({ name: 'legacy', allAlgorithms: true, rekeyLimit: '1M 60' });
    const legacy = ['KexAlgorithms=diffie-hellman-group1-sha1', 'Ciphers=3des-cbc', 'MACs=hmac-md5'];
    const options = await clientOptions(server, scratch.path, [...legacy, 'HostKeyAlgorithms=ssh-rsa']);
    await run('ssh', [...options, server.host, 'true']);

    const client = spawn('ssh', [...options, server.host, 'echo in; sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const closed = once(client, 'close');
    await once(client.stdout, 'data');
    assert.ok((await server.killConnections()) > 0);
    const [code] = await closed;
    assert.equal(code, 255);
    await run('ssh', [...options, server.host, 'true']);
    assert.match(server.log(), /Accepted publickey/);

    await server.stop();
    assert.equal(isAlive(server.pid), false);
  },
);

test('a server ends with the process that started it', requireSshd(), async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux can do this');
  const program = `
    const { startSshd } = await import('./test/support/servers/openssh.ts');
    console.log((await startSshd({ name: 'orphan' })).pid);
    setInterval(() => {}, 1000);`;
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(text.toString());
  assert.equal(isAlive(pid), true);
  parent.kill('SIGKILL');
  for (let turn = 0; turn < 100 && isAlive(pid); turn++) await sleep(20);
  assert.equal(isAlive(pid), false);
});

test('every user key file opens, the encrypted ones with the passphrase only', requireSshd(), async () => {
  const { userKeys, passphrase } = await getFixtures();
  for (const key of Object.values(userKeys)) {
    for (const [form, file] of Object.entries(key.files) as [string, string][]) {
      const secret = form.endsWith('Encrypted') ? passphrase : '';
      // ssh-keygen before 9.6 cannot read an Ed25519 key in PKCS#8.
      if (key.type === 'ed25519' && form.startsWith('pkcs8')) continue;
      const { stdout } = await run('ssh-keygen', ['-y', '-P', secret, '-f', file]);
      assert.ok(stdout.startsWith(key.publicLine), `${key.type} ${form}`);
      const { code } = await run('ssh-keygen', ['-y', '-P', 'wrong', '-f', file], { allowFailure: true });
      assert.equal(code !== 0, form.endsWith('Encrypted'), `${key.type} ${form}`);
    }
  }
});

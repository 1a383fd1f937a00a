import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, type Logger, openSftp } from '../../src/index.ts';
import { realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { loginTo } from './login.ts';

test('TinySSH answers a global request by UNIMPLEMENTED: ping resolves, again and again', {
  ...requireServer('tinysshd'),
  timeout: 20_000,
}, async () => {
  await using ssh = await connect(await loginTo(realServer('tinysshd')));
  for (let i = 0; i < 3; i++) await ssh.ping({ timeout: 3000 });
});

test('TinySSH closes a channel, or hangs up, as soon as it is told of the end', {
  ...requireServer('tinysshd'),
  timeout: 20_000,
}, async () => {
  for (const what of ['session', 'connection'] as const) {
    const told: string[] = [];
    const log: Logger = (event) => {
      if (event.kind === 'packet') told.push(`${event.direction} ${event.message}`);
      else if (event.kind === 'closed') told.push(event.reason);
    };
    const answered = (): boolean =>
      told.some((line) => /^in SSH_MSG_CHANNEL_CLOSE|CONNECTION_LOST|hung up/.test(line));
    const ssh = await connect(await loginTo(realServer('tinysshd'), { log }));
    const sftp = await openSftp(ssh);
    if (what === 'session') {
      await sftp.close();
      assert.ok(answered(), what);
    }
    await ssh.close();
    assert.ok(answered(), what);
  }
});

test('a server that takes rsa-sha2-256 only gets it, though it announces rsa-sha2-512 too', {
  ...requireSshd(),
  timeout: 20_000,
}, async () => {
  await using server = await startSshd({ pubkeyAlgorithms: ['rsa-sha2-256'] });
  await using ssh = await connect(await loginTo(server, {}, 'rsa'));
  assert.equal(ssh.closed, false);
});

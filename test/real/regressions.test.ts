import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../src/index.ts';
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

test('a server that takes rsa-sha2-256 only gets it, though it announces rsa-sha2-512 too', {
  ...requireSshd(),
  timeout: 20_000,
}, async () => {
  await using server = await startSshd({ pubkeyAlgorithms: ['rsa-sha2-256'] });
  await using ssh = await connect(await loginTo(server, {}, 'rsa'));
  assert.equal(ssh.closed, false);
});

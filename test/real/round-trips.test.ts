/** How many times the line is gone up and down before the first file can be asked for. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { connect, openSftp } from '../../src/index.ts';
import { delayingRelay } from '../support/relay/delaying-relay.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { realServer, requireServer } from '../support/servers/from-env.ts';
import { loginTo, loginWithout, noUnhandledRejections } from './login.ts';

noUnhandledRejections();

/** Longer than a busy machine takes to answer. */
const LATENCY = 60;

async function trips(port: number, options: Parameters<typeof connect>[0]): Promise<number> {
  await using relay = await delayingRelay(port, LATENCY);
  const ssh = await connect({ ...options, port: relay.port });
  const sftp = await openSftp(ssh);
  const heard = relay.heard();
  await sftp.close();
  await ssh.close();
  return heard;
}

/**
 * At most. OpenSSH gives a session no window before the subsystem runs, so SSH_FXP_INIT cannot ride with the request;
 * Dropbear sends its KEXINIT without waiting for our version.
 */
const WANTED = { openssh: 6, openssh10: 6, dropbear: 4, tinysshd: 5 } as const;

for (const [name, wanted] of Object.entries(WANTED) as [keyof typeof WANTED, number][]) {
  const what = `${name}: ${wanted} round trips to a ready SFTP session, one more where methods are asked for first`;
  test(what, requireServer(name), async () => {
    const server = realServer(name);
    const options = await loginTo(server, { algorithms: { kex: ['curve25519-sha256'] } });
    const direct = await trips(server.port, options);
    assert.ok(direct <= wanted, `${direct} round trips`);
    const asking = await trips(server.port, { ...options, askMethods: true });
    assert.ok(asking <= wanted + 1, `${asking} round trips with a question`);
  });
}

test(
  'a password where nothing else is given needs no question either',
  requireServer('openssh', 'password'),
  async () => {
    const server = realServer('openssh');
    const kex = ['curve25519-sha256'];
    const password = await loginWithout(server, { password: server.password!, algorithms: { kex } });
    assert.ok((await trips(server.port, password)) <= 6);
    const wrongFirst = {
      ...password,
      privateKey: await readFile((await getFixtures()).hostKeys.ed25519!.file),
    };
    assert.ok((await trips(server.port, wrongFirst)) <= 7, 'a refused key costs one');
  },
);

/** Every kind of proxy, by real proxy programs in front of OpenSSH. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, type ProxyServer } from '../../src/index.ts';
import { getAccount } from '../support/servers/account.ts';
import { realServer, requireServer } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import {
  PROXY_PROGRAMS,
  PROXY_USER,
  type ProxyProgramName,
  STUNNEL,
  startStunnel,
} from '../support/servers/proxies.ts';
import { fails, loginTo, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');

interface Road {
  readonly program: ProxyProgramName;
  readonly type: ProxyServer['type'];
  readonly auth?: 'basic' | 'digest';
  /** With which login it lets through; absent: none is asked for. */
  readonly login?: () => Promise<{ username: string; password: string }>;
}

const proxyUser = async (): Promise<typeof PROXY_USER> => PROXY_USER;
const plain = async (): Promise<{ username: string; password: string }> => ({
  username: PROXY_USER.username,
  password: 'plain-pw-1',
});
const systemUser = async (): Promise<{ username: string; password: string }> => {
  const { user, password = '' } = await getAccount();
  return { username: user, password };
};

const ROADS: readonly Road[] = [
  { program: 'tinyproxy', type: 'http' },
  { program: 'tinyproxyBasic', type: 'http', login: plain },
  { program: 'tinyproxyBasic', type: 'http', login: plain, auth: 'basic' },
  { program: 'squidBasic', type: 'http', login: proxyUser },
  { program: 'squidDigest', type: 'http', login: proxyUser },
  { program: 'squidDigest', type: 'http', login: proxyUser, auth: 'digest' },
  { program: 'danted', type: 'socks4' },
  { program: 'danted', type: 'socks5' },
  { program: 'dantedLogin', type: 'socks5', login: systemUser },
  { program: 'microsocks', type: 'socks5' },
  { program: 'microsocksLogin', type: 'socks5', login: proxyUser },
  { program: 'sshD', type: 'socks4' },
  { program: 'sshD', type: 'socks4a' },
  { program: 'sshD', type: 'socks5' },
];

for (const { program, type, auth, login } of ROADS) {
  const how = `${type}${auth === undefined ? '' : `, ${auth} only`}`;
  test(`${program} as ${how}: through, and refused for the right reasons`, openssh, async (t) => {
    const server = realServer('openssh');
    const account = await getAccount();
    const row = PROXY_PROGRAMS[program];
    const running = await startOnDemand(t, row, () => row.start({ server, account }));
    if (running === undefined) return;
    await using _ = running;
    const credentials = await login?.();
    const proxy: ProxyServer = { type, host: '127.0.0.1', port: running.port, auth, ...credentials };
    const options = await loginTo(server);

    // SOCKS4a and the others that may send names are given one.
    const host = type === 'socks4' ? server.host : 'localhost';
    await withSftp({ ...options, host, proxy }, async (sftp, ssh) => {
      assert.match(await sftp.realpath('.'), /^\//);
      assert.equal(ssh.host, host);
    });

    const closed = await fails(8000, connect({ ...options, port: 1, proxy }), 'PROXY_FAILED');
    assert.equal(closed.details.proxy, `${type} proxy 127.0.0.1 port ${running.port}`);
    if (credentials === undefined) return;
    const wrong = { ...proxy, password: 'not the password' };
    const refused = await fails(8000, connect({ ...options, proxy: wrong }), 'PROXY_AUTH_FAILED');
    const { username: __, password: ___, ...nobody } = proxy;
    await fails(8000, connect({ ...options, proxy: nobody }), 'PROXY_AUTH_FAILED');
    for (const error of [closed, refused]) {
      const told = `${error.stack} ${JSON.stringify(error.details)} ${String(error.cause)}`;
      assert.ok(!told.includes(credentials.password) && !told.includes('not the password'));
    }
  });
}

test('https: TLS to the proxy, whose certificate is checked', openssh, async (t) => {
  const server = realServer('openssh');
  const row = PROXY_PROGRAMS.tinyproxy;
  const behind = await startOnDemand(t, row, async () => row.start({ server, account: await getAccount() }));
  if (behind === undefined) return;
  await using _ = behind;
  const front = await startOnDemand(t, STUNNEL, () => startStunnel(behind.port));
  if (front === undefined) return;
  await using __ = front;
  const options = await loginTo(server);
  const proxy: ProxyServer = { type: 'https', host: 'localhost', port: front.port, tls: { ca: front.ca } };
  await withSftp({ ...options, proxy }, async (sftp) => assert.match(await sftp.realpath('.'), /^\//));
  const { tls: ___, ...untrusted } = proxy;
  const unknown = await fails(8000, connect({ ...options, proxy: untrusted }), 'PROXY_FAILED');
  assert.match(unknown.message, /SELF_SIGNED|self-signed/);
  const otherName = { ...proxy, host: '127.0.0.1' };
  await fails(8000, connect({ ...options, proxy: otherName }), 'PROXY_FAILED');
  const notTls = { ...proxy, port: behind.port };
  await fails(8000, connect({ ...options, proxy: notTls, timeout: 3000 }), 'PROXY_FAILED', 'CONNECT_TIMEOUT');
});

test('environment and URL name the same proxy', openssh, async (t) => {
  const server = realServer('openssh');
  const row = PROXY_PROGRAMS.microsocks;
  const running = await startOnDemand(t, row, async () => row.start({ server, account: await getAccount() }));
  if (running === undefined) return;
  await using _ = running;
  const options = await loginTo(server);
  const url = `socks5://127.0.0.1:${running.port}`;
  const before = { ALL_PROXY: process.env.ALL_PROXY, NO_PROXY: process.env.NO_PROXY };
  const through: (string | undefined)[] = [];
  const log: typeof options.log = (event) => {
    if (event.kind === 'connect') through.push(event.through);
  };
  try {
    await withSftp({ ...options, proxy: url, log }, async () => {});
    process.env.ALL_PROXY = url;
    await withSftp({ ...options, proxy: 'environment', log }, async () => {});
    process.env.NO_PROXY = '127.0.0.0/8';
    await withSftp({ ...options, proxy: 'environment', log }, async () => {});
  } finally {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
  const label = `socks5 proxy 127.0.0.1 port ${running.port}`;
  assert.deepEqual(through, [label, label, undefined]);
});

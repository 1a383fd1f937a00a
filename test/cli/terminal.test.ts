/** What is asked at a terminal. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { startServer } from '../../src/server/index.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { PROXY_PROGRAMS, PROXY_USER, startMicrosocks } from '../support/servers/proxies.ts';
import { hasTerminals, Terminal } from './terminal.ts';
import { makeDesk } from './wherry.ts';

describe('at a terminal', { skip: !hasTerminals && 'no script(1) on this machine' }, () => {
  it('an unknown key is shown and recorded when agreed to, a password is asked for and not shown', async () => {
    await using server = await startServer({ users: { me: { password: 'hunter2' } } });
    await using desk = await makeDesk();
    await using terminal = new Terminal(desk, ['shell', `sftp://me@${server.host}:${server.port}`]);
    await terminal.on(/is not known: ssh-ed25519 SHA256:.*yes\/no\/fingerprint\)\? /s, 'perhaps\r');
    await terminal.on(/type yes, no or the fingerprint: /, 'yes\r');
    await terminal.on(/recorded in .*Password of me on 127\.0\.0\.1: /s, 'wrong\r');
    await terminal.on(/refused; try again.*Password of me/s, 'hunter2\r');
    await terminal.on(/wherry \/> /, 'mkdir new\r');
    await terminal.on(/wherry \/> /, 'rm n\t');
    await terminal.on(/rm new\//, '\r');
    await terminal.on(/wherry: remove \/new\/?: .*wherry \/> /s, 'half a line\u0003');
    await terminal.on(/wherry \/> /, 'exit\r');
    assert.equal(await terminal.end(), 0);
    assert.doesNotMatch(terminal.shown, /hunter2|wrong/);
    assert.match(
      await readFile(join(desk.home, '.ssh', 'known_hosts'), 'utf8'),
      new RegExp(`:${server.port} `),
    );
    const history = await readFile(join(desk.home, '.local', 'state', 'wherry', 'history'), 'utf8');
    assert.match(history, /^mkdir new$/m);
    assert.doesNotMatch(history, /hunter2/);
  });

  it('no is no, and nothing is recorded', async () => {
    await using server = await startServer({ users: { me: { password: 'x' } } });
    await using desk = await makeDesk();
    await using terminal = new Terminal(desk, ['ls', `sftp://me@${server.host}:${server.port}`]);
    await terminal.on(/fingerprint\)\? /, 'no\r');
    assert.equal(await terminal.end(), 4);
    await assert.rejects(readFile(join(desk.home, '.ssh', 'known_hosts')));
  });

  it('a passphrase is asked for, then the questions of the server', async () => {
    const { userKeys, passphrase } = await getFixtures();
    const key = userKeys.ed25519.files.opensshEncrypted;
    const rounds = [
      { instruction: 'Second factor', prompts: [{ text: 'Code: ', echo: true }], answers: ['42'] },
    ];
    await using server = await startServer({ users: { me: { keyboardInteractive: rounds } } });
    await using desk = await makeDesk();
    await writeFile(desk.path('known'), `${server.knownHostsLine}\n`);
    const url = `sftp://me@${server.host}:${server.port}`;
    await using terminal = new Terminal(desk, ['ls', '-i', key, '--known-hosts', desk.path('known'), url]);
    await terminal.on(/Passphrase of the key .*: /, 'no such passphrase\r');
    await terminal.on(/Passphrase of the key .*: /, `${passphrase}\r`);
    await terminal.on(/Second factor \(me on 127\.0\.0\.1\) Code: /, '42\r');
    assert.equal(await terminal.end(), 0, terminal.shown);
  });

  it('the password of a proxy is asked for: at once, when it is refused, and with the user name', async (t) => {
    const proxy = await startOnDemand(t, PROXY_PROGRAMS.microsocksLogin, () => startMicrosocks(true));
    if (proxy === undefined) return;
    await using _ = proxy;
    const { username, password } = PROXY_USER;
    await using server = await startServer({ users: { me: { password: 'hunter2' } } });
    await using desk = await makeDesk();
    const there = ['ls', '--host-key', server.fingerprint, `sftp://me@${server.host}:${server.port}`];
    const place = `the proxy 127\\.0\\.0\\.1 port ${proxy.port}`;
    for (const user of [username, '']) {
      const url: string = `socks5://${user === '' ? '' : `${user}@`}127.0.0.1:${proxy.port}`;
      await using terminal = new Terminal(desk, [...there, '--proxy', url]);
      for (const typed of ['wrong-one', password]) {
        if (user === '') await terminal.on(new RegExp(`User name on ${place}: `), `${username}\r`);
        await terminal.on(new RegExp(`Password of ${username} on ${place}: `), `${typed}\r`);
        if (typed !== password) await terminal.on(/the proxy refused the login; try again/, '');
      }
      await terminal.on(/Password of me on/, 'hunter2\r');
      assert.equal(await terminal.end(), 0, terminal.shown);
      assert.doesNotMatch(terminal.shown, /wrong-one|Pw|hunter2/);
    }
  });
});

it('a pipe is never asked', async () => {
  await using server = await startServer({ users: { me: { password: 'x' } } });
  await using desk = await makeDesk();
  const url = `sftp://me@${server.host}:${server.port}`;
  assert.equal((await desk.run(['ls', url], { input: 'yes\nx\n' })).code, 4);
  const login = await desk.run(['ls', '--host-key', server.fingerprint, url], { input: 'x\n' });
  assert.equal(login.code, 3);
  assert.match(login.stderr, /give a password with --password-env NAME/);
});

it('the password of a proxy from the environment, and never asked of a pipe; it is in no output', async (t) => {
  const proxy = await startOnDemand(t, PROXY_PROGRAMS.microsocksLogin, () => startMicrosocks(true));
  if (proxy === undefined) return;
  await using _ = proxy;
  const { username, password } = PROXY_USER;
  await using server = await startServer({ users: { me: { password: 'secret' } } });
  await using desk = await makeDesk();
  const url = `socks5://${username}@127.0.0.1:${proxy.port}`;
  const to = [
    '--host-key',
    server.fingerprint,
    '--password-env',
    'PW',
    `sftp://me@${server.host}:${server.port}`,
  ];
  const run = (args: readonly string[], env: Record<string, string> = {}) =>
    desk.run(['ls', '-v', ...args, ...to], { input: `${password}\n`, env: { PW: 'secret', ...env } });

  for (const [args, env] of [
    [['--proxy', url], {}],
    [['--proxy', 'environment'], { ALL_PROXY: url }],
    [['--proxy', url.replace('@', ':another@')], {}],
  ] as const) {
    const good = await run(['--proxy-password-env', 'PROXY_PW', ...args], { PROXY_PW: password, ...env });
    assert.equal(good.code, 0, good.all);
    assert.match(good.stderr, /socks5 proxy 127\.0\.0\.1 port/);
    for (const secret of [password, 'another']) assert.ok(!good.all.includes(secret));
  }
  const wrong = await run(['--proxy-password-env', 'PROXY_PW', '--proxy', url], { PROXY_PW: 'not-this' });
  assert.equal(wrong.code, 3, wrong.all);
  assert.match(wrong.stderr, /refuses the user name or the password; check the user name/);
  assert.doesNotMatch(wrong.all, /not-this/);
  const without = await run(['--proxy', url]);
  assert.equal(without.code, 3);
  assert.match(without.stderr, /given with --proxy-password-env NAME/);
  for (const [args, complaint] of [
    [['--proxy', `socks5://127.0.0.1:${proxy.port}`], /needs a user name in the URL of the proxy/],
    [[], /goes with --proxy/],
  ] as const) {
    const refused = await run(['--proxy-password-env', 'PW', ...args]);
    assert.equal(refused.code, 2, refused.all);
    assert.match(refused.stderr, complaint);
  }
});

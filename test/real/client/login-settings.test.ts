/** Settings of the login and the key exchange that take a server of their own to show. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SSHAuthModes } from '../../../src/client/index.ts';
import { shows } from '../../client/shows.ts';
import { getAccount } from '../../support/servers/account.ts';
import { getFixtures } from '../../support/servers/fixtures.ts';
import { realServer, requireServer, requireSshd } from '../../support/servers/from-env.ts';
import { KERBEROS, KERBEROS_HOST, REALM, startKdc } from '../../support/servers/kerberos.ts';
import { startOnDemand } from '../../support/servers/on-demand.ts';
import { startSshd } from '../../support/servers/openssh.ts';
import { run } from '../../support/servers/run.ts';
import { localFolder } from '../../support/sftp/memory-session.ts';
import { noUnhandledRejections } from '../login.ts';
import { assertLocked, clientOf, failsWith } from './clients.ts';

noUnhandledRejections();

shows(
  'UseStrictKeyExchange: off, offered, and required of a server that does not know it',
  [
    'config:UseStrictKeyExchange',
    'config:NegotiatedStrictKex',
    'config:ServerSSHVersionString',
    'error:1003',
  ],
  requireServer('tinysshd'),
  async () => {
    const client = await clientOf(realServer('openssh'));
    for (const [level, used] of [
      [0, 'False'],
      [1, 'True'],
      [3, 'True'],
    ] as const) {
      await client.config(`UseStrictKeyExchange=${level}`);
      await client.connect();
      assert.equal(await client.config('NegotiatedStrictKex'), used, String(level));
      await client.disconnect();
    }
    const without = await clientOf(realServer('tinysshd'));
    await without.connect();
    assert.equal(await without.config('NegotiatedStrictKex'), 'False');
    assert.match(await without.config('ServerSSHVersionString'), /tinyssh/i);
    await without.disconnect();
    for (const level of [2, 3]) {
      await without.config(`UseStrictKeyExchange=${level}`);
      await failsWith(1003, without.connect());
    }
  },
);

shows(
  'DoNotRepeatAuthMethods: two keys in a row need a method twice',
  ['config:DoNotRepeatAuthMethods', 'config:EnablePageantAuth'],
  requireSshd('root'),
  async () => {
    await using server = await startSshd({ name: 'twice', authenticationMethods: 'publickey,publickey' });
    await using folder = await localFolder();
    const socket = folder.file('agent');
    const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
    const ended = once(agent, 'close');
    const before = process.env.SSH_AUTH_SOCK;
    try {
      while (!existsSync(socket)) await sleep(20);
      process.env.SSH_AUTH_SOCK = socket;
      const { userKeys } = await getFixtures();
      await run('ssh-add', ['-q', userKeys.ecdsa256.files.openssh], { env: { SSH_AUTH_SOCK: socket } });
      const client = await clientOf(server);
      await client.config('EnablePageantAuth=1');
      await failsWith(1032, client.sshLogon());
      await client.config('DoNotRepeatAuthMethods=False');
      await client.sshLogon();
      await client.sshLogoff();
    } finally {
      agent.kill();
      await ended;
      if (before === undefined) delete process.env.SSH_AUTH_SOCK;
      else process.env.SSH_AUTH_SOCK = before;
    }
  },
);

shows(
  'Kerberos: both modes; the name of the server, the realm, and whether credentials go along',
  ['config:KerberosSPN', 'config:KerberosRealm', 'config:KerberosDelegation', 'sshAuthMode'],
  { timeout: 60_000 },
  async (t) => {
    await using kdc = await startOnDemand(t, KERBEROS, async () => startKdc((await getAccount()).user));
    if (kdc === undefined) return;
    const before = Object.keys(kdc.env).map((name) => [name, process.env[name]] as const);
    Object.assign(process.env, kdc.env);
    try {
      await using server = await startSshd({
        name: 'kerberos-client',
        env: kdc.env,
        logLevel: 'DEBUG1',
        config: [
          'GSSAPIAuthentication yes',
          'GSSAPIKeyExchange yes',
          'GSSAPIStrictAcceptorCheck no',
          'AuthorizedKeysFile none',
        ],
      });
      const client = await clientOf(server);
      client.sshHost = KERBEROS_HOST;
      client.sshAuthMode = SSHAuthModes.amGSSAPIWithMic;
      const receives = async (delegates: boolean): Promise<boolean> => {
        await client.config(`KerberosDelegation=${delegates}`);
        const old = server.log().length;
        await client.sshLogon();
        await client.sshLogoff();
        const log = server.log().slice(old);
        assert.match(log, /Accepted gssapi-with-mic/);
        return /Received some client credentials/.test(log);
      };
      assert.deepEqual([await receives(true), await receives(false)], [true, false]);
      await client.config(`KerberosSPN=host/${KERBEROS_HOST}`);
      await client.sshLogon();
      await client.sshLogoff();
      await client.config('KerberosSPN=host/nobody.wherry.test');
      await failsWith(1032, client.sshLogon());
      await client.config('KerberosSPN=');
      await client.config(`KerberosRealm=${REALM}`);
      await client.sshLogon();
      await client.sshLogoff();
      await client.config('KerberosRealm=NO.SUCH.REALM');
      await failsWith(1032, client.sshLogon());
      await client.config('KerberosRealm=');
      client.sshAuthMode = SSHAuthModes.amGSSAPIKeyex;
      await client.sshLogon();
      assert.match(server.log(), /Accepted gssapi-keyex/);
      await client.sshLogoff();
    } finally {
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  },
);

shows(
  'nothing is changed while a connection is being made, and none is made twice at a time',
  [
    ...['sshHost', 'sshPort', 'localHost', 'localPort', 'connect', 'sshLogon', 'error:100', 'error:101'],
    ...['error:106', 'error:107', 'error:1105 TCPClient'],
  ],
  requireServer('openssh'),
  async () => {
    const client = await clientOf();
    const connecting = client.connect();
    assertLocked(client);
    const twice = await failsWith(1105, client.sshLogon());
    assert.equal(twice.group, 'TCPClient');
    await connecting;
    const { host, port } = realServer('openssh');
    await client.sshLogon(host, port);
    await client.sshLogoff();
    client.sshPort = 1;
  },
);

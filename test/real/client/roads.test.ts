/** What lies between a client and its server: addresses, proxies, and roads that fall silent or break. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FirewallTypes, type SFTPClient, SFTPClientError } from '../../../src/client/index.ts';
import { shows } from '../../client/shows.ts';
import { getAccount } from '../../support/servers/account.ts';
import { realServer, requireServer } from '../../support/servers/from-env.ts';
import { startOnDemand } from '../../support/servers/on-demand.ts';
import { PROXY_PROGRAMS, PROXY_USER } from '../../support/servers/proxies.ts';
import { freePort } from '../../support/servers/server.ts';
import { localFolder, pattern } from '../../support/sftp/memory-session.ts';
import { noUnhandledRejections, until } from '../login.ts';
import { bench, clientOf, failsWith } from './clients.ts';
import { clearPackets, type WatchedRelay, watchedRelay } from './relay.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');

/** A client whose way to the server leads through a relay. */
async function relayed(): Promise<{ client: SFTPClient; relay: WatchedRelay }> {
  const server = realServer('openssh');
  const relay = await watchedRelay(server.port);
  return { client: await clientOf({ ...server, host: relay.host, port: relay.port }), relay };
}

shows('the address and port a client comes from', ['localHost', 'localPort'], openssh, async () => {
  const { client, relay } = await relayed();
  await using _ = relay;
  const port = await freePort();
  client.localHost = '127.0.0.2';
  client.localPort = port;
  await client.connect();
  assert.deepEqual(relay.from, { address: '127.0.0.2', port });
  assert.deepEqual([client.localHost, client.localPort], ['127.0.0.2', port]);
  await client.disconnect();
});

shows(
  'what is said in the clear: the version line, and the size of the group that is asked for',
  ['config:ClientSSHVersionString', 'config:PreferredDHGroupBits'],
  openssh,
  async () => {
    const { client, relay } = await relayed();
    await using _ = relay;
    await client.config('ClientSSHVersionString=SSH-2.0-facade');
    await client.config('SSHKeyExchangeAlgorithms=diffie-hellman-group-exchange-sha256');
    for (const bits of [2048, 4096]) {
      await client.config(`PreferredDHGroupBits=${bits}`);
      await client.connect();
      await client.disconnect();
      assert.match(relay.said().toString('latin1'), /^SSH-2\.0-facade\r\n/);
      // SSH_MSG_KEX_DH_GEX_REQUEST: min, n, max
      const request = clearPackets(relay.said()).find((packet) => packet[0] === 34);
      assert.equal(request?.readUInt32BE(5), bits);
    }
  },
);

shows('what is compressed is shorter on the way', ['sshCompressionAlgorithms'], openssh, async () => {
  const { client, relay } = await relayed();
  await using _ = relay;
  await using b = await bench();
  client.setUploadStream([Buffer.alloc(500_000)]);
  client.remoteFile = b.at('plain');
  await client.upload();
  await client.sshLogoff();
  assert.ok(relay.bytes.up > 500_000);
  relay.bytes.up = 0;
  client.sshCompressionAlgorithms = 'zlib@openssh.com';
  client.setUploadStream([Buffer.alloc(500_000)]);
  client.remoteFile = b.at('short');
  await client.upload();
  await client.sshLogoff();
  assert.ok(relay.bytes.up < 100_000, String(relay.bytes.up));
  assert.equal((await stat(b.at('short'))).size, 500_000);
});

shows(
  'WaitForServerDisconnect: who ends the connection',
  ['config:WaitForServerDisconnect', 'sshLogoff'],
  openssh,
  async () => {
    for (const [value, first] of [
      ['False', 'client'],
      ['True', 'server'],
    ]) {
      const { client, relay } = await relayed();
      await using _ = relay;
      await client.config(`WaitForServerDisconnect=${value}`);
      await client.sshLogon();
      await client.sshLogoff();
      await until(() => relay.endedBy !== undefined);
      assert.equal(relay.endedBy, first, value);
    }
  },
);

describe('proxies', () => {
  const { tinyproxyBasic, microsocksLogin, sshD, microsocks } = PROXY_PROGRAMS;
  /** A login through a proxy, which wants a login itself where there is a user. */
  const through =
    (program: (typeof PROXY_PROGRAMS)['sshD'], type: number, user = '', password = '') =>
    async (t: TestContext): Promise<void> => {
      const server = realServer('openssh');
      const account = await getAccount();
      await using proxy = await startOnDemand(t, program, () => program.start({ server, account }));
      if (proxy === undefined) return;
      const client = await clientOf();
      const stages: string[] = [];
      client.on('connectionStatus', (e) => stages.push(e.connectionEvent));
      client.firewallType = type;
      client.firewallHost = '127.0.0.1';
      client.firewallPort = proxy.port;
      if (user !== '') {
        await failsWith(118, client.sshLogon());
        client.firewallUser = user;
        client.firewallPassword = 'wrong';
        await failsWith(118, client.sshLogon());
        client.firewallPassword = password;
      }
      await client.sshLogon();
      assert.equal(stages[0], 'Firewall connection complete');
      await client.sshLogoff();
      assert.equal(stages.at(-1), 'Firewall host disconnected');
    };

  for (const [program, type, password] of [
    [tinyproxyBasic, FirewallTypes.fwTunnel, 'plain-pw-1'],
    [microsocksLogin, FirewallTypes.fwSOCKS5, PROXY_USER.password],
  ] as const) {
    shows(
      `${program.doc}, firewallType ${type}`,
      [
        ...['firewallType', 'firewallHost', 'firewallPort', 'firewallUser', 'firewallPassword'],
        ...['event:connectionStatus', 'error:118'],
      ],
      openssh,
      through(program, type, PROXY_USER.username, password),
    );
  }
  for (const type of [FirewallTypes.fwSOCKS4, FirewallTypes.fwSOCKS4A]) {
    shows(
      `${sshD.doc}, firewallType ${type}`,
      ['firewallType', 'firewallHost', 'firewallPort', 'event:connectionStatus'],
      openssh,
      through(sshD, type),
    );
  }

  shows(
    'firewallAutoDetect takes the proxy of the environment',
    ['firewallAutoDetect'],
    openssh,
    async (t) => {
      const server = realServer('openssh');
      const account = await getAccount();
      await using proxy = await startOnDemand(t, microsocks, () => microsocks.start({ server, account }));
      if (proxy === undefined) return;
      const names = ['ALL_PROXY', 'all_proxy', 'NO_PROXY', 'no_proxy'];
      const before = names.map((name) => [name, process.env[name]] as const);
      for (const name of names) delete process.env[name];
      process.env.ALL_PROXY = `socks5://127.0.0.1:${proxy.port}`;
      try {
        for (const auto of [false, true]) {
          const client = await clientOf();
          const stages: string[] = [];
          client.on('connectionStatus', (e) => stages.push(e.connectionEvent));
          client.firewallAutoDetect = auto;
          await client.sshLogon();
          assert.equal(stages[0] === 'Firewall connection complete', auto);
          await client.sshLogoff();
        }
      } finally {
        for (const [name, value] of before) {
          if (value === undefined) delete process.env[name];
          else process.env[name] = value;
        }
      }
    },
  );
});

describe('roads that end', () => {
  shows(
    'a server that falls silent: keep-alive requests find out, with 1039',
    ['config:SSHKeepAliveInterval', 'config:SSHKeepAliveCountMax', 'event:disconnected', 'error:1039'],
    openssh,
    async () => {
      const { client, relay } = await relayed();
      await using _ = relay;
      await client.config('SSHKeepAliveInterval=1');
      await client.config('SSHKeepAliveCountMax=2');
      await client.config('LogLevel=2');
      let asked = 0;
      client.on('log', ({ message }) => {
        if (message.startsWith('> SSH_MSG_GLOBAL_REQUEST')) asked++;
      });
      const ended = new Promise<number>((resolve) => {
        client.on('disconnected', (e) => resolve(e.statusCode));
      });
      await client.sshLogon();
      const before = relay.bytes.down;
      await until(() => relay.bytes.down !== before);
      assert.equal(client.connected, true);
      relay.freeze();
      asked = 0;
      await failsWith(1039, client.makeDirectory('never'));
      assert.equal(asked, 2);
      assert.equal(await ended, 1039);
      assert.equal(client.connected, false);
    },
  );

  shows(
    'a server that falls silent in a transfer: 201 after timeout seconds, and what came is kept',
    ['timeout', 'download', 'startByte', 'error:201'],
    openssh,
    async () => {
      const { client, relay } = await relayed();
      await using _ = relay;
      await using b = await bench();
      await using local = await localFolder();
      const content = pattern(12_000_000);
      await b.put('f', content);
      [client.remoteFile, client.localFile, client.timeout] = [b.at('f'), local.file('f'), 1];
      client.on('transfer', (e) => {
        if (e.bytesTransferred > 1_000_000) relay.freeze();
      });
      await failsWith(201, client.download());
      await client.disconnect();
      const { size } = await stat(local.file('f'));
      assert.ok(size >= 1_000_000 && size < content.length, String(size));
      assert.ok((await readFile(local.file('f'))).equals(content.subarray(0, size)));
      client.sshPort = realServer('openssh').port;
      client.startByte = size;
      await client.download();
      assert.ok((await readFile(local.file('f'))).equals(Buffer.from(content)));
      await client.sshLogoff();
    },
  );

  shows(
    'timeout is for silence: a transfer that takes longer is not ended by it',
    ['event:transfer', 'config:MaxFileData'],
    openssh,
    async () => {
      await using b = await bench();
      await b.put('f', pattern(100_000));
      const { client } = b;
      [client.remoteFile, client.timeout] = ['f', 1];
      await client.config('MaxFileData=10000');
      await client.config('AsyncTransfer=False');
      let pieces = 0;
      client.on('transfer', async () => {
        pieces++;
        await sleep(150);
      });
      const began = performance.now();
      await client.download();
      assert.ok(pieces >= 8 && performance.now() - began > 1000, String(pieces));
    },
  );

  for (const direction of ['download', 'upload'] as const) {
    shows(
      `the plug is pulled in the middle of a transfer, ${direction}: 1120 or 10054, told by the method and by disconnected; startByte goes on`,
      [direction, 'startByte', 'event:disconnected', 'connected'],
      openssh,
      async () => {
        const { client, relay } = await relayed();
        await using _ = relay;
        await using b = await bench();
        await using local = await localFolder();
        const content = pattern(12_000_000);
        const [source, target] =
          direction === 'download' ? [b.at('f'), local.file('f')] : [local.file('f'), b.at('f')];
        if (direction === 'download') await b.put('f', content);
        else await writeFile(source, content);
        [client.remoteFile, client.localFile, client.timeout] = [b.at('f'), local.file('f'), 5];
        const ended: number[] = [];
        client.on('disconnected', (e) => ended.push(e.statusCode));
        await client.sshLogon();
        assert.equal(client.connected, true);
        relay.cutAfter(3_000_000);
        const error = await client[direction]().catch((reason: unknown) => reason);
        assert.ok(error instanceof SFTPClientError && [1120, 10054].includes(error.code), String(error));
        assert.deepEqual([ended, client.connected], [[error.code], false]);
        client.overwrite = true;
        const { size } = await stat(target);
        assert.ok(size < content.length, String(size));
        client.sshPort = realServer('openssh').port;
        client.startByte = size;
        let again = 0;
        client.on('transfer', (e) => {
          again = e.bytesTransferred;
        });
        await client[direction]();
        assert.deepEqual([again, client.startByte], [content.length - size, 0]);
        assert.ok((await readFile(target)).equals(Buffer.from(content)));
        await client.sshLogoff();
      },
    );
  }
});

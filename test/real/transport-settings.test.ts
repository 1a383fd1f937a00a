/** Settings of the transport, each shown by a real server: by what it does, by its own log, or by its packets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type LogEvent, openSftp, type WherryError } from '../../src/index.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { descendantsOf } from '../support/servers/process-tree.ts';
import { PROFTPD, startProftpd } from '../support/servers/proftpd.ts';
import { assertSameBytes, pattern } from '../support/sftp/memory-session.ts';
import { watchedRelay } from './client/relay.ts';
import { bothWays, fails, loginTo, noUnhandledRejections, until, withSftp } from './login.ts';

noUnhandledRejections();
const openssh = { ...requireServer('openssh'), timeout: 30_000 };
const sshd = { ...requireSshd(), timeout: 60_000 };

test('clientVersion: sshd logs the line as it was given', sshd, async () => {
  await using server = await startSshd({ name: 'client-version', logLevel: 'DEBUG1' });
  for (const clientVersion of ['SSH-2.0-Mine_1.0', 'SSH-2.0-Mine_1.0 with a comment']) {
    await using _ = await connect(await loginTo(server, { clientVersion }));
    const told = `remote software version ${clientVersion.slice('SSH-2.0-'.length)}`;
    assert.ok(
      server
        .log()
        .split('\n')
        .some((line) => line.trim().endsWith(told)),
      told,
    );
  }
});

test('serverVersionPattern: the line of a real server is taken or refused', openssh, async () => {
  const server = realServer('openssh');
  const line = `SSH-2.0-${server.software}`;
  for (const serverVersionPattern of [line, 'SSH-2.0-OpenSSH_*', ['*Dropbear*', '*OpenSSH_?.*']]) {
    await using ssh = await connect(await loginTo(server, { serverVersionPattern }));
    assert.equal(ssh.serverVersion, line);
  }
  for (const serverVersionPattern of ['SSH-2.0-dropbear*', ['SSH-1.99-*', 'SSH-2.0-OpenSSH_?']]) {
    const options = await loginTo(server, { serverVersionPattern });
    const error = await fails(8000, connect(options), 'SSH_VERSION_EXCHANGE');
    assert.deepEqual(error.details.theirs, [line]);
  }
});

test('preferredGroupBits: what sshd is asked for, and the group it gives', sshd, async () => {
  for (const kex of ['diffie-hellman-group-exchange-sha256', 'diffie-hellman-group-exchange-sha1']) {
    await using server = await startSshd({ name: 'group', logLevel: 'DEBUG3', kex: [kex] });
    for (const preferredGroupBits of [undefined, 2048, 4096]) {
      const events: LogEvent[] = [];
      const log = (event: LogEvent) => void events.push(event);
      const more = preferredGroupBits === undefined ? {} : { preferredGroupBits };
      const options = await loginTo(server, { algorithms: { kex: [kex] }, log, ...more });
      const before = server.log().length;
      await using ssh = await connect(options);
      assert.equal(ssh.algorithms.kex, kex);
      const wanted = preferredGroupBits ?? 3072;
      // The group's message is a byte, the prime with its length and sign, and the generator.
      const group = events.find((event) => event.kind === 'packet' && event.message === 'message 31');
      const bits = (group?.kind === 'packet' ? group.bytes : 0) * 8;
      assert.ok(bits >= wanted && bits < wanted + 200, `${bits} bits, ${wanted} wanted`);
      assert.ok(server.log().slice(before).includes('SSH2_MSG_KEX_DH_GEX_REQUEST received'));
    }
  }
});

/** Stops every process of the server's below its listener, as a machine that hangs; ends with their going on. */
function stopAll(pid: number): Disposable {
  const stopped = descendantsOf(pid);
  for (const one of stopped) process.kill(one, 'SIGSTOP');
  return {
    [Symbol.dispose]() {
      for (const one of stopped) {
        try {
          process.kill(one, 'SIGCONT');
        } catch {
          // It is gone.
        }
      }
    },
  };
}

test(
  'keepAlive: a server that is stopped is found out, after so many requests and no others',
  sshd,
  async () => {
    await using server = await startSshd({ name: 'stopped' });
    for (const count of [1, 3]) {
      let asked = 0;
      const log = (event: LogEvent) => {
        if (
          event.kind === 'packet' &&
          event.message === 'SSH_MSG_GLOBAL_REQUEST' &&
          event.direction === 'out'
        )
          asked++;
      };
      const ssh = await connect(
        await loginTo(server, { keepAlive: { interval: 300, count }, log, timeout: 0 }),
      );
      const ended = new Promise<WherryError>((resolve) => ssh.onClosed(resolve));
      const sftp = await openSftp(ssh);
      // It lives as long as it is answered.
      await sleep(1200);
      assert.equal(ssh.closed, false);
      assert.ok(asked >= 2, `${asked} requests while it lives`);
      using _ = stopAll(server.pid);
      asked = 0;
      const error = await fails(15_000, sftp.stat('.'), 'CONNECTION_LOST');
      assert.match(error.message, new RegExp(`did not answer ${count} keep-alive requests`));
      assert.equal(asked, count);
      assert.equal((await ended).code, 'CONNECTION_LOST');
      await ssh.close();
    }
  },
);

/** What the two say to each other, with the payloads. */
function listening(): { log: (event: LogEvent) => void; said: string[]; payloads(name: string): Buffer[] } {
  const events: Extract<LogEvent, { kind: 'packet' }>[] = [];
  const said: string[] = [];
  return {
    said,
    log(event) {
      if (event.kind === 'closed') said.push('closed');
      if (event.kind !== 'packet') return;
      said.push(`${event.direction === 'in' ? '<' : '>'} ${event.message.replace('SSH_MSG_', '')}`);
      events.push(event);
    },
    payloads: (name) =>
      events
        .filter(({ direction, message }) => `${direction === 'in' ? '<' : '>'} ${message}` === name)
        .map(({ payload }) => Buffer.from(payload!)),
  };
}

for (const name of ['openssh', 'dropbear', 'tinysshd'] as const) {
  test(`maxPacketSize and maxWindowSize are kept by ${name}, and the window grows while a file comes`, {
    ...requireServer(name),
    timeout: 30_000,
  }, async () => {
    await using scratch = await makeScratch();
    const content = pattern(3_000_000);
    const { log, payloads } = listening();
    const limits = { maxPacketSize: 4096, maxWindowSize: 32_768 };
    await withSftp(
      await loginTo(realServer(name), { ...limits, log, logDetail: 'bytes' }),
      async (sftp, ssh) => {
        await sftp.upload(content, `${scratch.path}/f`);
        // string "session", sender, initial window size, maximum packet size
        const [open] = payloads('> SSH_MSG_CHANNEL_OPEN');
        assert.deepEqual([open!.readUInt32BE(16), open!.readUInt32BE(20)], [32_768, 4096]);
        assertSameBytes(await sftp.readFile(`${scratch.path}/f`), content);
        const before = payloads('> SSH_MSG_CHANNEL_WINDOW_ADJUST').length;
        ssh.growWindow(2_000_000);
        const grown = payloads('> SSH_MSG_CHANNEL_WINDOW_ADJUST').slice(before);
        assert.deepEqual(
          grown.map((payload) => payload.readUInt32BE(5)),
          [2_000_000 - 32_768],
        );
        assertSameBytes(await sftp.readFile(`${scratch.path}/f`), content);
        const small = payloads('> SSH_MSG_CHANNEL_WINDOW_ADJUST').slice(0, before).length;
        const large = payloads('> SSH_MSG_CHANNEL_WINDOW_ADJUST').length - before - 1;
        assert.ok(
          large * 10 < small,
          `${large} adjustments with the large window, ${small} with the small one`,
        );
      },
    );
    const sizes = payloads('< SSH_MSG_CHANNEL_DATA').map((payload) => payload.readUInt32BE(5));
    assert.ok(Math.max(...sizes) <= 4096, `${Math.max(...sizes)} bytes in a packet`);
  });
}

test('waitForChannelClose: whether the farewell waits for the answer', openssh, async () => {
  for (const waitForChannelClose of [true, false]) {
    const { log, said } = listening();
    const ssh = await connect(await loginTo(realServer('openssh'), { waitForChannelClose, log }));
    await openSftp(ssh);
    await ssh.close();
    const order = said.filter((line) => /CHANNEL_CLOSE|^closed/.test(line));
    const wanted = waitForChannelClose
      ? ['> CHANNEL_CLOSE', '< CHANNEL_CLOSE', 'closed']
      : ['> CHANNEL_CLOSE', 'closed'];
    assert.deepEqual(order.slice(0, wanted.length), wanted);
  }
});

test('waitForServerDisconnect: who ends the TCP connection', openssh, async () => {
  const server = realServer('openssh');
  for (const waitForServerDisconnect of [false, true]) {
    await using relay = await watchedRelay(server.port);
    const options = { ...(await loginTo(server, { waitForServerDisconnect })), port: relay.port };
    const ssh = await connect(options);
    await openSftp(ssh);
    await ssh.close();
    await until(() => relay.endedBy !== undefined);
    assert.equal(relay.endedBy, waitForServerDisconnect ? 'server' : 'client');
  }
});

test('compressed bytes both ways, with new keys in between: OpenSSH and Dropbear, and ProFTPD', {
  ...requireServer('dropbear'),
  timeout: 60_000,
}, async (t) => {
  await using scratch = await makeScratch();
  await using proftpd = await startOnDemand(t, PROFTPD, () => startProftpd({ compression: 'delayed' }));
  const servers = [
    realServer('openssh'),
    realServer('dropbear'),
    ...(proftpd === undefined ? [] : [proftpd]),
  ];
  for (const server of servers) {
    await using relay = await watchedRelay(server.port);
    const algorithms = { compressions: ['zlib@openssh.com'] };
    const options = { ...(await loginTo(server, { algorithms })), port: relay.port };
    await withSftp(options, async (sftp, ssh) => {
      assert.equal(ssh.algorithms.compressionToServer, 'zlib@openssh.com');
      assert.equal(ssh.algorithms.compressionFromServer, 'zlib@openssh.com');
      const before = { ...relay.bytes };
      const zeros = Buffer.alloc(2_000_000);
      await sftp.upload(zeros, `${scratch.path}/zeros`);
      assertSameBytes(await sftp.readFile(`${scratch.path}/zeros`), zeros);
      assert.ok(relay.bytes.up - before.up < 500_000, `${server.name}: ${relay.bytes.up - before.up} up`);
      assert.ok(
        relay.bytes.down - before.down < 500_000,
        `${server.name}: ${relay.bytes.down - before.down} down`,
      );
      await bothWays(sftp, scratch.path, 1_000_000);
      await ssh.rekey();
      await bothWays(sftp, scratch.path, 1_000_001);
    });
  }
});

/** Everything that goes wrong has its own code, in time, and leaves nothing behind. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { acceptCallback, connect, knownHosts, openSftp } from '../../src/index.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer, requireSshd } from '../support/servers/from-env.ts';
import { startSshd } from '../support/servers/openssh.ts';
import { freePort } from '../support/servers/server.ts';
import { pattern } from '../support/sftp/memory-session.ts';
import { fails, loginTo, loginWithout, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();

const openssh = requireServer('openssh');

test(
  'wrong password, unknown user, wrong key: AUTH_FAILED with what was tried',
  requireServer('openssh', 'password'),
  async () => {
    const server = realServer('openssh');
    const wrong = await fails(
      15_000,
      connect(await loginWithout(server, { password: 'wrong' })),
      'AUTH_FAILED',
    );
    assert.ok(wrong.details.tried?.includes('password'));
    assert.ok(wrong.details.allowed?.includes('publickey'));
    await fails(15_000, connect(await loginTo(server, { username: 'nobody-here' })), 'AUTH_FAILED');
    const { hostKeys } = await getFixtures();
    const privateKey = await readFile(hostKeys.ed25519.file);
    const key = await fails(15_000, connect(await loginTo(server, { privateKey })), 'AUTH_FAILED');
    assert.match(key.details.tried?.join() ?? '', /publickey/);
  },
);

test('keys: encrypted without and with a wrong passphrase, damaged, a path instead', async () => {
  const { userKeys } = await getFixtures();
  const encrypted = await readFile(userKeys.ed25519.files.opensshEncrypted);
  const options = { host: '127.0.0.1', port: 1, username: 'x' };
  await fails(5000, connect({ ...options, privateKey: encrypted }), 'KEY_PASSPHRASE_REQUIRED');
  await fails(5000, connect({ ...options, privateKey: encrypted, passphrase: 'no' }), 'KEY_PASSPHRASE_WRONG');
  await fails(5000, connect({ ...options, privateKey: encrypted.subarray(0, 90) }), 'KEY_FORMAT');
  await fails(5000, connect({ ...options, privateKey: '~/.ssh/id_ed25519' }), 'INVALID_ARGUMENT');
});

test('host keys: unknown without and with a trust source, changed, revoked, refused', openssh, async () => {
  const server = realServer('openssh');
  const folder = await mkdtemp(join(tmpdir(), 'wherry-trust-'));
  try {
    const login = await loginTo(server);
    const { trust: _, ...untrusted } = login;
    const unknown = await fails(5000, connect(untrusted), 'HOST_KEY_UNKNOWN');
    assert.match(unknown.details.fingerprint!, /^SHA256:/);
    assert.ok(unknown.message.includes(unknown.details.fingerprint!));
    const file = join(folder, 'known_hosts');
    const name = `[127.0.0.1]:${server.port}`;
    const trust = knownHosts(file);
    await fails(5000, connect({ ...login, trust }), 'HOST_KEY_UNKNOWN');
    const { userKeys } = await getFixtures();
    await writeFile(file, `${name} ${userKeys.ed25519.publicLine}\n`);
    await fails(5000, connect({ ...login, trust }), 'HOST_KEY_CHANGED');
    await writeFile(file, server.hostKeys.map((key) => `@revoked * ${key.publicLine}\n`).join(''));
    await fails(5000, connect({ ...login, trust }), 'HOST_KEY_REVOKED');
    await fails(5000, connect({ ...login, trust: acceptCallback(() => false) }), 'HOST_KEY_REJECTED');
    const throwing = acceptCallback(() => {
      throw new Error('my bug');
    });
    await fails(5000, connect({ ...login, trust: throwing }), 'HOST_KEY_REJECTED');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('no shared algorithm: SSH_NEGOTIATION with both lists', openssh, async () => {
  await using server = await startSshd({ name: 'narrow', ciphers: ['aes128-cbc'] });
  const error = await fails(5000, connect(await loginTo(server)), 'SSH_NEGOTIATION');
  assert.ok(error.details.theirs?.includes('aes128-cbc'));
  assert.ok(error.details.ours?.includes('aes128-gcm@openssh.com'));
});

test('a refused port, a host name without an address', async () => {
  const options = { username: 'x', trust: acceptCallback(() => true), timeout: 5000 };
  const port = await freePort();
  const refused = await fails(5000, connect({ ...options, host: '127.0.0.1', port }), 'CONNECT_REFUSED');
  assert.deepEqual([refused.details.host, refused.details.port], ['127.0.0.1', port]);
  await fails(20_000, connect({ ...options, host: 'no-such-host.invalid' }), 'CONNECT_HOST_NOT_FOUND');
});

/** A TCP server that says what it likes. */
async function listener(
  onSocket: (socket: Socket) => void,
): Promise<{ server: Server; port: number; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.resume();
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port, sockets };
}

const PEERS: Record<string, { say: (socket: Socket) => void; codes: Parameters<typeof fails>[2][] }> = {
  'says nothing': { say: () => {}, codes: ['TIMEOUT'] },
  'says its version and no more': { say: (s) => s.write('SSH-2.0-silent\r\n'), codes: ['TIMEOUT'] },
  'speaks HTTP': {
    say: (s) => s.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n'),
    codes: ['SSH_VERSION_EXCHANGE', 'CONNECTION_LOST'],
  },
  'speaks SSH 1': { say: (s) => s.write('SSH-1.5-old\r\n'), codes: ['SSH_VERSION_EXCHANGE'] },
  'hangs up at once': { say: (s) => s.end(), codes: ['CONNECTION_LOST', 'SSH_VERSION_EXCHANGE'] },
  'resets at once': { say: (s) => s.resetAndDestroy(), codes: ['CONNECTION_LOST', 'CONNECT_FAILED'] },
  'sends garbage behind its version': {
    say: (s) => s.write(Buffer.concat([Buffer.from('SSH-2.0-x\r\n'), pattern(5000)])),
    codes: ['SSH_MALFORMED', 'SSH_PROTOCOL', 'LIMIT_EXCEEDED'],
  },
  'sends lines without end': {
    say: (s) => {
      const more = (): void => {
        if (!s.destroyed) s.write('x'.repeat(10_000), () => setImmediate(more));
      };
      more();
    },
    codes: ['SSH_VERSION_EXCHANGE', 'LIMIT_EXCEEDED'],
  },
};
for (const [what, { say, codes }] of Object.entries(PEERS)) {
  test(`a server that ${what}: ${codes.join(' or ')}, and the socket is closed`, async () => {
    const { server, port, sockets } = await listener(say);
    const options = {
      host: '127.0.0.1',
      port,
      username: 'x',
      trust: acceptCallback(() => true),
      timeout: 400,
    };
    await fails(3000, connect(options), ...codes);
    for (let turn = 0; turn < 40 && sockets.size > 0; turn++) await sleep(25);
    assert.equal(sockets.size, 0);
    server.close();
  });
}

test('abort while connecting, at any moment, and before', openssh, async () => {
  const login = await loginTo(realServer('openssh'));
  await fails(1000, connect({ ...login, signal: AbortSignal.abort() }), 'ABORTED');
  for (let ms = 0; ms < 40; ms += 4) {
    const done = connect({ ...login, signal: AbortSignal.timeout(ms) });
    const error = await done.then(
      (connection) => connection.close(),
      (reason) => reason,
    );
    if (error !== undefined) assert.ok(['ABORTED', 'TIMEOUT'].includes(error.code), error.code);
  }
});

test('a server without the sftp subsystem, or with one that ends at once', requireSshd(), async () => {
  await using none = await startSshd({ name: 'nosftp', subsystem: false });
  await using connection = await connect(await loginTo(none));
  await fails(5000, openSftp(connection), 'CHANNEL_REQUEST_FAILED');
  assert.equal(connection.closed, false);
  await using broken = await startSshd({ name: 'falsesftp', subsystem: '/bin/false' });
  await using second = await connect(await loginTo(broken));
  await fails(5000, openSftp(second), 'CHANNEL_CLOSED');
  await using talking = await startSshd({
    name: 'echosftp',
    subsystem: '/bin/echo This service allows files only',
  });
  await using third = await connect(await loginTo(talking));
  await fails(5000, openSftp(third), 'SFTP_PROTOCOL', 'LIMIT_EXCEEDED');
  await using silent = await startSshd({ name: 'silentsftp', subsystem: '/bin/sleep 60' });
  await using fourth = await connect(await loginTo(silent));
  await fails(5000, openSftp(fourth, { timeout: 300 }), 'TIMEOUT');
});

test(
  'a server killed in mid-transfer, both ways: CONNECTION_LOST, and the download is resumed',
  requireSshd(),
  async () => {
    await using server = await startSshd({ name: 'killed' });
    await using scratch = await makeScratch();
    const content = pattern(100_000_000);
    await writeFile(join(scratch.path, 'source'), content, { mode: 0o644 });
    const local = join(scratch.path, 'local');
    for (const direction of ['down', 'up'] as const) {
      await using connection = await connect(await loginTo(server));
      const closed = new Promise<string>((resolve) => connection.onClosed((cause) => resolve(cause.code)));
      await using sftp = await openSftp(connection);
      let killing: Promise<number> | undefined;
      const options = {
        keepPartial: true,
        onProgress: () => {
          killing ??= server.killConnections();
        },
      };
      const done =
        direction === 'down'
          ? sftp.download(`${scratch.path}/source`, local, options)
          : sftp.upload(content, `${scratch.path}/up`, options);
      const error = await fails(10_000, done, 'CONNECTION_LOST', 'SSH_DISCONNECTED', 'CHANNEL_CLOSED');
      assert.ok(killing !== undefined && (await killing) > 0);
      assert.ok(['CONNECTION_LOST', 'SSH_DISCONNECTED'].includes(await closed));
      const { safeLength = 0 } = error.details;
      assert.ok(safeLength > 0);
      if (direction === 'down') {
        assert.equal((await stat(`${local}.wherry-part`)).size, safeLength);
        await assert.rejects(stat(local), { code: 'ENOENT' });
      }
      await withSftp(await loginTo(server), async (again) => {
        if (direction === 'down') {
          const { bytes } = await again.download(`${scratch.path}/source`, local, { resume: true });
          assert.equal(bytes, content.length - safeLength);
          assert.ok(content.equals(await readFile(local)));
        } else {
          await again.upload(content, `${scratch.path}/up`, { resume: safeLength });
          assert.ok(content.equals(await readFile(join(scratch.path, 'up'))));
        }
      });
    }
    assert.deepEqual((await readdir(scratch.path)).sort(), ['local', 'source', 'up']);
  },
);

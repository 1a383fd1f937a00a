/** The public server, by the client of this package, over files in memory and over a folder. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { connect as connectTcp } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { connect, fingerprints, knownHostsText, openSftp, type Sftp } from '../../src/index.ts';
import { memoryFiles, type RunningServer, type ServerOptions, startServer } from '../../src/server/index.ts';
import { testKey } from '../support/peer/host-keys.ts';
import { failure, pattern, sha256 } from '../support/sftp/memory-session.ts';

const USERS = { me: { password: 'secret' } };

async function withSftp<T>(server: RunningServer, work: (sftp: Sftp) => Promise<T>): Promise<T> {
  const { host, port } = server;
  const trust = fingerprints([server.fingerprint]);
  await using ssh = await connect({ host, port, username: 'me', password: 'secret', trust });
  await using sftp = await openSftp(ssh);
  return await work(sftp);
}

async function folder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'wherry-served-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

for (const kind of ['memory', 'folder'] as const) {
  describe(`a server over ${kind}`, () => {
    async function serve<T>(work: (sftp: Sftp) => Promise<T>, more: Partial<ServerOptions> = {}): Promise<T> {
      await using root = await folder();
      await using server = await startServer({
        users: USERS,
        ...(kind === 'folder' ? { root: root.path } : {}),
        ...more,
      });
      return await withSftp(server, work);
    }

    it('moves files both ways', async () => {
      await serve(async (sftp) => {
        const bytes = pattern(5_000_001);
        await sftp.upload(bytes, '/big.bin');
        assert.equal((await sftp.stat('/big.bin')).size, bytes.length);
        assert.equal(sha256(await sftp.readFile('big.bin')), sha256(bytes));
        await sftp.upload(new Uint8Array(0), 'empty');
        assert.equal((await sftp.readFile('empty')).length, 0);
      });
    });

    it('has every verb', async () => {
      await serve(async (sftp) => {
        await sftp.mkdir('a', { permissions: 0o700 });
        await sftp.mkdir('a/b');
        await sftp.upload(Buffer.from('one'), 'a/b/one');
        await sftp.chmod('a/b/one', 0o640);
        await sftp.setAttributes('a/b/one', { accessTime: 1_000_000, modifyTime: 1_500_000 });
        const { permissions, modifyTime, size } = await sftp.stat('a/b/one');
        assert.deepEqual([permissions! & 0o777, modifyTime, size], [0o640, 1_500_000, 3]);
        assert.equal((await sftp.stat('a')).permissions! & 0o777, 0o700);
        await sftp.symlink('b/one', 'a/link');
        assert.equal(await sftp.readlink('a/link'), 'b/one');
        assert.equal(await sftp.realpath('a/link'), '/a/b/one');
        assert.equal(await sftp.realpath('a/b/../nothing'), '/a/nothing');
        await sftp.hardlink('a/b/one', 'a/two');
        await failure(sftp.rename('a/two', 'a/b/one'), 'SFTP_FAILURE', 'SFTP_FILE_ALREADY_EXISTS');
        await sftp.rename('a/b', 'a/c');
        assert.equal(Buffer.from(await sftp.readFile('a/c/one')).toString(), 'one');
        await sftp.upload(Buffer.from('new'), 'fresh');
        await sftp.replace('fresh', 'a/two');
        assert.equal(Buffer.from(await sftp.readFile('a/two')).toString(), 'new');
        const names: string[] = [];
        for await (const { name, type } of sftp.list('a')) names.push(`${type} ${name}`);
        assert.deepEqual(names.sort(), ['directory c', 'file two', 'symlink link']);
        assert.ok((await sftp.space('/')).blocks > 0n);
        assert.equal(await sftp.homeDirectory(), '/');
        assert.equal(await sftp.expandPath('~/a'), '/a');
        await failure(sftp.rmdir('a'), 'SFTP_FAILURE');
        await failure(sftp.remove('a'), 'SFTP_FAILURE');
        await failure(sftp.rmdir('/'), 'SFTP_FAILURE', 'SFTP_PERMISSION_DENIED');
        for (const path of ['a/link', 'a/two', 'a/c/one']) await sftp.remove(path);
        for (const path of ['a/c', 'a']) await sftp.rmdir(path);
        assert.equal(await sftp.exists('a'), false);
        await failure(sftp.stat('a'), 'SFTP_NO_SUCH_FILE');
        await failure(sftp.readFile('/'), 'SFTP_FAILURE');
      });
    });

    it('opens files in every mode', async () => {
      await serve(async (sftp) => {
        await failure(sftp.open('none', 'r'), 'SFTP_NO_SUCH_FILE');
        {
          await using file = await sftp.open('f', 'wx', { permissions: 0o600 });
          await file.write(0, Buffer.from('hello'));
          await file.write(10, Buffer.from('world'));
          await file.sync();
          await file.setAttributes({ size: 12 });
          assert.equal((await file.stat()).size, 12);
        }
        await failure(sftp.open('f', 'wx'), 'SFTP_FAILURE', 'SFTP_FILE_ALREADY_EXISTS');
        {
          await using file = await sftp.open('f', 'a');
          await file.write(0, Buffer.from('!'));
        }
        assert.equal(Buffer.from(await sftp.readFile('f')).toString('latin1'), 'hello\0\0\0\0\0wo!');
        {
          await using file = await sftp.open('f', 'r');
          await failure(file.write(0, Buffer.from('x')), 'SFTP_FAILURE');
        }
      });
    });

    it('lists a large folder', async () => {
      await serve(async (sftp) => {
        await Promise.all(
          Array.from({ length: 350 }, (_, i) => sftp.upload(Buffer.from(String(i)), `file-${i}`)),
        );
        let count = 0;
        for await (const { attributes } of sftp.list('.')) count += attributes.size! > 0 ? 1 : 0;
        assert.equal(count, 350);
      });
    });

    it('changes nothing when it is read-only', async () => {
      await serve(
        async (sftp) => {
          for (const change of [
            () => sftp.mkdir('a'),
            () => sftp.upload(Buffer.from('x'), 'a'),
            () => sftp.remove('a'),
            () => sftp.rename('a', 'b'),
            () => sftp.replace('a', 'b'),
            () => sftp.chmod('/', 0o700),
            () => sftp.symlink('a', 'b'),
            () => sftp.hardlink('a', 'b'),
          ])
            await failure(change(), 'SFTP_PERMISSION_DENIED');
        },
        { readOnly: true },
      );
    });
  });
}

describe('names never leave the folder', () => {
  const OUTSIDE = '../secret.txt';

  it('by dots, links or links to links, to read or to write', async () => {
    await using around = await folder();
    const root = join(around.path, 'root');
    await mkdir(join(root, 'in'), { recursive: true });
    await writeFile(join(around.path, 'secret.txt'), 'secret');
    await symlink('..', join(root, 'up'));
    await symlink(around.path, join(root, 'absolute'));
    await symlink('/', join(root, 'slash'));
    await symlink('../../../../../../etc/passwd', join(root, 'in', 'passwd'));
    await symlink('up/secret.txt', join(root, 'twice'));
    await symlink('loop', join(root, 'loop'));
    await using server = await startServer({ users: USERS, root });
    await withSftp(server, async (sftp) => {
      for (const path of [
        OUTSIDE,
        `/${OUTSIDE}`,
        `in/../../${OUTSIDE}`,
        'up/secret.txt',
        'absolute/secret.txt',
        'slash/etc/passwd',
        'in/passwd',
        'twice',
        'in/./../up/../secret.txt',
      ])
        await failure(sftp.readFile(path), 'SFTP_NO_SUCH_FILE');
      await failure(sftp.readFile('loop'), 'SFTP_FAILURE');
      assert.equal(await sftp.realpath('../../..'), '/');
      assert.equal(await sftp.realpath('up/up/in'), '/in');
      for (const path of ['../new', 'up/new', 'slash/new', 'twice'])
        await sftp.upload(Buffer.from('mine'), path);
      await sftp.symlink('../../../../secret.txt', 'planted');
      await failure(sftp.upload(Buffer.from('x'), 'planted/x'), 'SFTP_NO_SUCH_FILE');
      await sftp.upload(Buffer.from('x'), 'planted');
      await failure(sftp.hardlink(OUTSIDE, 'stolen/x'), 'SFTP_NO_SUCH_FILE');
      await sftp.mkdir('../made');
      await sftp.rename('../made', 'up/../moved');
      assert.ok(await sftp.exists('/moved'));
    });
    assert.equal(await readFile(join(around.path, 'secret.txt'), 'utf8'), 'secret');
    assert.equal(await readFile(join(root, 'new'), 'utf8'), 'mine');
    assert.equal(await readFile(join(root, 'secret.txt'), 'utf8'), 'x');
  });
});

describe('startServer', () => {
  it('lets in by key, by questions and by both, and nobody else', async () => {
    const key = testKey('ssh-ed25519', 'user');
    const rounds = [{ prompts: [{ text: 'Code: ', echo: false }], answers: ['42'] }];
    await using server = await startServer({
      users: {
        keyed: { publicKeys: [key.publicKey] },
        asked: { keyboardInteractive: rounds },
        both: { publicKeys: [key.publicKey], password: 'too', chains: [['publickey', 'password']] },
      },
      banner: 'for tests only',
    });
    const { host, port } = server;
    const trust = knownHostsText(server.knownHostsLine);
    let banner = '';
    const onBanner = (text: string): void => {
      banner = text;
    };
    const login = { host, port, trust, onBanner };
    await (await connect({ ...login, username: 'keyed', privateKey: key })).close();
    assert.match(banner, /for tests only/);
    await (await connect({ ...login, username: 'asked', keyboardInteractive: () => ['42'] })).close();
    await (await connect({ ...login, username: 'both', privateKey: key, password: 'too' })).close();
    await failure(connect({ ...login, username: 'keyed', password: 'x' }), 'AUTH_FAILED');
    await failure(connect({ ...login, username: 'asked', keyboardInteractive: () => ['43'] }), 'AUTH_FAILED');
    await failure(connect({ ...login, username: 'both', privateKey: key }), 'AUTH_FAILED');
    await failure(connect({ ...login, username: 'nobody', password: '' }), 'AUTH_FAILED');
    await failure(connect({ ...login, username: '__proto__', password: '' }), 'AUTH_FAILED');
  });

  it('serves what was put in memory, and shows what came', async () => {
    const files = memoryFiles();
    files.put('/deep/er/a.txt', 'hello');
    await using server = await startServer({ users: USERS, files, home: '/home/me' });
    await withSftp(server, async (sftp) => {
      assert.equal(await sftp.realpath('.'), '/home/me');
      assert.equal(Buffer.from(await sftp.readFile('/deep/er/a.txt')).toString(), 'hello');
      await sftp.upload(Buffer.from('b'), 'b.txt');
    });
    assert.deepEqual(files.paths(), [
      '/deep',
      '/deep/er',
      '/deep/er/a.txt',
      '/home',
      '/home/me',
      '/home/me/b.txt',
    ]);
    assert.equal(Buffer.from(files.get('/home/me/b.txt')!).toString(), 'b');
  });

  it('refuses what it cannot do, before it listens', async () => {
    for (const [options, text] of [
      [{ users: {} }, /at least one user/],
      [{ users: { me: {} } }, /user me needs/],
      [{ users: USERS, root: '/no/such/folder' }, /cannot serve the folder/],
      [{ users: USERS, root: '/', files: memoryFiles() }, /exclude/],
      [{ users: USERS, home: 'me' }, /absolute/],
    ] as [ServerOptions, RegExp][]) {
      const { message } = await failure(startServer(options), 'INVALID_ARGUMENT');
      assert.match(message, text);
    }
    await using server = await startServer({ users: USERS });
    await failure(startServer({ users: USERS, port: server.port }), 'CONNECT_FAILED');
  });

  it('breaks connections on demand, and ends them when it closes', async () => {
    await using server = await startServer({ users: USERS });
    await withSftp(server, async (sftp) => {
      assert.equal(server.connections, 1);
      server.reset();
      await failure(sftp.stat('/'), 'CONNECTION_LOST');
    });
    const { host, port } = server;
    const trust = fingerprints([server.fingerprint]);
    const ssh = await connect({ host, port, username: 'me', password: 'secret', trust });
    const ended = new Promise((resolve) => ssh.onClosed(resolve));
    await server.close();
    await server.close();
    await ended;
    await failure(connect({ host, port, username: 'me', password: 'secret', trust }), 'CONNECT_REFUSED');
  });

  it('survives who does not speak SSH', async () => {
    await using server = await startServer({ users: USERS });
    for (const bytes of [Buffer.from('GET / HTTP/1.1\r\n\r\n'), randomBytes(5000), Buffer.alloc(0)]) {
      const socket = connectTcp(server.port, server.host);
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.on('error', () => {}).resume();
      socket.end(bytes);
      await closed;
    }
    await withSftp(server, (sftp) => sftp.stat('/'));
  });

  it('holds back who asks and does not read', async () => {
    const files = memoryFiles();
    files.put('/big', pattern(3_000_000));
    await using server = await startServer({ users: USERS, files });
    await withSftp(server, async (sftp) => {
      await using file = await sftp.open('/big', 'r');
      const parts = await Promise.all(Array.from({ length: 90 }, (_, i) => file.read(i * 32_768, 32_768)));
      assert.equal(sha256(Buffer.concat(parts)), sha256(pattern(3_000_000).subarray(0, 90 * 32_768)));
    });
  });
});

/** What a test can have wherry/server do wrong, and what the later versions of SFTP have besides the behaviours of all. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type Connection,
  connect,
  fingerprints,
  openSftp,
  type Sftp,
  type SftpVersion,
  scpDownload,
  scpUpload,
} from '../../src/index.ts';
import {
  memoryFiles,
  type RunningServer,
  type ServedRequest,
  type ServerOptions,
  startServer,
} from '../../src/server/index.ts';
import { failure, localFolder, pattern } from '../support/sftp/memory-session.ts';

const USERS = { me: { password: 'secret' }, you: { password: 'secret' } };

function login(server: RunningServer): Promise<Connection> {
  const { host, port } = server;
  const trust = fingerprints([server.fingerprint]);
  return connect({ host, port, username: 'me', password: 'secret', trust });
}

async function withSftp(
  options: Partial<ServerOptions>,
  work: (sftp: Sftp, server: RunningServer, ssh: Connection) => Promise<void>,
  version: SftpVersion = 3,
): Promise<void> {
  await using server = await startServer({ users: USERS, ...options });
  await using ssh = await login(server);
  await using sftp = await openSftp(ssh, { version });
  await work(sftp, server, ssh);
}

describe('onRequest', () => {
  it('sees what is asked for', async () => {
    const seen: ServedRequest[] = [];
    const onRequest = (request: ServedRequest): undefined => void seen.push(request);
    await withSftp({ onRequest }, async (sftp) => {
      await sftp.upload(Buffer.from('hello'), 'f');
      await sftp.replace('f', 'g');
    });
    const write = seen.find(({ name }) => name === 'SSH_FXP_WRITE')!;
    assert.deepEqual([write.path, write.offset, write.length, write.version], ['/f', 0, 5, 3]);
    assert.equal(seen.find(({ name }) => name === 'posix-rename@openssh.com')!.path, '/f');
    assert.deepEqual(
      seen.map(({ number }) => number),
      seen.map((_, i) => i),
    );
  });

  it('refuses with any status, told in terms of the version', async () => {
    const onRequest = ({ name }: ServedRequest) =>
      name === 'SSH_FXP_MKDIR' ? ({ status: 'SSH_FX_QUOTA_EXCEEDED', message: 'full' } as const) : undefined;
    for (const [version, code] of [
      [3, 'SFTP_FAILURE'],
      [6, 'SFTP_QUOTA_EXCEEDED'],
    ] as const) {
      await withSftp(
        { onRequest },
        async (sftp) => {
          const { details } = await failure(sftp.mkdir('d'), code);
          assert.equal(details.serverMessage, 'full');
          assert.equal(await sftp.exists('d'), false);
        },
        version,
      );
    }
  });

  it('has READs come short, and WRITEs fail in the middle', async () => {
    const files = memoryFiles();
    const content = pattern(300_000);
    files.put('/f', content);
    const onRequest = ({ name, path }: ServedRequest) =>
      name === 'SSH_FXP_READ' || path === '/full' ? { atMost: 7000 } : undefined;
    await withSftp({ files, onRequest }, async (sftp) => {
      assert.ok(content.equals(await sftp.readFile('/f')));
      await failure(sftp.upload(content, '/full'), 'SFTP_FAILURE');
      assert.ok(files.get('/full')!.length >= 7000);
    });
  });

  it('has answers wait, never come, or end the session or the connection', async () => {
    const files = memoryFiles();
    for (const name of ['slow', 'lost', 'closed', 'cut', 'quick']) files.put(`/${name}`, name);
    const onRequest = ({ path }: ServedRequest) => {
      if (path === '/slow') return { delay: 30 };
      if (path === '/lost') return { silent: true };
      if (path === '/closed') return { end: 'session' } as const;
      return path === '/cut' ? ({ end: 'connection' } as const) : undefined;
    };
    await withSftp({ files, onRequest }, async (sftp, server, ssh) => {
      const order: string[] = [];
      await Promise.all(
        ['/slow', '/quick'].map(async (path) => {
          await sftp.stat(path);
          order.push(path);
        }),
      );
      assert.deepEqual(order, ['/quick', '/slow']);
      await failure(sftp.stat('/lost', { timeout: 50 }), 'TIMEOUT');
      await failure(sftp.stat('/closed'), 'CHANNEL_CLOSED');
      await using again = await openSftp(ssh);
      await failure(again.stat('/cut'), 'CONNECTION_LOST');
      await using other = await login(server);
      await using last = await openSftp(other);
      assert.equal((await last.stat('/quick')).size, 5);
    });
  });
});

describe('onConnection', () => {
  it('refuses, cuts at a byte, and slows down', async () => {
    const faults = [
      { refuse: true },
      { cutAfterSent: 60 },
      { cutAfterReceived: 100 },
      { latency: 5 },
      undefined,
    ];
    const numbers: number[] = [];
    await using server = await startServer({
      users: USERS,
      onConnection: ({ number, address }) => {
        assert.equal(address, '127.0.0.1');
        numbers.push(number);
        return faults[number];
      },
    });
    for (let i = 0; i < 3; i++) await failure(login(server), 'CONNECTION_LOST', 'CONNECT_FAILED');
    for (let i = 0; i < 2; i++) {
      await using ssh = await login(server);
      await using sftp = await openSftp(ssh);
      await sftp.upload(pattern(100_000), 'f');
    }
    assert.deepEqual(numbers, [0, 1, 2, 3, 4]);
  });
});

describe('what a server has', () => {
  it('is what it is told: versions, extensions, limits', async () => {
    await withSftp({ extensions: [] }, async (sftp) => {
      assert.equal(sftp.offers('posix-rename@openssh.com'), false);
      await failure(sftp.space('/'), 'SFTP_OP_UNSUPPORTED');
    });
    await withSftp({ versions: [3, 4] }, async (sftp) => assert.equal(sftp.version, 4), 6);
    await withSftp({ versions: [3, 6] }, async (sftp) => assert.equal(sftp.version, 3), 5);
    await withSftp({ limits: { read: 1000, write: 2000, handles: 1 } }, async (sftp) => {
      await using file = await sftp.open('f', 'w+');
      await failure(sftp.open('g', 'w'), 'SFTP_FAILURE');
      await file.write(0, pattern(1500));
    });
    for (const options of [
      { versions: [] },
      { versions: [2] },
      { extensions: ['no-such'] },
      { limits: { read: 0 } },
      { host: '' },
      { port: 70_000 },
    ])
      await failure(startServer({ users: USERS, ...(options as object) }), 'INVALID_ARGUMENT');
  });

  it('tells in version 6 who made it, its versions, and what is supported', async () => {
    await withSftp(
      {},
      async (sftp) => {
        const { vendor, supported, versions, newline, aclSupport } = sftp.features;
        assert.equal(vendor!.product, 'wherry/server');
        assert.deepEqual([versions, newline, aclSupport], [[3, 4, 5, 6], '\n', 1]);
        assert.equal(supported!.blockVector, 0x0f0f);
        assert.ok(supported!.extensions.includes('check-file-name'));
        const { linkCount, owner, type } = await sftp.stat('/');
        assert.deepEqual([linkCount, owner, type], [1, 'me', 'directory']);
        assert.equal(await sftp.realpath('/a/b', { compose: ['../c'] }), '/a/c');
        await failure(sftp.realpath('/a', { check: 'must-exist' }), 'SFTP_NO_SUCH_FILE');
        assert.deepEqual(await sftp.namesOfIds({ users: [0, 1000, 7], groups: [1001] }), {
          users: ['root', 'me', ''],
          groups: ['you'],
        });
        await sftp.upload(Buffer.from('x'), '/f');
        const acl = 'A::OWNER@:rwa\nD::you@example.org:r';
        await sftp.setAttributes('/f', { acl });
        assert.equal((await sftp.stat('/f')).acl, acl);
        await failure(sftp.setAttributes('/f', { owner: 'nobody-here' }), 'SFTP_OWNER_INVALID');
        await failure(sftp.mkdir('/f'), 'SFTP_FILE_ALREADY_EXISTS');
        await failure(sftp.rmdir('/f'), 'SFTP_NOT_A_DIRECTORY');
      },
      6,
    );
  });

  it('keeps locks against others', async () => {
    await withSftp(
      {},
      async (sftp, server) => {
        await sftp.upload(pattern(100), '/f');
        await using other = await login(server);
        await using second = await openSftp(other, { version: 6 });
        await using mine = await sftp.open('/f', 'r+');
        await using theirs = await second.open('/f', 'r+');
        await mine.lock(10, 10, { write: true });
        await failure(theirs.lock(15, 1, { write: true }), 'SFTP_LOCK_REFUSED');
        await failure(theirs.write(19, Buffer.from('x')), 'SFTP_LOCK_CONFLICT');
        await theirs.write(20, Buffer.from('x'));
        assert.equal((await theirs.read(10, 10)).length, 10);
        await mine.write(12, Buffer.from('x'));
        await failure(mine.unlock(10, 9), 'SFTP_NO_MATCHING_LOCK');
        await mine.unlock(10, 10);
        await theirs.lock(0, 0, { read: true, write: true });
        await failure(mine.read(50, 1), 'SFTP_LOCK_CONFLICT');
      },
      6,
    );
  });
});

describe('commands', () => {
  it('are scp, those a test answers, and no other', async () => {
    const files = memoryFiles();
    files.put('/dir/a', 'a');
    const onCommand = (command: string) =>
      command === 'uname' ? { stdout: 'Wherry\n', exitStatus: 0 } : undefined;
    await withSftp({ files, onCommand }, async (_sftp, _server, ssh) => {
      await using folder = await localFolder();
      const content = pattern(200_000);
      await scpUpload(ssh, content, '/up');
      assert.ok(content.equals(files.get('/up')!));
      await scpDownload(ssh, '/up', folder.file('down'));
      await failure(scpDownload(ssh, '/none', folder.file('none')), 'SCP_FAILED');
    });
  });
});

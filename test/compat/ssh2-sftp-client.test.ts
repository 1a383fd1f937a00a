/** The same calls to ssh2-sftp-client and to ours, on one server each of the same kind: results and errors are compared. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type AddressInfo, connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import SftpClient from '../../src/compat/ssh2-sftp-client/index.ts';
import { fingerprints } from '../../src/index.ts';
import { type RunningServer, startServer } from '../../src/server/index.ts';
import { getFixtures } from '../support/servers/fixtures.ts';

const Theirs = createRequire(import.meta.url)('ssh2-sftp-client') as typeof SftpClient;
const QUIET = { error: () => {}, end: () => {}, close: () => {} };
const LOGIN = { username: 'me', password: 'secret' };

/** A client with a server over a folder of its own, and a local folder. */
class Side {
  readonly client: SftpClient;
  readonly name: string;
  server!: RunningServer;
  root = '';
  local = '';

  constructor(name: string, client: SftpClient) {
    this.name = name;
    this.client = client;
  }

  async start(): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'wherry-compat-'));
    this.root = join(folder, 'root');
    this.local = join(folder, 'local');
    await mkdir(join(this.root, 'dir', 'sub'), { recursive: true });
    await mkdir(join(this.local, 'up', 'deep'), { recursive: true });
    for (const [path, text] of [
      [join(this.root, 'a.txt'), 'hello world\n'],
      [join(this.root, 'dir', 'b.txt'), 'b'],
      [join(this.root, 'dir', 'sub', 'c.txt'), 'c'],
      [join(this.local, 'l.txt'), 'from here\n'],
      [join(this.local, 'up', 'one.txt'), '1'],
      [join(this.local, 'up', 'skip.log'), 'no'],
      [join(this.local, 'up', 'deep', 'two.txt'), '2'],
    ] as const)
      await writeFile(path, text);
    await symlink('a.txt', join(this.root, 'link'));
    await chmod(join(this.root, 'a.txt'), 0o640);
    this.server = await startServer({ users: { me: { password: 'secret' } }, root: this.root });
    await this.client.connect(this.config());
  }

  config(more: object = {}): Parameters<SftpClient['connect']>[0] {
    const { host, port, fingerprint } = this.server;
    const trust = fingerprints([fingerprint]);
    // ssh2 1.17 knows no key exchange with ML-KEM; both speak curve25519.
    return { host, port, ...LOGIN, trust, ...more };
  }

  async stop(): Promise<void> {
    await this.client.end();
    await this.server.close();
    await rm(join(this.root, '..'), { recursive: true, force: true });
  }

  /** What a call did, without what differs by nature: folders of this run, and times of just now. */
  async outcome(call: Call): Promise<unknown> {
    const plain = (text: string): string =>
      text.replaceAll(this.local, 'LOCAL').replaceAll(this.root, 'ROOT');
    try {
      const result = await call(this.client, this);
      return JSON.parse(plain(JSON.stringify({ result })));
    } catch (error) {
      const { message, code } = error as Error & { code?: unknown };
      return { message: plain(message), code };
    }
  }
}

type Call = (client: SftpClient, side: Side) => unknown;

const ours = new Side('ours', new SftpClient('test', QUIET));
const theirs = new Side('theirs', new Theirs('test', QUIET));

/** Calls in order, for later ones see what earlier ones did. A text behind one says what alone is compared. */
const CALLS: [name: string, call: Call, compare?: 'code' | 'closer'][] = [
  ['cwd', (c) => c.cwd()],
  ['realPath', (c) => c.realPath('dir/../link')],
  ['stat of a file', async (c) => ({ ...(await c.stat('a.txt')), accessTime: 0, modifyTime: 0 })],
  ['stat of a folder', async (c) => (await c.stat('dir')).isDirectory],
  ['lstat of a link', async (c) => [(await c.lstat('link')).isSymbolicLink, (await c.stat('link')).isFile]],
  ['stat of nothing', (c) => c.stat('nothing')],
  ['lstat of nothing', (c) => c.lstat('nothing')],
  ['exists', (c) => Promise.all(['.', 'a.txt', 'dir', 'link', 'nothing'].map((path) => c.exists(path)))],
  [
    'list',
    async (c) => sorted((await c.list('/')).map(({ longname, accessTime, modifyTime, ...rest }) => rest)),
  ],
  [
    'list with a filter',
    async (c) => (await c.list('dir', ({ type }) => type === '-')).map(({ name }) => name),
  ],
  ['list of nothing', (c) => c.list('nothing')],
  ['times are milliseconds', async (c) => (await c.list('/')).every(({ modifyTime }) => modifyTime > 1e12)],
  ['get into a Buffer', async (c) => [Buffer.isBuffer(await c.get('a.txt')), String(await c.get('a.txt'))]],
  [
    'get of a part',
    async (c) => String(await c.get('a.txt', undefined, { readStreamOptions: { start: 6, end: 10 } })),
  ],
  [
    'get to a path',
    async (c, { local }) => [await c.get('a.txt', join(local, 'g')), await text(join(local, 'g'))],
  ],
  [
    'get into a stream',
    async (c, { local }) => {
      const stream = createWriteStream(join(local, 's'));
      const closed = once(stream, 'close');
      const same = (await c.get('a.txt', stream)) === stream;
      await closed;
      return [same, await text(join(local, 's'))];
    },
  ],
  ['get of nothing', (c) => c.get('nothing')],
  ['get to a bad path', (c, { local }) => c.get('a.txt', join(local, 'no', 'way')), 'code'],
  [
    'fastGet',
    async (c, { local }) => [await c.fastGet('a.txt', join(local, 'f')), await text(join(local, 'f'))],
  ],
  ['fastGet of nothing', (c, { local }) => c.fastGet('nothing', join(local, 'f2')), 'code'],
  ['fastGet of a folder', (c, { local }) => c.fastGet('dir', join(local, 'f2')), 'code'],
  ['fastGet to a bad path', (c, { local }) => c.fastGet('a.txt', join(local, 'no', 'way')), 'code'],
  [
    'put of a path',
    async (c, { local, root }) => [await c.put(join(local, 'l.txt'), 'p1'), await text(join(root, 'p1'))],
  ],
  [
    'put of a Buffer',
    async (c, { root }) => [await c.put(Buffer.from('buf'), 'p2'), await text(join(root, 'p2'))],
  ],
  [
    'put of a stream',
    async (c, { local, root }) => [
      await c.put(createReadStream(join(local, 'l.txt')), 'p3'),
      await text(join(root, 'p3')),
    ],
  ],
  [
    'put replaces',
    async (c, { root }) => [await c.put(Buffer.from('x'), 'p3'), await text(join(root, 'p3'))],
  ],
  [
    'put that appends',
    async (c, { root }) => [
      await c.put(Buffer.from('y'), 'p3', { writeStreamOptions: { flags: 'a' } }),
      await text(join(root, 'p3')),
    ],
  ],
  [
    'put with a mode',
    async (c) => {
      await c.put(Buffer.from('x'), 'p4', { writeStreamOptions: { mode: 0o600 } });
      return ((await c.stat('p4')).mode & 0o777).toString(8);
    },
  ],
  ['put of nothing', (c, { local }) => c.put(join(local, 'nothing'), 'p5')],
  ['put to a bad path', (c) => c.put(Buffer.from('x'), 'no/way'), 'code'],
  [
    'fastPut',
    async (c, { local, root }) => [await c.fastPut(join(local, 'l.txt'), 'q'), await text(join(root, 'q'))],
  ],
  ['fastPut of nothing', (c, { local }) => c.fastPut(join(local, 'nothing'), 'q2'), 'code'],
  ['fastPut of a folder', (c, { local }) => c.fastPut(join(local, 'up'), 'q2'), 'code'],
  ['append', async (c, { root }) => [await c.append(Buffer.from('!'), 'q'), await text(join(root, 'q'))]],
  [
    'append of a stream',
    async (c, { root }) => [
      await c.append(Readable.from([Buffer.from('?')]), 'q'),
      await text(join(root, 'q')),
    ],
  ],
  ['append of a path', (c) => c.append('q' as never, 'q')],
  ['append to a folder', (c) => c.append(Buffer.from('x'), 'dir')],
  ['mkdir', (c) => c.mkdir('m')],
  ['mkdir again', (c) => c.mkdir('m')],
  ['mkdir without a parent', (c) => c.mkdir('n/o/p'), 'code'],
  ['mkdir recursive', async (c) => [await c.mkdir('n/o/p', true), await c.exists('n/o/p')]],
  ['mkdir from here', (c) => c.mkdir('./here')],
  ['mkdir over a file', (c) => c.mkdir('a.txt'), 'code'],
  ['rename', async (c) => [await c.rename('p1', 'r1'), await c.exists('p1'), await c.exists('r1')]],
  ['rename of nothing', (c) => c.rename('nothing', 'x')],
  ['rename over a file', (c) => c.rename('r1', 'p2'), 'code'],
  ['posixRename', async (c) => [await c.posixRename('r1', 'p2'), await c.exists('r1')]],
  ['posixRename of nothing', (c) => c.posixRename('nothing', 'x')],
  ['chmod', async (c) => [await c.chmod('p2', 0o604), ((await c.stat('p2')).mode & 0o777).toString(8)]],
  ['chmod of nothing', (c) => c.chmod('nothing', 0o604)],
  ['delete', async (c) => [await c.delete('p2'), await c.exists('p2')]],
  ['delete of nothing', (c) => c.delete('nothing')],
  ['delete of nothing, which is fine', (c) => c.delete('nothing', true)],
  ['rmdir', async (c) => [await c.rmdir('m'), await c.exists('m')]],
  ['rmdir of nothing', (c) => c.rmdir('m')],
  ['rmdir of a file', (c) => c.rmdir('a.txt')],
  ['rmdir of a full folder', (c) => c.rmdir('n'), 'code'],
  ['rmdir recursive', async (c) => [await c.rmdir('n', true), await c.exists('n')]],
  [
    'uploadDir',
    async (c, { local, root }) => {
      const seen: string[] = [];
      const listener = ({ destination }: { destination: string }): void => {
        seen.push(destination);
      };
      c.on('upload', listener);
      const result = await c.uploadDir(join(local, 'up'), 'up', { filter: (path) => !path.endsWith('.log') });
      c.removeListener('upload', listener);
      return [result, seen.sort(), (await readdir(join(root, 'up'), { recursive: true })).sort()];
    },
  ],
  ['uploadDir of nothing', (c, { local }) => c.uploadDir(join(local, 'nothing'), 'up'), 'code'],
  ['uploadDir to a file', (c, { local }) => c.uploadDir(join(local, 'up'), 'a.txt'), 'code'],
  [
    'downloadDir',
    async (c, { local }) => [
      await c.downloadDir('dir', join(local, 'down')),
      (await readdir(join(local, 'down'), { recursive: true })).sort(),
    ],
  ],
  ['downloadDir of nothing', (c, { local }) => c.downloadDir('nothing', join(local, 'down2')), 'code'],
  ['createReadStream', async (c) => String(await buffer(c.createReadStream('a.txt', { start: 1, end: 3 })))],
  [
    'createReadStream of nothing',
    (c) =>
      new Promise((_, reject) =>
        c.createReadStream('nothing').once('error', () => reject(new Error('failed'))),
      ),
  ],
  [
    'createWriteStream',
    async (c, { root }) => {
      const stream = c.createWriteStream('w');
      const closed = once(stream, 'close');
      stream.write('one ');
      stream.end('two');
      await closed;
      return await text(join(root, 'w'));
    },
  ],
  [
    'get with an encoding',
    async (c) => String(await c.get('a.txt', undefined, { readStreamOptions: { encoding: 'utf8' } })),
  ],
  [
    'get that appends',
    async (c, { local }) => {
      await c.get('a.txt', join(local, 'ga'));
      await c.get('a.txt', join(local, 'ga'), { writeStreamOptions: { flags: 'a' } });
      return await text(join(local, 'ga'));
    },
  ],
  [
    'pipeOptions leave nothing open',
    async (c, { local }) => {
      const stream = createWriteStream(join(local, 'open'));
      const closed = once(stream, 'close');
      await c.get('a.txt', stream, { pipeOptions: { end: false } });
      await closed;
      return await text(join(local, 'open'));
    },
  ],
  [
    'fastGet with steps',
    async (c, { local }) => {
      let last: number[] = [];
      const step = (sum: number, _chunk: number, total: number): void => {
        last = [sum, total];
      };
      await c.fastGet('a.txt', join(local, 'fs'), { concurrency: 2, chunkSize: 1000, step });
      return last;
    },
  ],
  [
    'fastPut with steps and a mode',
    async (c, { local }) => {
      let last: number[] = [];
      const step = (sum: number, _chunk: number, total: number): void => {
        last = [sum, total];
      };
      const result = await c.fastPut(join(local, 'l.txt'), 'fm', {
        concurrency: 2,
        chunkSize: 1000,
        mode: 0o640,
        step,
      });
      return [result, last, ((await c.stat('fm')).mode & 0o777).toString(8)];
    },
  ],
  [
    'fastPut with a mode in octal',
    async (c, { local }) => {
      await c.fastPut(join(local, 'l.txt'), 'fo', { mode: '0604' });
      return ((await c.stat('fo')).mode & 0o777).toString(8);
    },
  ],
  [
    'put of a part',
    async (c, { local, root }) => {
      await c.put(join(local, 'l.txt'), 'pp', { readStreamOptions: { start: 5, end: 7 } });
      return await text(join(root, 'pp'));
    },
  ],
  ['put over a folder', (c) => c.put(Buffer.from('x'), 'dir'), 'code'],
  [
    'append with a mode',
    async (c, { root }) => {
      await c.append(Buffer.from('new'), 'am', { mode: 0o600 });
      return [await text(join(root, 'am')), ((await c.stat('am')).mode & 0o777).toString(8)];
    },
  ],
  [
    'chmod with a text',
    async (c) => [await c.chmod('p3', '640'), ((await c.stat('p3')).mode & 0o777).toString(8)],
  ],
  ['get of a folder', (c) => c.get('dir'), 'code'],
  ['delete of a folder', (c) => c.delete('dir'), 'code'],
  ['list of a file', (c) => c.list('a.txt'), 'code'],
  ['realPath of nothing', (c) => c.realPath('nothing/at/all')],
  [
    'uploadDir by fastPut, with a filter that sees folders',
    async (c, { local, root }) => {
      const filter = (path: string, folder: boolean): boolean => !(folder && path.endsWith('deep'));
      const result = await c.uploadDir(join(local, 'up'), 'up2', { filter, useFastput: true });
      return [result, (await readdir(join(root, 'up2'), { recursive: true })).sort()];
    },
  ],
  [
    'downloadDir with a filter, by fastGet, and its events',
    async (c, { local }) => {
      const seen: string[] = [];
      const listener = ({ source }: { source: string }): void => {
        seen.push(source);
      };
      c.on('download', listener);
      const filter = (path: string, folder: boolean): boolean => !folder && path.endsWith('b.txt');
      const result = await c.downloadDir('dir', join(local, 'down3'), { filter, useFastget: true });
      c.removeListener('download', listener);
      return [result, seen, (await readdir(join(local, 'down3'), { recursive: true })).sort()];
    },
  ],
  [
    'createReadStream with an encoding',
    async (c) => {
      const parts: unknown[] = [];
      for await (const part of c.createReadStream('a.txt', { encoding: 'utf8' })) parts.push(part);
      return parts;
    },
  ],
  [
    'createWriteStream into the middle, and at the end',
    async (c, { root }) => {
      await c.put(Buffer.from('0123456789'), 'mid');
      const after: string[] = [];
      for (const options of [{ flags: 'r+', start: 4 }, ...new Array(5).fill({ flags: 'a' })]) {
        const stream = c.createWriteStream('mid', options);
        const closed = once(stream, 'close');
        stream.end('xx');
        await closed;
        after.push(readFileSync(join(root, 'mid'), 'utf8'));
      }
      return after;
    },
  ],
  ['rcopy', async (c, { root }) => [await c.rcopy('a.txt', 'copy'), await text(join(root, 'copy'))]],
  ['rcopy of nothing', (c) => c.rcopy('nothing', 'copy2')],
  ['rcopy over a file', (c) => c.rcopy('a.txt', 'copy')],
  ['put of a path below a file', (c, { local }) => c.put(join(local, 'l.txt', 'x'), 'e1'), 'code'],
  ['fastPut of a path below a file', (c, { local }) => c.fastPut(join(local, 'l.txt', 'x'), 'e1'), 'code'],
  ['get to a path below a file', (c, { local }) => c.get('a.txt', join(local, 'l.txt', 'x')), 'code'],
  ['fastGet to a path below a file', (c, { local }) => c.fastGet('a.txt', join(local, 'l.txt', 'x')), 'code'],
  [
    'uploadDir of a path below a file',
    (c, { local }) => c.uploadDir(join(local, 'l.txt', 'x'), 'e2'),
    'code',
  ],
  [
    'downloadDir to a path below a file',
    (c, { local }) => c.downloadDir('dir', join(local, 'l.txt', 'x')),
    'closer',
  ],
  ['uploadDir of a file', (c, { local }) => c.uploadDir(join(local, 'l.txt'), 'e2'), 'code'],
  ['downloadDir to a file', (c, { local }) => c.downloadDir('dir', join(local, 'l.txt')), 'code'],
  ['stat below a remote file', (c) => c.stat('a.txt/x'), 'code'],
  ['get below a remote file', (c) => c.get('a.txt/x'), 'code'],
  ['put below a remote file', (c) => c.put(Buffer.from('x'), 'a.txt/x'), 'code'],
  ['connect twice', (c, side) => c.connect(side.config()), 'code'],
  ['end', (c) => c.end()],
  ['end again', (c) => c.end()],
  ['use after end', (c) => c.list('/')],
  ['exists after end', (c) => c.exists('a.txt'), 'code'],
];

function sorted<T extends { name: string }>(items: T[]): T[] {
  return items.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function text(path: string): Promise<string> {
  return readFile(path, 'utf8');
}

describe('ssh2-sftp-client and ours agree', () => {
  before(() => Promise.all([ours.start(), theirs.start()]));
  after(() => Promise.all([ours.stop(), theirs.stop()]));

  for (const [name, call, compare] of CALLS) {
    it(name, async () => {
      const [mine, its] = (await Promise.all([ours.outcome(call), theirs.outcome(call)])) as [
        Record<string, unknown>,
        Record<string, unknown>,
      ];
      if (compare === 'closer') isCloser(mine.code, its.code);
      else if (compare === 'code') assert.deepEqual(mine.code, its.code, JSON.stringify([mine, its]));
      else assert.deepEqual(mine, its);
    });
  }
});

/** Where the library has no code, or its general one, ours may tell the reason. */
function isCloser(mine: unknown, its: unknown): void {
  assert.ok(its === undefined || its === 'ERR_GENERIC_CLIENT', `theirs: ${its}`);
  assert.match(String(mine), /^(E[A-Z]+|AUTH_FAILED|TIMEOUT)$/);
}

/** Calls that fail with EACCES on this machine before a server is asked. */
const DENIED: [name: string, call: Call][] = [
  ['uploadDir', (c, { local }) => c.uploadDir(join(local, 'locked', 'x'), 'd2')],
  ['downloadDir', (c, { local }) => c.downloadDir('dir', join(local, 'locked', 'x'))],
];

describe('codes of their own', () => {
  const sides = [
    new Side('ours', new SftpClient('codes', QUIET)),
    new Side('theirs', new Theirs('codes', QUIET)),
  ];
  before(async () => {
    for (const side of sides) {
      await side.start();
      await chmod(join(side.root, '..'), 0o755);
      await mkdir(join(side.local, 'locked'), { mode: 0 });
    }
  });
  after(() => Promise.all(sides.map((side) => side.stop())));

  for (const [name, call] of DENIED) {
    it(`${name} where this machine denies it`, async () => {
      const codes: unknown[] = [];
      const root = process.getuid?.() === 0;
      for (const side of sides) {
        if (root) process.seteuid?.(65_534);
        try {
          codes.push(await side.outcome(call));
        } finally {
          if (root) process.seteuid?.(0);
        }
      }
      const [mine, its] = codes as { code: unknown; message: string }[];
      assert.equal(mine!.code, its!.code, JSON.stringify(codes));
      assert.ok(its!.message !== undefined, 'it fails');
    });
  }

  it('a wrong password, a name without an address, and a server that says nothing', async () => {
    const silent = createServer((socket) => socket.resume());
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    for (const more of [
      { password: 'wrong' },
      { host: 'no-such-host.invalid' },
      { port, readyTimeout: 300 },
    ]) {
      const codes: unknown[] = [];
      for (const Client of [SftpClient, Theirs]) {
        const error = await new Client('x', QUIET).connect(sides[0]!.config(more)).then(
          () => assert.fail('it connected'),
          (error: unknown) => error,
        );
        codes.push([(error as { code?: unknown }).code, (error as Error).message]);
      }
      const [mine, its] = codes as unknown[][];
      if (mine![0] !== its![0]) isCloser(mine![0], its![0]);
    }
    silent.close();
  });

  it('what the server denies has its number', async () => {
    await using server = await startServer({
      users: { me: { password: 'secret' } },
      onRequest: ({ name }) =>
        name === 'SSH_FXP_REALPATH' ? undefined : { status: 'SSH_FX_PERMISSION_DENIED' },
    });
    const calls: ((client: SftpClient) => Promise<unknown>)[] = [
      (c) => c.stat('x'),
      (c) => c.list('x'),
      (c) => c.get('x'),
      (c) => c.put(Buffer.from('x'), 'x'),
      (c) => c.append(Buffer.from('x'), 'x'),
      (c) => c.mkdir('x'),
      (c) => c.rmdir('x'),
      (c) => c.delete('x'),
      (c) => c.rename('x', 'y'),
      (c) => c.chmod('x', 0o600),
      (c) => c.exists('x'),
    ];
    const codes: unknown[][] = [];
    for (const Client of [SftpClient, Theirs]) {
      const client = new Client('x', QUIET);
      const { host, port, fingerprint } = server;
      await client.connect({ host, port, ...LOGIN, trust: fingerprints([fingerprint]) });
      const found: unknown[] = [];
      for (const call of calls)
        found.push(
          await call(client).then(
            (result) => ({ result }),
            ({ code }) => code,
          ),
        );
      codes.push(found);
      await client.end();
    }
    assert.deepEqual(codes[0], codes[1]);
  });
});

describe('connecting', () => {
  it('refuses a host key nobody vouches for, where the library takes any', async () => {
    await using server = await startServer({ users: { me: { password: 'secret' } } });
    const { host, port } = server;
    const client = new SftpClient('strict', QUIET);
    await assert.rejects(client.connect({ host, port, ...LOGIN, trust: undefined as never }), {
      code: 'HOST_KEY_UNKNOWN',
    });
    const seen: (Buffer | string)[] = [];
    const hostVerifier = (key: Buffer | string): boolean => seen.push(key) > 0;
    await client.connect({ host, port, ...LOGIN, hostVerifier });
    await client.end();
    await client.connect({ host, port, ...LOGIN, hostVerifier, hostHash: 'sha256' });
    await client.end();
    assert.deepEqual(seen[0], Buffer.from(server.hostKey.blob));
    assert.match(String(seen[1]), /^[0-9a-f]{64}$/);
    await assert.rejects(
      client.connect({ host, port, ...LOGIN, hostVerifier: (_, done) => void done(false) as never }),
    );
  });

  for (const Client of [SftpClient, Theirs]) {
    const name = Client === SftpClient ? 'ours' : 'theirs';
    it(`takes the options of a login: ${name}`, async () => {
      const { userKeys, passphrase } = await getFixtures();
      const { files, publicLine } = userKeys.ed25519;
      await using server = await startServer({
        users: { me: { password: 'secret' }, key: { publicKeys: [publicLine] } },
      });
      const { host, port, fingerprint } = server;
      const trust = fingerprints([fingerprint]);
      const key = { username: 'key', privateKey: await readFile(files.openssh) };
      const locked = { username: 'key', privateKey: await readFile(files.opensshEncrypted), passphrase };
      const lines: string[] = [];
      const sock = connectSocket(port, host);
      for (const more of [
        {},
        key,
        locked,
        { forceIPv4: true },
        { localAddress: '127.0.0.1' },
        { readyTimeout: 5000, keepaliveInterval: 1000, keepaliveCountMax: 2 },
        { algorithms: { cipher: ['aes256-ctr'], hmac: { append: 'hmac-sha1' }, compress: ['none'] } },
        { debug: (line: string) => lines.push(line) },
        { sock },
        { promiseLimit: 2, strictVendor: true },
      ]) {
        const client = new Client('options', QUIET);
        await client.connect({ host, port, ...LOGIN, trust, ...more } as never);
        assert.equal(await client.cwd(), '/', JSON.stringify(Object.keys(more)));
        await client.end();
      }
      assert.ok(lines.length > 0);
      const bad = new Client('options', QUIET);
      await assert.rejects(bad.connect({ host, port, ...LOGIN, trust, localAddress: '192.0.2.1' } as never));
    });
  }

  for (const Client of [SftpClient, Theirs]) {
    const name = Client === SftpClient ? 'ours' : 'theirs';
    it(`fails alike: ${name}`, async () => {
      const server = await startServer({
        users: {
          me: { password: 'secret' },
          ki: { keyboardInteractive: [{ prompts: [{ text: 'Code', echo: true }], answers: ['42'] }] },
        },
      });
      const { host, port, fingerprint } = server;
      const trust = fingerprints([fingerprint]);
      await assert.rejects(
        new Client('x', QUIET).connect({ host, port, ...LOGIN, password: 'no', trust }),
        /^Error: getConnection: /,
      );
      const asked = new Client('x', QUIET);
      asked.on(
        'keyboard-interactive',
        (
          _n: string,
          _i: string,
          _l: string,
          prompts: { prompt: string }[],
          finish: (answers: string[]) => void,
        ) => {
          assert.equal(prompts[0]!.prompt, 'Code');
          finish(['42']);
        },
      );
      await asked.connect({ host, port, username: 'ki', tryKeyboard: true, trust });
      await asked.end();
      const told: string[] = [];
      const callbacks = {
        error: () => told.push('error'),
        end: () => told.push('end'),
        close: () => told.push('close'),
      };
      const cut = new Client('x', callbacks as never);
      await cut.connect({ host, port, ...LOGIN, trust });
      const gone = new Promise((resolve) => cut.on('close', () => resolve(undefined)));
      server.reset();
      await gone;
      assert.ok(told.includes('close'), told.join());
      await server.close();
      await assert.rejects(new Client('x', QUIET).connect({ host, port, ...LOGIN, trust }), {
        code: 'ECONNREFUSED',
      });
    });
  }
});

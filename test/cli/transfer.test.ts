/** get, put and ls against a real sshd, each as a process of its own. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { getAccount } from '../support/servers/account.ts';
import { isRoot } from '../support/servers/apt.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { accessTo, type Desk, makeDesk, urlOf } from './wherry.ts';

interface Place {
  desk: Desk;
  /** A folder on the server's disk. */
  remote: string;
  access: string[];
  url(path?: string): string;
  [Symbol.asyncDispose](): Promise<void>;
}

async function makePlace(): Promise<Place> {
  const server = realServer('openssh');
  const scratch = await makeScratch();
  const desk = await makeDesk();
  return {
    desk,
    remote: scratch.path,
    access: await accessTo(server, desk),
    url: (path = '') => urlOf(server, scratch.path + path),
    async [Symbol.asyncDispose]() {
      await scratch[Symbol.asyncDispose]();
      await desk[Symbol.asyncDispose]();
    },
  };
}

/** Makes folders on the server's disk that the account may write in. */
async function makeRemoteFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true });
  const { uid, gid } = await getAccount();
  if (isRoot()) await chown(path, uid, gid);
}

/** Every file below a folder, with its contents. */
async function contentsOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder, { recursive: true, encoding: 'utf8' })).sort();
  const all: Record<string, string> = {};
  for (const name of names) {
    const info = await lstat(join(folder, name));
    all[name] = info.isFile() ? (await readFile(join(folder, name))).toString('base64') : 'no file';
  }
  return all;
}

describe('wherry get', requireServer('openssh'), () => {
  it('fetches into the current folder, a folder, a new name, and stdout', async () => {
    await using place = await makePlace();
    const { desk, access, url } = place;
    const bytes = randomBytes(1_048_577);
    await writeFile(join(place.remote, 'a b#%.bin'), bytes);
    const source = `${url()}/a%20b%23%25.bin`;
    await mkdir(desk.path('folder'));

    for (const [local, target] of [
      [[], 'a b#%.bin'],
      [['folder'], 'folder/a b#%.bin'],
      [['new.bin'], 'new.bin'],
      [['folder/new.bin'], 'folder/new.bin'],
    ] as const) {
      const { code, stdout, stderr } = await desk.run(['get', ...access, source, ...local]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout.length, 0);
      assert.equal(stderr.split('\n').length, 2, stderr);
      assert.ok(stderr.startsWith(`${target}: 1.0 MiB in `), stderr);
      assert.ok(bytes.equals(await readFile(desk.path(target))));
    }
    const piped = await desk.run(['get', ...access, '-q', source, '-']);
    assert.equal(piped.code, 0, piped.stderr);
    assert.ok(bytes.equals(piped.stdout));
    assert.equal(piped.stderr, '');
    assert.deepEqual(await desk.files(), ['a b#%.bin', 'folder', 'new.bin']);
  });

  it('waits for a slow reader of stdout longer than the time-out for the server', async () => {
    await using place = await makePlace();
    const bytes = randomBytes(30_000_000);
    await writeFile(join(place.remote, 'x'), bytes);
    const child = place.desk.start(['get', '-q', '--timeout', '1', ...place.access, place.url('/x'), '-']);
    const ended = once(child, 'close');
    await once(child.stdout!, 'readable');
    await sleep(4500);
    const got: Buffer[] = [];
    for await (const chunk of child.stdout!) got.push(chunk as Buffer);
    assert.deepEqual(await ended, [0, null]);
    assert.ok(bytes.equals(Buffer.concat(got)));
  });

  it('fetches by a path below the home folder', async () => {
    await using place = await makePlace();
    const { home } = realServer('openssh');
    if (!place.remote.startsWith(home)) return;
    await writeFile(join(place.remote, 'x'), 'below home');
    const path = `/~${place.remote.slice(home.length)}/x`;
    const { code, stdout } = await place.desk.run([
      'get',
      ...place.access,
      urlOf(realServer('openssh'), path),
      '-',
    ]);
    assert.equal(code, 0);
    assert.equal(stdout.toString(), 'below home');
  });

  it('fetches a folder with -r, and leaves symbolic links out', async () => {
    await using place = await makePlace();
    const { desk, access, url } = place;
    await makeRemoteFolder(join(place.remote, 'tree/sub/empty'));
    await writeFile(join(place.remote, 'tree/a'), 'a');
    await writeFile(join(place.remote, 'tree/sub/b'), randomBytes(70_000));
    await symlink('/etc/passwd', join(place.remote, 'tree/link'));
    const expected = await contentsOf(join(place.remote, 'tree'));
    delete expected.link;

    await mkdir(desk.path('there'));
    for (const [local, target] of [
      [[], 'tree'],
      [['copy'], 'copy'],
      [['there'], 'there/tree'],
      [['made/'], 'made/tree'],
    ] as const) {
      const { code, stderr } = await desk.run(['get', '-r', ...access, url('/tree'), ...local]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^wherry: left out link: /m);
      assert.match(stderr, /^2 files in 3 folders: 68\.4 KiB in /m);
      assert.deepEqual(await contentsOf(desk.path(target)), expected);
    }
    const single = await desk.run(['get', '-r', ...access, url('/tree/a'), 'single']);
    assert.equal(single.code, 0, single.stderr);
    assert.equal(await readFile(desk.path('single'), 'utf8'), 'a');
  });

  it('speaks JSON, one object a line', async () => {
    await using place = await makePlace();
    const { desk, access, url } = place;
    await writeFile(join(place.remote, 'x'), randomBytes(100_000));
    const { code, objects, stderr } = await desk.run(['get', '--json', ...access, url('/x')]);
    assert.equal(code, 0);
    assert.equal(stderr, '');
    const types = new Set(objects.map(({ type }) => type));
    assert.deepEqual([...types], ['progress', 'file', 'result']);
    const progress = objects.findLast(({ type }) => type === 'progress');
    assert.deepEqual([progress?.path, progress?.transferred, progress?.total], ['x', 100_000, 100_000]);
    const { duration, ...result } = objects.at(-1)!;
    assert.deepEqual(result, { type: 'result', command: 'get', files: 1, bytes: 100_000 });
    assert.equal(typeof duration, 'number');

    const piped = await desk.run(['get', '--json', ...access, url('/x'), '-']);
    assert.equal(piped.stdout.length, 100_000);
    const lines = piped.stderr.trimEnd().split('\n');
    assert.equal((JSON.parse(lines.at(-1)!) as { type: string }).type, 'result');
    for (const line of lines) JSON.parse(line);
  });

  it('takes a cipher list, and tells what happens with -v', async () => {
    await using place = await makePlace();
    await writeFile(join(place.remote, 'x'), 'x');
    const { code, stderr } = await place.desk.run([
      'get',
      '-v',
      ...['--cipher', 'chacha20-poly1305@openssh.com,aes256-ctr'],
      ...place.access,
      place.url('/x'),
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^wherry: negotiated .*chacha20-poly1305@openssh\.com/m);
  });
});

describe('wherry put', requireServer('openssh'), () => {
  it('sends to a new name, and into a folder under the base name', async () => {
    await using place = await makePlace();
    const { desk, access, url, remote } = place;
    const bytes = randomBytes(1_048_577);
    await writeFile(desk.path('a b.bin'), bytes);
    await writeFile(desk.path('second'), 'second');
    await makeRemoteFolder(join(remote, 'in'));

    for (const [locals, to, targets] of [
      [['a b.bin'], '/new.bin', ['new.bin']],
      [['a b.bin'], '/in', ['in/a b.bin']],
      [['./a b.bin', 'second'], '/in/', ['in/a b.bin', 'in/second']],
    ] as const) {
      const { code, stderr } = await desk.run(['put', ...access, ...locals, url(to)]);
      assert.equal(code, 0, stderr);
      for (const target of targets) {
        const want = target.endsWith('second') ? Buffer.from('second') : bytes;
        assert.ok(want.equals(await readFile(join(remote, target))), target);
      }
    }
    const { mode } = await stat(join(remote, 'new.bin'));
    assert.equal(mode & 0o111, 0);
  });

  it('sends stdin', async () => {
    await using place = await makePlace();
    const input = randomBytes(300_000);
    const { code, stderr } = await place.desk.run(['put', ...place.access, '-', place.url('/piped')], {
      input,
    });
    assert.equal(code, 0, stderr);
    assert.ok(input.equals(await readFile(join(place.remote, 'piped'))));
    assert.match(stderr, /piped: 293\.0 KiB in /);
  });

  it('waits for a slow stdin longer than the time-out for the server', async () => {
    await using place = await makePlace();
    const child = place.desk.start(['put', '--timeout', '1', ...place.access, '-', place.url('/slow')]);
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.stdin!.write('first ');
    setTimeout(() => child.stdin!.end('second'), 4500);
    assert.equal(await ended, 0);
    assert.equal(await readFile(join(place.remote, 'slow'), 'utf8'), 'first second');
  });

  it('sends folders with -r, beside files', async () => {
    await using place = await makePlace();
    const { desk, access, url, remote } = place;
    await mkdir(desk.path('tree/sub/empty'), { recursive: true });
    await writeFile(desk.path('tree/a'), 'a');
    await writeFile(desk.path('tree/sub/b'), randomBytes(70_000));
    await writeFile(desk.path('file'), 'file');
    const expected = await contentsOf(desk.path('tree'));

    const made = await desk.run(['put', '-r', ...access, 'tree', url('/copy')]);
    assert.equal(made.code, 0, made.stderr);
    assert.deepEqual(await contentsOf(join(remote, 'copy')), expected);

    const both = await desk.run(['put', '-r', '--json', ...access, 'file', 'tree/', url('/copy')]);
    assert.equal(both.code, 0, both.stderr);
    assert.deepEqual(await contentsOf(join(remote, 'copy/tree')), expected);
    assert.equal(await readFile(join(remote, 'copy/file'), 'utf8'), 'file');
    const { files, folders, bytes } = both.objects.at(-1)!;
    assert.deepEqual({ files, folders, bytes }, { files: 3, folders: 3, bytes: 70_005 });
  });
});

describe('-p takes over permissions and times', requireServer('openssh'), () => {
  const TIME = new Date('2001-02-03T04:05:06Z');

  /** Permission bits, and the time of modification in seconds. */
  async function kept(path: string): Promise<[mode: string, seconds: number]> {
    const { mode, mtimeMs } = await stat(path);
    return [(mode & 0o777).toString(8), Math.floor(mtimeMs / 1000)];
  }

  for (const command of ['put', 'put -r', 'sync', 'get', 'get -r', 'sync back'] as const) {
    it(command, async () => {
      await using place = await makePlace();
      const { desk, access, url, remote } = place;
      const down = command.startsWith('get') || command === 'sync back';
      const source = down ? join(remote, 'tree') : desk.path('tree');
      await (down ? makeRemoteFolder : mkdir)(source);
      await writeFile(join(source, 'x'), 'x');
      await chmod(join(source, 'x'), 0o604);
      await utimes(join(source, 'x'), TIME, TIME);
      const [name, ...more] = command.split(' ').filter((word) => word !== 'back') as [string, ...string[]];
      const whole = command !== 'put' && command !== 'get';
      const [near, far] = whole ? ['tree', url('/tree')] : ['tree/x', url('/tree/x')];
      const ends = down ? [far, whole ? 'copy' : 'x'] : [near, url(whole ? '/copy' : '/x')];
      const target = join(down ? desk.folder : remote, whole ? 'copy/x' : 'x');
      for (const flags of [[], ['-p']]) {
        const { code, stderr } = await desk.run([name, ...more, ...flags, ...access, ...ends]);
        assert.equal(code, 0, stderr);
        const found = await kept(target);
        const expected = ['604', TIME.getTime() / 1000];
        if (flags.length > 0) assert.deepEqual(found, expected);
        else assert.notEqual(found[1], expected[1]);
        await rm(whole ? dirname(target) : target, { recursive: true });
      }
    });
  }
});

describe('wherry ls', requireServer('openssh'), () => {
  it('lists a folder, sorted, and a single file', async () => {
    await using place = await makePlace();
    const { desk, access, url, remote } = place;
    await makeRemoteFolder(join(remote, 'sub'));
    await writeFile(join(remote, 'zebra'), '12345', { mode: 0o640 });
    await writeFile(join(remote, 'ant'), '');
    await symlink('zebra', join(remote, 'link'));

    const { code, stdout, stderr } = await desk.run(['ls', ...access, url()]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    const lines = stdout.toString().trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => line.replace(/^(\S+) +(\d+) \d{4}-\d\d-\d\d \d\d:\d\d /, '$1 ')),
      ['-rw-r--r-- ant', 'lrwxrwxrwx link', 'drwxr-xr-x sub', '-rw-r----- zebra'],
    );
    const one = await desk.run(['ls', ...access, url('/zebra')]);
    assert.equal(one.code, 0, one.stderr);
    assert.match(one.stdout.toString(), /^-rw-r----- +5 \S+ \S+ zebra\n$/);
  });

  it('gives entries as JSON', async () => {
    await using place = await makePlace();
    await writeFile(join(place.remote, 'x'), '12345');
    const { objects } = await place.desk.run(['ls', '--json', ...place.access, place.url()]);
    const [entry, result] = objects;
    assert.equal(objects.length, 2);
    const { type, name, kind, size } = entry!;
    assert.deepEqual({ type, name, kind, size }, { type: 'entry', name: 'x', kind: 'file', size: 5 });
    assert.deepEqual([result?.type, result?.entries], ['result', 1]);
  });

  it('starts in the home folder when the URL has no path', async () => {
    await using place = await makePlace();
    const server = realServer('openssh');
    const args = ['ls', '--json', ...place.access, urlOf(server, '')];
    const { code, objects, all } = await place.desk.run(args);
    assert.equal(code, 0, all);
    const isHome = dirname(place.remote) === server.home;
    assert.equal(
      objects.some(({ name }) => name === basename(place.remote)),
      isHome,
    );
  });
});

describe('names chosen by others', requireServer('openssh'), () => {
  it('reach no output with their control characters', async () => {
    await using place = await makePlace();
    const { desk, access, url, remote } = place;
    const name = 'x\u001b[31mred\u0007\u009b2J\r\nnext\u202egpj';
    await makeRemoteFolder(join(remote, 'dir'));
    await writeFile(join(remote, 'dir', name), 'x');
    await symlink('x', join(remote, 'dir', `${name}-link`));
    const quoted = encodeURIComponent(name);

    for (const args of [
      ['ls', ...access, url('/dir')],
      ['ls', '--json', ...access, url('/dir')],
      ['get', '-r', ...access, url('/dir'), 'copy'],
      ['get', '-r', '--json', ...access, url('/dir'), 'copy'],
      ['get', ...access, `${url('/dir')}/${quoted}`],
      ['get', ...access, `${url('/dir')}/${quoted}-nope`],
      ['get', '-v', ...access, `${url('/dir')}/${quoted}`, `copy/nope/${name}`],
      ['put', ...access, name, `${url('/dir')}/${quoted}/nope`],
      ['put', ...access, '-v', name, url('/dir')],
      ['put', ...access, `nope${name}`, url('/dir')],
    ]) {
      const { all } = await desk.run(args);
      assert.match(all, /next/, args.join(' '));
      assert.doesNotMatch(all.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u, args.join(' '));
      assert.doesNotMatch(all, /^next/m, args.join(' '));
    }
    const listed = await desk.run(['ls', '--json', ...access, url('/dir')]);
    assert.ok(listed.objects.some((entry) => entry.name === name));
    assert.ok((await readdir(desk.path('copy'))).includes(name));
  });
});

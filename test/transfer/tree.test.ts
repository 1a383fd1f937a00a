/** Whole folders: what is moved, what is left out, and that nothing lands outside of the target. */
import assert from 'node:assert/strict';
import { chmod, lstat, mkdir, readFile, readlink, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathFilter } from '../../src/base/path-filter.ts';
import { linkStaysInside } from '../../src/transfer/tree/links.ts';
import type { TreeProgress } from '../../src/transfer/tree/options.ts';
import type { MemoryFs } from '../support/sftp/memory-fs.ts';
import { failure, localFolder, openMemory, pattern } from '../support/sftp/memory-session.ts';

/** Files by relative path; a path that ends in a slash is a folder, a value that begins with `->` a link. */
type Spec = Readonly<Record<string, string>>;

function plant(fs: MemoryFs, root: string, spec: Spec): void {
  fs.mkdir(root);
  for (const [path, content] of Object.entries(spec)) {
    const at = `${root}/${path}`.replace(/\/$/, '');
    if (path.endsWith('/')) fs.mkdir(at);
    else if (content.startsWith('->')) fs.symlink(content.slice(2), at);
    else fs.put(at, Buffer.from(content));
  }
}

async function plantHere(root: string, spec: Spec): Promise<void> {
  await mkdir(root, { recursive: true });
  for (const [path, content] of Object.entries(spec)) {
    const at = join(root, path);
    if (path.endsWith('/')) await mkdir(at);
    else if (content.startsWith('->')) await symlink(content.slice(2), at);
    else await writeFile(at, content);
  }
}

const SPEC: Spec = {
  'a.txt': 'a',
  '.hidden': 'dot',
  'sub/': '',
  'sub/b.txt': 'bb',
  'sub/c.log': 'ccc',
  'sub/deep/': '',
  'sub/deep/d.txt': 'dddd',
  'empty/': '',
  link: '->a.txt',
  'sub/up': '->../a.txt',
};

test('a folder comes down and goes up: files, empty folders, links left out and told', async () => {
  const { sftp, fs } = await openMemory();
  plant(fs, 'tree', SPEC);
  await using folder = await localFolder();
  const progress: TreeProgress[] = [];
  const done: string[] = [];
  const down = await sftp.downloadTree('tree', folder.file('down'), {
    onProgress: (now) => progress.push(now),
    onFile: ({ path }) => done.push(path),
  });
  assert.equal(down.files, 5);
  assert.equal(down.folders, 4);
  assert.equal(down.bytes, 13);
  assert.deepEqual(down.skipped.map(({ path }) => path).sort(), ['link', 'sub/up']);
  assert.deepEqual(done.sort(), ['.hidden', 'a.txt', 'sub/b.txt', 'sub/c.log', 'sub/deep/d.txt']);
  assert.equal(progress.at(-1)?.transferred, 13);
  assert.equal(progress.at(-1)?.files, 5);
  assert.ok((await stat(folder.file('down/empty'))).isDirectory());
  assert.equal(await readFile(folder.file('down/sub/deep/d.txt'), 'utf8'), 'dddd');

  const up = await sftp.uploadTree(folder.file('down'), 'copy');
  assert.deepEqual([up.files, up.folders, up.bytes], [5, 4, 13]);
  assert.equal(fs.get('copy/sub/deep/d.txt').toString(), 'dddd');
  assert.ok(fs.has('copy/empty'));
});

for (const [name, patterns, expected] of [
  ['include by name', { include: '*.txt' }, ['a.txt', 'sub/b.txt', 'sub/deep/d.txt']],
  ['include by path', { include: 'sub/*' }, ['sub/b.txt', 'sub/c.log']],
  ['include with **', { include: 'sub/**' }, ['sub/b.txt', 'sub/c.log', 'sub/deep/d.txt']],
  ['exclude a folder', { exclude: ['deep', '.hidden'] }, ['a.txt', 'sub/b.txt', 'sub/c.log']],
  ['both', { include: '*.{txt,log}', exclude: 'sub/deep' }, ['a.txt', 'sub/b.txt', 'sub/c.log']],
] as const) {
  test(`patterns: ${name}`, async () => {
    const { sftp, fs } = await openMemory();
    plant(fs, 'tree', SPEC);
    await using folder = await localFolder();
    const done: string[] = [];
    await sftp.downloadTree('tree', folder.file('down'), {
      ...patterns,
      onFile: ({ path }) => done.push(path),
    });
    assert.deepEqual(done.sort(), expected);
  });
}

test('patterns that are empty or huge are refused', () => {
  for (const include of ['', 'x'.repeat(4097)])
    assert.throws(() => pathFilter({ include }), { code: 'INVALID_ARGUMENT' });
  assert.ok(pathFilter({ include: 'x'.repeat(4096) }).folder('a'));
});

test('links: followed with loops left out, or copied where they stay inside', async () => {
  const { sftp, fs } = await openMemory();
  plant(fs, 'tree', {
    ...SPEC,
    loop: '->sub',
    'sub/back': '->..',
    dangling: '->nowhere',
    outside: '->/etc/passwd',
    sneaky: '->sub/../../x',
  });
  await using folder = await localFolder();
  const followed = await sftp.downloadTree('tree', folder.file('followed'), { symlinks: 'follow' });
  assert.equal(await readFile(folder.file('followed/link'), 'utf8'), 'a');
  assert.equal(await readFile(folder.file('followed/loop/deep/d.txt'), 'utf8'), 'dddd');
  assert.deepEqual(followed.skipped.map(({ path }) => path).sort(), [
    'dangling',
    'loop/back',
    'outside',
    'sneaky',
    'sub/back',
  ]);
  const copied = await sftp.downloadTree('tree', folder.file('copied'), { symlinks: 'copy' });
  assert.equal(await readlink(folder.file('copied/sub/up')), '../a.txt');
  assert.equal(await readlink(folder.file('copied/dangling')), 'nowhere');
  assert.deepEqual(copied.skipped.map(({ path }) => path).sort(), ['outside', 'sneaky']);
  const up = await sftp.uploadTree(folder.file('copied'), 'up', { symlinks: 'copy' });
  assert.equal(up.skipped.length, 0);
  assert.equal(await sftp.readlink('up/sub/up'), '../a.txt');
});

for (const [path, target, inside] of [
  ['l', 'a', true],
  ['l', '.', true],
  ['d/l', '..', true],
  ['d/l', '../a/b', true],
  ['l', '..', false],
  ['d/l', '../..', false],
  ['d/l', '../../d/a', false],
  ['d/l', 'u/../../x', false],
  ['d/e/l', 'u/../x', false],
  ['l', '/etc', false],
  ['l', 'C:\\x', false],
  ['l', '..\\x', false],
  ['l', '', false],
] as const) {
  test(`a link ${path} -> ${target} ${inside ? 'stays inside' : 'may lead out'}`, () => {
    assert.equal(linkStaysInside(path, target), inside);
  });
}

test('nothing is written through links that lie in the target folder, and devices are not opened', async () => {
  const { sftp, fs } = await openMemory();
  plant(fs, 'tree', { 'a.txt': 'new', 'sub/': '', 'sub/b.txt': 'b' });
  await using folder = await localFolder();
  await plantHere(folder.file('victim'), { 'a.txt': 'old' });
  await plantHere(folder.file('down'), { 'a.txt': '->../victim/a.txt' });
  await sftp.downloadTree('tree', folder.file('down'), { exclude: 'sub' });
  assert.equal(await readFile(folder.file('victim/a.txt'), 'utf8'), 'old');
  assert.ok((await lstat(folder.file('down/a.txt'))).isFile());
  await symlink('../victim', folder.file('down/sub'));
  await failure(sftp.downloadTree('tree', folder.file('down')), 'TRANSFER_TARGET');
  assert.deepEqual(await readFile(folder.file('victim/a.txt'), 'utf8'), 'old');
  await assert.rejects(stat(folder.file('victim/b.txt')), { code: 'ENOENT' });
  const mirrored = await sftp.mirrorDown('tree', folder.file('down'));
  assert.equal(mirrored.files, 1);
  assert.ok((await lstat(folder.file('down/sub'))).isDirectory());
  await assert.rejects(stat(folder.file('victim/b.txt')), { code: 'ENOENT' });
});

for (const name of ['../evil', 'a/b', '..', '']) {
  if (name === '..') continue;
  test(`a server that names a file "${name}" is refused`, async () => {
    const { sftp, fs } = await openMemory({ listedNames: [name] });
    plant(fs, 'tree', { a: 'a' });
    await using folder = await localFolder();
    for (const options of [{}, { continueOnError: true }])
      await failure(sftp.downloadTree('tree', folder.file('down'), options), 'TRANSFER_UNSAFE_NAME');
    await failure(sftp.mirrorDown('tree', folder.file('down'), { delete: true }), 'TRANSFER_UNSAFE_NAME');
  });
}

test('permissions and times are kept when asked, of files and folders, both ways; setuid is not', async () => {
  const { sftp, fs } = await openMemory();
  plant(fs, 'tree', { 'sub/': '', 'sub/b.txt': 'b' });
  Object.assign(fs.node('tree/sub/b.txt'), {
    mode: 0o4640,
    modifyTime: 1_000_000_000,
    accessTime: 1_100_000_000,
  });
  Object.assign(fs.node('tree/sub'), { mode: 0o550, modifyTime: 1_200_000_000 });
  await using folder = await localFolder();
  await sftp.downloadTree('tree', folder.file('down'), { preserve: true });
  const file = await stat(folder.file('down/sub/b.txt'));
  assert.equal(file.mode & 0o7777, 0o640);
  assert.equal(file.mtimeMs, 1_000_000_000_000);
  const sub = await stat(folder.file('down/sub'));
  assert.equal(sub.mode & 0o777, 0o550);
  assert.equal(sub.mtimeMs, 1_200_000_000_000);
  await sftp.uploadTree(folder.file('down'), 'up', { preserve: true });
  assert.equal(fs.node('up/sub/b.txt').mode, 0o640);
  assert.equal(fs.node('up/sub/b.txt').modifyTime, 1_000_000_000);
  assert.equal(fs.node('up/sub').mode, 0o550);
  assert.equal(fs.node('up/sub').modifyTime, 1_200_000_000);
  await chmod(folder.file('down/sub'), 0o750);
});

test('a single file keeps what is asked for, and nothing is sent that is not', async () => {
  const { sftp, fs, server } = await openMemory();
  await using folder = await localFolder();
  await writeFile(folder.file('f'), 'x');
  await chmod(folder.file('f'), 0o604);
  await utimes(folder.file('f'), 1_000_000_000, 1_000_000_001);
  await sftp.upload(folder.file('f'), 'plain');
  assert.ok(!server.received.some(({ type }) => type === 9 || type === 10));
  await sftp.upload(folder.file('f'), 'times', { preserve: 'times' });
  assert.deepEqual([fs.node('times').modifyTime, fs.node('times').mode === 0o604], [1_000_000_001, false]);
  await sftp.upload(folder.file('f'), 'both', { preserve: true, atomic: true });
  assert.deepEqual([fs.node('both').modifyTime, fs.node('both').mode], [1_000_000_001, 0o604]);
  await sftp.download('both', folder.file('g'), { preserve: 'permissions' });
  const info = await stat(folder.file('g'));
  assert.equal(info.mode & 0o777, 0o604);
  assert.notEqual(Math.floor(info.mtimeMs / 1000), 1_000_000_001);
  for (const inPlace of [true, false]) {
    await sftp.download('both', folder.file('g'), { preserve: true, inPlace });
    assert.equal((await stat(folder.file('g'))).mtimeMs, 1_000_000_001_000);
  }
});

test('mirrors: what is new and changed moves, the rest does not, and only with delete something goes', async () => {
  const { sftp, fs } = await openMemory();
  plant(fs, 'tree', SPEC);
  await using folder = await localFolder();
  const here = folder.file('here');
  await plantHere(here, {
    'a.txt': 'other size',
    'stale.txt': 's',
    'old/': '',
    'old/x': 'x',
    'keep.tmp': 'k',
  });
  const options = { delete: true, exclude: '*.tmp', preserve: 'times' } as const;
  const plan = await sftp.mirrorDown('tree', here, { ...options, dryRun: true });
  const lines = plan.actions.map(({ action, path, reason }) =>
    [action, path, reason].filter(Boolean).join(' '),
  );
  assert.deepEqual(lines.sort(), [
    'copy .hidden',
    'copy sub/b.txt',
    'copy sub/c.log',
    'copy sub/deep/d.txt',
    'delete folder old',
    'delete old/x',
    'delete stale.txt',
    'make folder empty',
    'make folder sub',
    'make folder sub/deep',
    'replace a.txt size',
  ]);
  assert.equal(await readFile(join(here, 'a.txt'), 'utf8'), 'other size');
  assert.deepEqual(await readFile(join(here, 'stale.txt'), 'utf8'), 's');
  const first = await sftp.mirrorDown('tree', here, options);
  assert.deepEqual([first.files, first.unchanged, first.deleted], [5, 0, 3]);
  assert.equal(await readFile(join(here, 'keep.tmp'), 'utf8'), 'k');
  const second = await sftp.mirrorDown('tree', here, options);
  assert.deepEqual([second.files, second.unchanged, second.deleted], [0, 5, 0]);
  fs.put('tree/sub/b.txt', Buffer.from('BB')).modifyTime = 1_700_000_500;
  assert.equal((await sftp.mirrorDown('tree', here, { ...options, compare: 'size' })).files, 0);
  assert.equal((await sftp.mirrorDown('tree', here, options)).files, 1);
  fs.put('tree/sub/b.txt', Buffer.from('Bb')).modifyTime = 1_700_000_500;
  assert.equal((await sftp.mirrorDown('tree', here, options)).files, 0, 'the time tells nothing');
  assert.equal((await sftp.mirrorDown('tree', here, { ...options, compare: 'hash' })).files, 1);
  assert.equal(await readFile(join(here, 'sub/b.txt'), 'utf8'), 'Bb');
});

test('a mirror goes up too, also where the kind of a thing has changed', async () => {
  const { sftp, fs } = await openMemory();
  await using folder = await localFolder();
  const here = folder.file('here');
  await plantHere(here, { 'sub/': '', 'sub/f': 'f', turned: 'a file now', l: '->sub' });
  plant(fs, 'there', { sub: 'was a file', 'turned/': '', 'turned/x': 'x', gone: 'g', l: '->nothing' });
  await failure(sftp.mirrorUp(here, 'there'), 'TRANSFER_TARGET');
  const done = await sftp.mirrorUp(here, 'there', { delete: true, symlinks: 'copy', preserve: 'times' });
  assert.equal(fs.get('there/turned').toString(), 'a file now');
  assert.equal(fs.get('there/sub/f').toString(), 'f');
  assert.ok(!fs.has('there/gone'));
  assert.equal(await sftp.readlink('there/l'), 'sub');
  assert.ok(done.deleted >= 3);
  const again = await sftp.mirrorUp(here, 'there', { delete: true, symlinks: 'copy', preserve: 'times' });
  assert.deepEqual([again.files, again.unchanged, again.deleted], [0, 3, 0]);
});

test('a failing file ends it, or is told at the end with continueOnError', async () => {
  const { sftp, fs } = await openMemory();
  plant(fs, 'tree', SPEC);
  await using folder = await localFolder();
  await mkdir(folder.file('down/sub/b.txt'), { recursive: true });
  await failure(sftp.downloadTree('tree', folder.file('down')), 'TRANSFER_TARGET');
  const { files, failed } = await sftp.downloadTree('tree', folder.file('down'), { continueOnError: true });
  assert.equal(files, 4);
  assert.deepEqual(
    failed.map(({ path }) => path),
    ['sub/b.txt'],
  );
});

test('many files overlap on one session, under one budget and in bounded number', async () => {
  const { sftp, fs, server } = await openMemory({ delay: 5 });
  fs.mkdir('many');
  for (let i = 0; i < 400; i++) fs.put(`many/${i}`, pattern(4096, i));
  await using folder = await localFolder();
  const { files } = await sftp.downloadTree('many', folder.file('down'), { concurrency: 40 });
  assert.equal(files, 400);
  let open = 0;
  let most = 0;
  for (const { type } of server.received) {
    if (type === 3) most = Math.max(most, ++open);
    if (type === 4) open--;
  }
  assert.ok(most > 20 && most <= 42, `${most} files open at a time`);
  assert.ok(!server.received.some(({ type }) => type === 8), 'the listing told the sizes: no FSTAT');
  assert.equal((await sftp.uploadTree(folder.file('down'), 'up')).files, 400);
  assert.deepEqual(fs.get('up/399'), pattern(4096, 399));
});

test('abort ends a tree at any time, and what was under way leaves nothing', async () => {
  const { sftp, fs } = await openMemory({ delay: 3 });
  fs.mkdir('many');
  for (let i = 0; i < 200; i++) fs.put(`many/${i}`, pattern(40_000, i));
  await using folder = await localFolder();
  for (const after of [0, 1, 10, 30]) {
    const stop = new AbortController();
    const target = folder.file(`down${after}`);
    const moving = sftp.downloadTree('many', target, { signal: stop.signal });
    setTimeout(() => stop.abort(), after);
    await failure(moving, 'ABORTED');
  }
  const { files } = await sftp.downloadTree('many', folder.file('whole'));
  assert.equal(files, 200);
});

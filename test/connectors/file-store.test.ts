import assert from 'node:assert/strict';
import { chmod, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createEngine,
  folderStore,
  InvalidInputError,
  type Location,
  ResourceNotFoundError,
} from '../../src/connectors/index.ts';
import { checkFileName } from '../../src/connectors/store/file-name.ts';
import { temporaryFolder } from './support/store.ts';

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('files are saved, read, listed and deleted, with folders in their names', async () => {
  await using dir = await temporaryFolder();
  const files = folderStore(dir.path);
  assert.deepEqual(await files.list(), []);
  await files.saveBytes('a/b/c.txt', Buffer.from('one'));
  await files.saveBytes('a/b/c.txt', Buffer.from('two'));
  await files.saveBytes('ä ö.txt', Buffer.from(''));
  assert.equal(text(await files.getBytes('a/b/c.txt')), 'two');
  assert.deepEqual(
    (await files.list()).map(({ name, size }) => [name, size]),
    [
      ['a/b/c.txt', 3],
      ['ä ö.txt', 0],
    ],
  );
  assert.equal(await readFile(join(dir.path, 'files', 'a', 'b', 'c.txt'), 'utf8'), 'two');
  await files.delete('a/b/c.txt');
  assert.equal(await files.has('a/b/c.txt'), false);
  assert.deepEqual(await readdir(join(dir.path, 'files')), ['ä ö.txt']);
  for (const missing of ['a/b/c.txt', 'ä ö.txt/x']) {
    await assert.rejects(files.getBytes(missing), ResourceNotFoundError);
    await assert.rejects(files.delete(missing), ResourceNotFoundError);
    await assert.rejects(files.provide(missing, 'file'), ResourceNotFoundError);
  }
});

test('projects and bundles are places of their own', async () => {
  await using dir = await temporaryFolder();
  const files = folderStore(dir.path);
  const places: (Location | undefined)[] = [
    undefined,
    { location_mode: 'project', project_name: 'x' },
    { location_mode: 'bundle', bundle_name: 'x' },
    { location_mode: 'project', project_name: 'y' },
  ];
  for (const [i, place] of places.entries())
    await files.saveBytes('projects/x/f', Buffer.from(String(i)), place);
  for (const [i, place] of places.entries())
    assert.equal(text(await files.getBytes('projects/x/f', place)), String(i));
  for (const project_name of ['', '..', 'a/b', '/', 'x'.repeat(129)])
    await assert.rejects(files.list({ location_mode: 'project', project_name }), InvalidInputError);
});

const HOSTILE = [
  '',
  '.',
  '..',
  '/',
  '/etc/passwd',
  '../x',
  'a/../../x',
  'a/..',
  './a',
  'a/./b',
  'a//b',
  'a/',
  'a\\b',
  '..\\x',
  'C:\\x',
  'a\0b',
  '\0',
  'x'.repeat(129),
  'ü'.repeat(128),
  `${'a/'.repeat(64)}b`,
];

test('no name leaves the store', async () => {
  await using dir = await temporaryFolder();
  const files = folderStore(join(dir.path, 'store'));
  for (const name of [...HOSTILE, 7, null, undefined, {}] as string[]) {
    await assert.rejects(files.saveBytes(name, Buffer.from('x')), InvalidInputError, name);
    await assert.rejects(files.getBytes(name), InvalidInputError, name);
    await assert.rejects(files.has(name), InvalidInputError, name);
    await assert.rejects(files.delete(name), InvalidInputError, name);
    await assert.rejects(files.receive(name, 'file'), InvalidInputError, name);
    await assert.rejects(files.provide(name, 'folder'), InvalidInputError, name);
  }
  assert.deepEqual(await readdir(dir.path), []);
});

test('property: a name that is taken stays inside', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '.', '/', '\\', '\0', ' ', 'ü', ':') }), (name) => {
      let taken = true;
      try {
        checkFileName(name);
      } catch {
        taken = false;
      }
      const inside =
        join('/root', name).startsWith('/root/') && !/\\|\0/.test(name) && join('/', name) === `/${name}`;
      if (taken) assert.ok(inside && !name.endsWith('/'), JSON.stringify(name));
    }),
    { numRuns: 2000 },
  );
});

test('Windows takes fewer names', () => {
  for (const name of ['a:b', 'con', 'nul.txt', 'a.', 'a ', 'x/aux', 'a?b', 'a\tb'])
    assert.throws(() => checkFileName(name, 'name', undefined, 'win32'), InvalidInputError, name);
  for (const name of ['a.b', 'console', 'x/y']) checkFileName(name, 'name', undefined, 'win32');
});

test('no symbolic link leads out', async () => {
  await using dir = await temporaryFolder();
  await using outside = await temporaryFolder();
  const files = folderStore(dir.path);
  await files.saveBytes('real/a.txt', Buffer.from('inside'));
  await writeFile(join(outside.path, 'secret'), 'outside');
  const root = join(dir.path, 'files');
  await symlink(outside.path, join(root, 'out'));
  await symlink(join(outside.path, 'secret'), join(root, 'file-out'));
  await symlink(join(outside.path, 'none'), join(root, 'dangling'));
  await symlink(join(root, 'real'), join(root, 'in'));
  for (const name of ['out/secret', 'file-out']) {
    await assert.rejects(files.getBytes(name), InvalidInputError);
    await assert.rejects(files.provide(name, 'file'), InvalidInputError);
    await assert.rejects(files.delete(name), InvalidInputError);
  }
  await assert.rejects(files.provide('out', 'folder'), InvalidInputError);
  for (const name of ['out/new', 'out/deep/new']) {
    await assert.rejects(files.saveBytes(name, Buffer.from('x')), InvalidInputError);
    await assert.rejects(files.receive(name, 'file'), InvalidInputError);
  }
  // A link under the name itself is replaced, not written through.
  for (const name of ['file-out', 'dangling']) await files.saveBytes(name, Buffer.from('new'));
  assert.equal(await readFile(join(outside.path, 'secret'), 'utf8'), 'outside');
  assert.deepEqual(await readdir(outside.path), ['secret']);
  assert.equal(text(await files.getBytes('in/a.txt')), 'inside');
});

test('a reader never sees a part of a file', { timeout: 30_000 }, async () => {
  await using dir = await temporaryFolder();
  const files = folderStore(dir.path);
  const versions = ['a', 'b'].map((letter) => Buffer.alloc(500_000, letter));
  await files.saveBytes('f', versions[0]!);
  let done = false;
  const writing = (async () => {
    for (let i = 0; i < 20; i++) await files.saveBytes('f', versions[i % 2]!);
    done = true;
  })();
  while (!done) {
    const bytes = Buffer.from(await files.getBytes('f'));
    assert.ok(versions.some((version) => version.equals(bytes)));
  }
  await writing;
  assert.deepEqual(await readdir(join(dir.path, 'files')), ['f']);
});

test('files and folders do not take each other’s place', async () => {
  await using dir = await temporaryFolder();
  const files = folderStore(dir.path);
  await files.saveBytes('a/b', Buffer.from('x'));
  await assert.rejects(files.saveBytes('a', Buffer.from('x')), /is a folder of the engine/);
  await assert.rejects(files.saveBytes('a/b/c', Buffer.from('x')), /is a file, not a folder/);
  await assert.rejects(files.delete('a'), InvalidInputError);
  await assert.rejects(files.provide('a', 'file'), InvalidInputError);
  await assert.rejects(files.provide('a/b', 'folder'), InvalidInputError);
  assert.equal(await files.has('a'), false);
  const reception = await files.receive('a', 'file');
  await writeFile(reception.path, 'y');
  await assert.rejects(reception.commit(), /is a folder of the engine/);
  assert.deepEqual(await readdir(join(dir.path, 'staging')), []);
});

test('a folder that comes in is taken whole or not at all', async () => {
  await using dir = await temporaryFolder();
  const files = folderStore(dir.path);
  await files.saveBytes('t/old', Buffer.from('old'));
  const good = await files.receive('t', 'folder');
  await mkdir(join(good.path, 'sub'), { recursive: true });
  await writeFile(join(good.path, 'sub', 'new'), 'new');
  await good.commit();
  assert.deepEqual(
    (await files.list()).map(({ name }) => name),
    ['t/old', 't/sub/new'],
  );
  const bad = await files.receive('t', 'folder');
  await mkdir(bad.path);
  await writeFile(join(bad.path, 'fine'), 'x');
  await writeFile(join(bad.path, 'back\\slash'), 'x');
  await assert.rejects(bad.commit(), InvalidInputError);
  assert.deepEqual(
    (await files.list()).map(({ name }) => name),
    ['t/old', 't/sub/new'],
  );
});

test('a store that cannot be written says so', async () => {
  await using dir = await temporaryFolder();
  const blocked = join(dir.path, 'file');
  await writeFile(blocked, '');
  await assert.rejects(folderStore(blocked).saveBytes('a', Buffer.from('x')), /the file a of the engine/);
  await assert.rejects(
    createEngine({ store: blocked }).runFlow(() => {}),
    /the record of the execution in/,
  );
  if (process.getuid?.() === 0) return;
  await chmod(dir.path, 0o500);
  await assert.rejects(folderStore(dir.path).saveBytes('a', Buffer.from('x')), { code: 'PERMISSION_DENIED' });
});

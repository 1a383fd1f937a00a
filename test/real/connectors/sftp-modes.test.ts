import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { createEngine, type Execution, type Plain, type SftpMode } from '../../../src/connectors/index.ts';
import { temporaryFolder } from '../../connectors/support/store.ts';
import { makeScratch, requireServer } from '../../support/servers/from-env.ts';
import { chownToAccount } from './account.ts';
import { sftpInputs } from './support.ts';

const options = { ...requireServer('openssh'), timeout: 60_000 };

interface Bench {
  readonly remote: string;
  readonly engine: ReturnType<typeof createEngine>;
  run(mode: SftpMode): Promise<Execution>;
}

async function withBench(work: (bench: Bench) => Promise<void>): Promise<void> {
  await using store = await temporaryFolder();
  await using scratch = await makeScratch();
  const engine = createEngine({ store: store.path });
  await work({
    remote: scratch.path,
    engine,
    run: async (mode) => await engine.connect(await sftpInputs(mode)),
  });
}

async function ok(running: Promise<Execution>): Promise<Execution> {
  const execution = await running;
  assert.equal(execution.status, 'success', execution.message);
  return execution;
}

test('list tells type, size, mtime, permissions, uid and gid of every entry', options, () =>
  withBench(async ({ remote, run }) => {
    await writeFile(join(remote, 'a.txt'), 'four', { mode: 0o640 });
    await utimes(join(remote, 'a.txt'), 1_600_000_000, 1_600_000_000);
    await mkdir(join(remote, 'sub'), { mode: 0o755 });
    await writeFile(join(remote, 'sub', 'b.txt'), 'b');
    await symlink('/etc', join(remote, 'link'));
    const { uid, gid } = await stat(join(remote, 'a.txt'));

    const { outputs, message } = await ok(run({ mode_name: 'list', path: remote }));
    const listing = outputs.listing as { [name: string]: { [field: string]: Plain } };
    assert.deepEqual(Object.keys(listing).sort(), ['a.txt', 'link', 'sub']);
    assert.deepEqual(listing['a.txt'], {
      type: 'file',
      size: 4,
      mtime: 1_600_000_000,
      permissions: 0o640,
      uid,
      gid,
    });
    assert.equal(listing.sub!.type, 'directory');
    assert.equal(listing.link!.type, 'symlink');
    assert.deepEqual(outputs.result, listing);
    assert.match(message, /^listed 3 entries/);

    const deep = await ok(run({ mode_name: 'list', path: remote, recursive: true }));
    assert.deepEqual(Object.keys(deep.outputs.listing as object).sort(), [
      'a.txt',
      'link',
      'sub',
      'sub/b.txt',
    ]);
  }),
);

test('a listing is not led astray by a file called __proto__', options, () =>
  withBench(async ({ remote, run }) => {
    await writeFile(join(remote, '__proto__'), 'x');
    const { outputs, record } = await ok(run({ mode_name: 'list', path: remote }));
    assert.deepEqual(Object.keys(outputs.listing as object), ['__proto__']);
    assert.match(JSON.stringify(record), /"__proto__":\{"type":"file"/);
  }),
);

test('stats tells of one path', options, () =>
  withBench(async ({ remote, run }) => {
    await writeFile(join(remote, 'a.txt'), 'four');
    const { outputs } = await ok(run({ mode_name: 'stats', path: join(remote, 'a.txt') }));
    const stats = outputs.stats as { [field: string]: Plain };
    assert.deepEqual(Object.keys(stats).sort(), ['gid', 'mtime', 'permissions', 'size', 'type', 'uid']);
    assert.equal(stats.size, 4);
    assert.deepEqual(outputs.result, stats);
    const missing = await run({ mode_name: 'stats', path: join(remote, 'none') });
    assert.equal(missing.status, 'error');
    assert.match(missing.message, /stats on .* failed: .*none.*; check the path on the remote host/);
  }),
);

test('remove takes files and empty directories, and full ones only when told', options, () =>
  withBench(async ({ remote, run }) => {
    await chownToAccount(remote);
    const full = join(remote, 'full');
    await ok(run({ mode_name: 'create_directory', path: join(full, 'deep', 'deeper'), parents: true }));
    await symlink('/etc/passwd', join(full, 'deep', 'link'));
    await symlink('/etc', join(full, 'deep', 'folder-link'));
    await writeFile(join(remote, 'file'), 'x');

    await ok(run({ mode_name: 'remove', path: join(remote, 'file') }));
    assert.equal(existsSync(join(remote, 'file')), false);
    const refused = await run({ mode_name: 'remove', path: full });
    assert.equal(refused.status, 'error');
    assert.ok(existsSync(join(full, 'deep', 'deeper')));
    const { message } = await ok(run({ mode_name: 'remove', path: full, recursive: true }));
    assert.match(message, /5 entries in all/);
    assert.equal(existsSync(full), false);
    assert.ok(existsSync('/etc/passwd'));
    for (const path of ['/', '.', '..', 'a/..', '//']) {
      const { status, message: why } = await run({ mode_name: 'remove', path, recursive: true });
      assert.equal(status, 'error');
      assert.match(why, /mode\.path: names the root/);
    }
  }),
);

test('rename and create_directory', options, () =>
  withBench(async ({ remote, run }) => {
    await writeFile(join(remote, 'old'), 'x');
    await ok(
      run({ mode_name: 'rename', source_name: join(remote, 'old'), destination_name: join(remote, 'new') }),
    );
    assert.equal(await readFile(join(remote, 'new'), 'utf8'), 'x');

    const folder = join(remote, 'one', 'two');
    assert.equal((await run({ mode_name: 'create_directory', path: folder })).status, 'error');
    await ok(run({ mode_name: 'create_directory', path: folder, parents: true }));
    await ok(run({ mode_name: 'create_directory', path: folder, parents: true }));
    assert.equal((await run({ mode_name: 'create_directory', path: folder })).status, 'error');
    assert.ok((await stat(folder)).isDirectory());
    const inTheWay = await run({
      mode_name: 'create_directory',
      path: join(remote, 'new', 'x'),
      parents: true,
    });
    assert.equal(inTheWay.status, 'error');
  }),
);

test('a directory goes to the engine, into a project, and back', options, () =>
  withBench(async ({ remote, engine, run }) => {
    await chownToAccount(remote);
    await mkdir(join(remote, 'tree', 'sub'), { recursive: true });
    await writeFile(join(remote, 'tree', 'a.txt'), 'a');
    await writeFile(join(remote, 'tree', 'sub', 'b.txt'), 'bb');
    await symlink('/etc/passwd', join(remote, 'tree', 'link'));
    const project = { location_mode: 'project', project_name: 'Projekt X' } as const;
    const down = await ok(
      run({
        mode_name: 'copy_directory_to_engine',
        source_directory_name: join(remote, 'tree'),
        destination_directory_name: 'kept/tree',
        destination_location: project,
      }),
    );
    assert.match(down.message, /^copied 2 files with 3 bytes/);
    assert.deepEqual(down.outputs, { result: null });
    const { log } = await engine.executions.get(down.id);
    assert.ok(log.some(({ level, text }) => level === 'warning' && text.includes('link')));
    assert.deepEqual(
      (await engine.files.list(project)).map(({ name }) => name),
      ['kept/tree/a.txt', 'kept/tree/sub/b.txt'],
    );
    assert.deepEqual(await engine.files.list(), []);

    const mode: SftpMode = {
      mode_name: 'copy_directory_from_engine',
      source_directory_name: 'kept/tree',
      destination_directory_name: join(remote, 'back'),
    };
    const elsewhere = await run(mode);
    assert.match(elsewhere.message, /the file kept\/tree of the engine does not exist/);
    const back = await engine.connect(await sftpInputs(mode), { location: project });
    assert.equal(back.status, 'success', back.message);
    assert.equal(await readFile(join(remote, 'back', 'sub', 'b.txt'), 'utf8'), 'bb');
  }),
);

test('single files go both ways, and what fails leaves nothing', options, () =>
  withBench(async ({ remote, engine, run }) => {
    await writeFile(join(remote, 'a.txt'), 'new');
    await engine.files.saveBytes('a.txt', Buffer.from('old'));
    const missing = await run({
      mode_name: 'copy_file_to_engine',
      source_file_name: join(remote, 'none'),
      destination_file_name: 'a.txt',
    });
    assert.equal(missing.status, 'error');
    assert.equal(Buffer.from(await engine.files.getBytes('a.txt')).toString(), 'old');
    await ok(
      run({
        mode_name: 'copy_file_to_engine',
        source_file_name: join(remote, 'a.txt'),
        destination_file_name: 'a.txt',
        destination_location: { location_mode: 'bundle', bundle_name: 'B' },
      }),
    );
    const bundle = { location_mode: 'bundle', bundle_name: 'B' } as const;
    assert.equal(Buffer.from(await engine.files.getBytes('a.txt', bundle)).toString(), 'new');
    await ok(
      run({
        mode_name: 'copy_file_from_engine',
        source_file_name: 'a.txt',
        destination_file_name: join(remote, 'sent.txt'),
      }),
    );
    assert.equal(await readFile(join(remote, 'sent.txt'), 'utf8'), 'old');
    const none = await run({
      mode_name: 'copy_file_from_engine',
      source_file_name: 'none.txt',
      destination_file_name: join(remote, 'sent.txt'),
    });
    assert.equal(none.error?.code, 'RESOURCE_NOT_FOUND');
  }),
);

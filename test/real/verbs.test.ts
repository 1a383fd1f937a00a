/** The verbs of SFTP version 3 and OpenSSH's extensions, against OpenSSH itself. */
import assert from 'node:assert/strict';
import {
  chown,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { getAccount } from '../support/servers/account.ts';
import { isRoot } from '../support/servers/apt.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { fails, loginTo, noUnhandledRejections, withSftp } from './login.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');

/** A file the server's account may change. */
async function owned(path: string, content: string): Promise<string> {
  await writeFile(path, content, { mode: 0o644 });
  const { uid, gid } = await getAccount();
  if (isRoot()) await chown(path, uid, gid);
  return path;
}

test('stat, lstat, symlink, readlink, realpath: the link points where it was told to', openssh, async () => {
  await using scratch = await makeScratch();
  const at = (name: string): string => join(scratch.path, name);
  await owned(at('file'), 'hello');
  await withSftp(await loginTo(realServer('openssh')), async (sftp) => {
    await sftp.symlink('file', at('link'));
    assert.equal(await readlink(at('link')), 'file');
    assert.equal(await sftp.readlink(at('link')), 'file');
    const { uid, gid } = await stat(at('file'));
    const attributes = await sftp.stat(at('link'));
    assert.deepEqual([attributes.size, attributes.uid, attributes.gid], [5, uid, gid]);
    assert.equal(attributes.permissions, 0o100644);
    assert.equal((await sftp.lstat(at('link'))).permissions! & 0o170000, 0o120000);
    assert.equal(await sftp.realpath(`${scratch.path}/../${scratch.path.split('/').pop()}/link`), at('file'));
    assert.equal(await sftp.exists(at('none')), false);
    await sftp.symlink('nowhere', at('dangling'));
    assert.equal(await sftp.exists(at('dangling')), true);
    const error = await fails(5000, sftp.stat(at('dangling')), 'SFTP_NO_SUCH_FILE');
    assert.deepEqual([error.details.operation, error.details.path], ['stat', at('dangling')]);
  });
});

test('rename refuses what is there, replace replaces it, hardlink shares it', openssh, async () => {
  await using scratch = await makeScratch();
  const at = (name: string): string => join(scratch.path, name);
  await owned(at('a'), 'a');
  await owned(at('b'), 'b');
  await withSftp(await loginTo(realServer('openssh')), async (sftp) => {
    await fails(5000, sftp.rename(at('a'), at('b')), 'SFTP_FAILURE');
    assert.equal(await readFile(at('b'), 'utf8'), 'b');
    await sftp.replace(at('a'), at('b'));
    assert.equal(await readFile(at('b'), 'utf8'), 'a');
    await sftp.rename(at('b'), at('c'));
    await sftp.hardlink(at('c'), at('d'));
    assert.equal((await stat(at('c'))).ino, (await stat(at('d'))).ino);
    await sftp.remove(at('c'));
    assert.deepEqual(await readdir(scratch.path), ['d']);
  });
});

test('folders: made with and without permissions, only empty ones go', openssh, async () => {
  await using scratch = await makeScratch();
  const at = (name: string): string => join(scratch.path, name);
  await withSftp(await loginTo(realServer('openssh')), async (sftp) => {
    await sftp.mkdir(at('d'), { permissions: 0o700 });
    assert.equal((await stat(at('d'))).mode & 0o777, 0o700);
    await sftp.mkdir(at('d/e'));
    await fails(5000, sftp.mkdir(at('d/e')), 'SFTP_FAILURE');
    await fails(5000, sftp.rmdir(at('d')), 'SFTP_FAILURE');
    await fails(5000, sftp.remove(at('d')), 'SFTP_FAILURE');
    await sftp.rmdir(at('d/e'));
    await sftp.rmdir(at('d'));
    assert.deepEqual(await readdir(scratch.path), []);
    await fails(5000, sftp.mkdir('/proc/no'), 'SFTP_NO_SUCH_FILE', 'SFTP_PERMISSION_DENIED', 'SFTP_FAILURE');
    if (isRoot()) await fails(5000, sftp.upload(Buffer.from('x'), '/etc/wherry'), 'SFTP_PERMISSION_DENIED');
  });
});

test('attributes: permissions, times, size; of a link itself; nothing else changes', openssh, async () => {
  await using scratch = await makeScratch();
  const file = await owned(join(scratch.path, 'file'), 'hello world');
  await withSftp(await loginTo(realServer('openssh')), async (sftp) => {
    await sftp.chmod(file, 0o600);
    assert.equal((await stat(file)).mode & 0o7777, 0o600);
    await sftp.setAttributes(file, { accessTime: 1_000_000_000, modifyTime: 1_100_000_000 });
    assert.equal((await stat(file)).mtimeMs, 1_100_000_000_000);
    assert.equal((await stat(file)).mode & 0o7777, 0o600);
    await sftp.setAttributes(file, { size: 5 });
    assert.equal(await readFile(file, 'utf8'), 'hello');
    const link = join(scratch.path, 'link');
    await sftp.symlink('file', link);
    await sftp.setLinkAttributes(link, { accessTime: 1, modifyTime: 1_200_000_000 });
    assert.equal((await lstat(link)).mtimeMs, 1_200_000_000_000);
    assert.notEqual((await stat(file)).mtimeMs, 1_200_000_000_000);
    await using open = await sftp.open(file, 'r+');
    await open.setAttributes({ permissions: 0o640 });
    assert.equal((await open.stat()).permissions, 0o100640);
    await open.write(5, Buffer.from(' again'));
    await open.sync();
    assert.equal(Buffer.from(await open.read(0, 100)).toString(), 'hello again');
    assert.ok((await open.space()).blocks > 0n);
  });
});

test('open modes: wx keeps what is there, a appends, w cuts', openssh, async () => {
  await using scratch = await makeScratch();
  const file = await owned(join(scratch.path, 'file'), 'one');
  await withSftp(await loginTo(realServer('openssh')), async (sftp) => {
    await fails(5000, sftp.open(file, 'wx'), 'SFTP_FILE_ALREADY_EXISTS');
    await fails(5000, sftp.upload(Buffer.from('x'), file, { overwrite: false }), 'SFTP_FILE_ALREADY_EXISTS');
    const append = await sftp.open(file, 'a');
    await append.write(0, Buffer.from(' two'));
    await append.close();
    assert.equal(await readFile(file, 'utf8'), 'one two');
    await (await sftp.open(file, 'w')).close();
    assert.equal(await readFile(file, 'utf8'), '');
    await sftp.upload(Buffer.from('secret'), `${file}-2`, { mode: 0o600 });
    assert.equal((await stat(`${file}-2`)).mode & 0o777, 0o600);
  });
});

test('statvfs, expand-path, home-directory, limits, and what is announced', openssh, async () => {
  const server = realServer('openssh');
  await withSftp(await loginTo(server), async (sftp) => {
    const space = await sftp.space('.');
    assert.ok(space.blocks >= space.blocksFree && space.blockSize > 0n && space.maxNameLength === 255n);
    assert.equal(await sftp.expandPath('~/x'), `${server.home}/x`);
    assert.equal(await sftp.expandPath(`~${server.user}`), server.home);
    assert.equal(await sftp.homeDirectory(server.user), server.home);
    assert.deepEqual(await sftp.limits(), {
      maxPacketLength: 262_144,
      maxReadLength: 261_120,
      maxWriteLength: 261_120,
      maxOpenHandles: (await sftp.limits())!.maxOpenHandles,
    });
    assert.equal(await sftp.realpath('.'), server.home);
    assert.ok(sftp.extensions.has('posix-rename@openssh.com'));
  });
});

test('a listing with odd names and every type', openssh, async () => {
  await using scratch = await makeScratch();
  const names = [
    ' space ',
    'ünï',
    '-rf',
    'a\nb',
    'quote\'"',
    '*?[x]',
    '\u202egpj.exe',
    'x'.repeat(255),
    '...',
    '\\back',
  ];
  for (const name of names) await owned(join(scratch.path, name), name);
  await mkdir(join(scratch.path, 'folder'));
  await symlink('ünï', join(scratch.path, 'link'));
  await link(join(scratch.path, 'ünï'), join(scratch.path, 'hard'));
  await withSftp(await loginTo(realServer('openssh')), async (sftp) => {
    const seen = new Map<string, string>();
    for await (const entry of sftp.list(scratch.path)) {
      seen.set(entry.name, entry.type);
      assert.doesNotMatch(entry.longname, /[\u0000-\u001f]/);
    }
    const expected = [...names, 'folder', 'hard', 'link'].sort();
    assert.deepEqual([...seen.keys()].sort(), expected);
    assert.deepEqual(
      [seen.get('folder'), seen.get('link'), seen.get('hard')],
      ['directory', 'symlink', 'file'],
    );
    for (const name of names) {
      const content = await sftp.readFile(`${scratch.path}/${name}`);
      assert.equal(Buffer.from(content).toString(), name);
    }
    await fails(5000, sftp.list(join(scratch.path, 'none')).next(), 'SFTP_NO_SUCH_FILE');
  });
});

test('a folder of 5,000 files is listed whole, and can be left early', openssh, async () => {
  await using scratch = await makeScratch();
  await Promise.all(Array.from({ length: 5000 }, (_, i) => writeFile(join(scratch.path, `file-${i}`), '')));
  await withSftp(await loginTo(realServer('openssh')), async (sftp) => {
    const names = new Set<string>();
    for await (const { name } of sftp.list(scratch.path)) names.add(name);
    assert.equal(names.size, 5000);
    for await (const _ of sftp.list(scratch.path)) break;
    const listing = (async () => {
      for await (const _ of sftp.list(scratch.path, { maxEntries: 4999 }));
    })();
    await fails(5000, listing, 'LIMIT_EXCEEDED');
    assert.equal(await sftp.exists(scratch.path), true);
  });
});

test('files whose size is told as 0 come whole', openssh, async (t) => {
  if (process.platform !== 'linux') return t.skip('only Linux has /proc');
  await using scratch = await makeScratch();
  await withSftp(await loginTo(realServer('openssh')), async (sftp) => {
    for (const path of ['/proc/version', '/proc/cpuinfo']) {
      assert.equal((await sftp.stat(path)).size, 0);
      await sftp.download(path, join(scratch.path, 'copy'));
      const [copy, original] = [
        await readFile(join(scratch.path, 'copy'), 'utf8'),
        await readFile(path, 'utf8'),
      ];
      const steady = (text: string): string => text.replace(/MHz.*/g, '');
      assert.equal(steady(copy), steady(original));
    }
  });
});

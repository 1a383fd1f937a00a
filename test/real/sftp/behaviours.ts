/** What a session does, whatever server and version it is with. Each row gets a fresh folder. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chown, lstat, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ErrorCode, type Sftp, type SftpFile, WherryError } from '../../../src/index.ts';
import { getAccount } from '../../support/servers/account.ts';
import { isRoot } from '../../support/servers/apt.ts';
import { pattern } from '../../support/sftp/memory-session.ts';

export interface Scene {
  readonly sftp: Sftp;
  /** A path in the fresh folder, as the server has it. */
  at(name: string): string;
  /** The same as it is on the disk. */
  disk(name: string): string;
  /** Makes a file that the server may change. */
  put(name: string, content: string): Promise<string>;
}

export function sceneOf(sftp: Sftp, remote: string, local: string): Scene {
  return {
    sftp,
    at: (name) => `${remote === '/' ? '' : remote}/${name}`,
    disk: (name) => join(local, name),
    async put(name, content) {
      await writeFile(join(local, name), content, { mode: 0o644 });
      const { uid, gid } = await getAccount();
      if (isRoot()) await chown(join(local, name), uid, gid);
      return `${remote === '/' ? '' : remote}/${name}`;
    },
  };
}

async function refused(promise: Promise<unknown>, ...codes: ErrorCode[]): Promise<void> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof WherryError, `no failure, ${codes.join(' or ')} expected`);
  assert.ok(codes.includes(error.code), `${error.code} (${error.message}), expected ${codes.join(' or ')}`);
}

async function listed(sftp: Sftp, path: string): Promise<Map<string, string>> {
  const seen = new Map<string, string>();
  for await (const { name, type } of sftp.list(path)) seen.set(name, type);
  return seen;
}

async function reading<T>(sftp: Sftp, path: string, work: (file: SftpFile) => Promise<T>): Promise<T> {
  await using file = await sftp.open(path, 'r');
  return await work(file);
}

export interface Behaviour {
  /** Without it the session says SFTP_OP_UNSUPPORTED, and nothing else. */
  readonly needs?: (sftp: Sftp) => boolean;
  /** Older versions have nothing of the kind. */
  readonly since?: number;
  readonly run: (scene: Scene) => Promise<void>;
}

type Run = Behaviour['run'];

const EVERYWHERE: Readonly<Record<string, Run>> = {
  'paths become absolute': async ({ sftp, at }) => {
    assert.match(await sftp.realpath('.'), /^\//);
    await sftp.mkdir(at('folder'));
    assert.equal(await sftp.realpath(at('folder/../folder')), at('folder'));
    assert.equal(await sftp.changeFolder(at('folder')), at('folder'));
    await sftp.upload(Buffer.from('here'), 'relative');
    assert.equal(Buffer.from(await sftp.readFile(at('folder/relative'))).toString(), 'here');
    await refused(sftp.changeFolder('relative'), 'SFTP_NOT_A_DIRECTORY');
  },
  'bytes go both ways': async ({ sftp, at, disk }) => {
    for (const size of [0, 1, 32_768, 1_000_003]) {
      const content = pattern(size, size + 1);
      await sftp.upload(content, at(`f${size}`));
      assert.ok((await readFile(disk(`f${size}`))).equals(content), `${size} up`);
      assert.ok(content.equals(await sftp.readFile(at(`f${size}`))), `${size} down`);
    }
  },
  'a file is whole that is closed while its last WRITEs are under way': async ({ sftp, at, disk }) => {
    for (const [turn, requestBytes] of [undefined, 5000].entries()) {
      const content = pattern(1_500_001, turn);
      const { size } = await sftp.upload(content, at('large'), { requestBytes });
      assert.equal(size, content.length);
      assert.ok((await readFile(disk('large'))).equals(content), `${requestBytes} bytes a WRITE`);
    }
  },
  'an upload replaces, cuts and keeps what is behind a range': async ({ sftp, put, disk }) => {
    const path = await put('file', 'something longer');
    await sftp.upload(Buffer.from('short'), path);
    assert.equal(await readFile(disk('file'), 'utf8'), 'short');
    await using file = await sftp.open(path, 'r+');
    await file.write(1, Buffer.from('HO'));
    await file.close();
    assert.equal(await readFile(disk('file'), 'utf8'), 'sHOrt');
  },
  'attributes of a file': async ({ sftp, put, disk }) => {
    const path = await put('file', 'hello');
    const { mtimeMs, uid } = await stat(disk('file'));
    for (const attributes of [await sftp.stat(path), await reading(sftp, path, (file) => file.stat())]) {
      assert.equal(attributes.size, 5);
      assert.equal(attributes.permissions! & 0o777, 0o644);
      assert.equal(attributes.modifyTime, Math.floor(mtimeMs / 1000));
      if (sftp.version === 3) assert.equal(attributes.owner ?? attributes.type, undefined);
      else {
        assert.equal(attributes.uid, undefined);
        assert.equal(attributes.type, 'file');
        assert.ok(attributes.owner !== undefined);
      }
      if (attributes.uid !== undefined) assert.equal(attributes.uid, uid);
    }
  },
  'a link has its own attributes': async ({ sftp, put, at, disk }) => {
    await put('file', 'hello');
    await symlink('file', disk('link'));
    assert.equal((await sftp.stat(at('link'))).size, 5);
    const own = await sftp.lstat(at('link'));
    assert.equal(own.permissions! & 0o170000, 0o120000);
    assert.notEqual(own.type, 'file');
  },
  'a folder is listed with types, without dots': async ({ sftp, put, at, disk }) => {
    await put('file', '');
    await mkdir(disk('folder'));
    await symlink('file', disk('link'));
    const seen = await listed(sftp, at(''));
    assert.deepEqual([...seen.keys()].sort(), ['file', 'folder', 'link']);
    assert.equal(seen.get('folder'), 'directory');
    assert.equal(seen.get('file'), 'file');
  },
  'a folder of 1,000 files is listed whole': async ({ sftp, at, disk }) => {
    await mkdir(disk('many'), { mode: 0o755 });
    await Promise.all(Array.from({ length: 1000 }, (_, i) => writeFile(disk(`many/file-${i}`), '')));
    assert.equal((await listed(sftp, at('many'))).size, 1000);
    for await (const _ of sftp.list(at('many'))) break;
    assert.ok(await sftp.exists(at('many')));
  },
  'a folder that is not there cannot be listed': async ({ sftp, at }) =>
    refused(sftp.list(at('none')).next(), 'SFTP_NO_SUCH_FILE'),
  'folders are made and go': async ({ sftp, at, disk, put }) => {
    await sftp.mkdir(at('d'));
    await refused(sftp.mkdir(at('d')), 'SFTP_FAILURE', 'SFTP_FILE_ALREADY_EXISTS');
    await put('d/f', '');
    await refused(sftp.rmdir(at('d')), 'SFTP_FAILURE', 'SFTP_DIR_NOT_EMPTY', 'SFTP_FILE_ALREADY_EXISTS');
    await sftp.remove(at('d/f'));
    await sftp.rmdir(at('d'));
    assert.deepEqual(await readdir(disk('')), []);
  },
  'a folder is made with permissions': async ({ sftp, at, disk }) => {
    await sftp.mkdir(at('d'), { permissions: 0o700 });
    assert.equal((await stat(disk('d'))).mode & 0o777, 0o700);
  },
  'what is not there says so': async ({ sftp, at }) => {
    await refused(sftp.stat(at('none')), 'SFTP_NO_SUCH_FILE');
    await refused(sftp.remove(at('none')), 'SFTP_NO_SUCH_FILE');
    await refused(sftp.readFile(at('none')), 'SFTP_NO_SUCH_FILE');
    await refused(sftp.readFile(at('none/below')), 'SFTP_NO_SUCH_FILE');
    assert.equal(await sftp.exists(at('none')), false);
  },
  'a file is renamed': async ({ sftp, at, put, disk }) => {
    await sftp.rename(await put('a', 'a'), at('b'));
    assert.deepEqual(await readdir(disk('')), ['b']);
  },
  'a rename does not replace': async ({ sftp, at, put, disk }) => {
    await put('b', 'b');
    const from = await put('a', 'a');
    await refused(sftp.rename(from, at('b')), 'SFTP_FAILURE', 'SFTP_FILE_ALREADY_EXISTS');
    assert.equal(await readFile(disk('b'), 'utf8'), 'b');
  },
  'a rename replaces when told to': async ({ sftp, at, put, disk }) => {
    await put('b', 'b');
    await sftp.replace(await put('a', 'a'), at('b'));
    assert.equal(await readFile(disk('b'), 'utf8'), 'a');
    await sftp.rename(await put('a', 'again'), at('b'), { overwrite: true });
    assert.equal(await readFile(disk('b'), 'utf8'), 'again');
  },
  'a symbolic link points where it was told to': async ({ sftp, at, put, disk }) => {
    await put('target', 'x');
    await sftp.symlink(at('target'), at('link'));
    assert.match(await readlink(disk('link')), /target$/);
    assert.match(await sftp.readlink(at('link')), /target$/);
    assert.equal(Buffer.from(await sftp.readFile(at('link'))).toString(), 'x');
  },
  'a relative link stays relative': async ({ sftp, at, put, disk }) => {
    await put('target', 'x');
    await sftp.symlink('target', at('link'));
    assert.equal(await readlink(disk('link')), 'target');
  },
  'a hard link is the same file': async ({ sftp, at, put, disk }) => {
    await sftp.hardlink(await put('a', 'a'), at('b'));
    assert.equal((await stat(disk('a'))).ino, (await stat(disk('b'))).ino);
  },
  'permissions are set': async ({ sftp, put, disk }) => {
    const path = await put('f', 'x');
    await sftp.chmod(path, 0o600);
    assert.equal((await stat(disk('f'))).mode & 0o777, 0o600);
    await using file = await sftp.open(path, 'r+');
    await file.setAttributes({ permissions: 0o640 });
    assert.equal((await stat(disk('f'))).mode & 0o777, 0o640);
    assert.equal(await readFile(disk('f'), 'utf8'), 'x');
  },
  'times are set': async ({ sftp, put, disk }) => {
    const path = await put('f', 'x');
    await sftp.setAttributes(path, { accessTime: 1_000_000_000, modifyTime: 1_100_000_000 });
    const { atimeMs, mtimeMs } = await stat(disk('f'));
    assert.deepEqual([atimeMs, mtimeMs], [1_000_000_000_000, 1_100_000_000_000]);
    assert.equal((await sftp.stat(path)).modifyTime, 1_100_000_000);
  },
  'a file is cut': async ({ sftp, put, disk }) => {
    await sftp.setAttributes(await put('f', 'hello world'), { size: 5 });
    assert.equal(await readFile(disk('f'), 'utf8'), 'hello');
  },
  'a file that must be new is not replaced': async ({ sftp, put, disk, at }) => {
    const path = await put('f', 'old');
    await refused(sftp.upload(Buffer.from('new'), path, { overwrite: false }), 'SFTP_FILE_ALREADY_EXISTS');
    await refused(sftp.open(path, 'wx'), 'SFTP_FILE_ALREADY_EXISTS');
    assert.equal(await readFile(disk('f'), 'utf8'), 'old');
    await sftp.upload(Buffer.from('new'), at('g'), { overwrite: false });
    assert.equal(await readFile(disk('g'), 'utf8'), 'new');
  },
  'appended bytes come at the end': async ({ sftp, put, disk }) => {
    const file = await sftp.open(await put('f', 'one'), 'a');
    await file.write(3, Buffer.from(' two'));
    await file.close();
    assert.equal(await readFile(disk('f'), 'utf8'), 'one two');
  },
  'line ends are turned on the way': async ({ sftp, put, at, disk }) => {
    const text = { local: '\r\n' } as const;
    await sftp.upload(Buffer.from('one\r\ntwo\r\n'), at('f'), { text });
    assert.equal(await readFile(disk('f'), 'utf8'), 'one\ntwo\n');
    const back = await sftp.readFile(await put('g', 'one\ntwo\n'), { text });
    assert.equal(Buffer.from(back).toString(), 'one\r\ntwo\r\n');
  },
  'names of any language': async ({ sftp, at, disk }) => {
    for (const name of ['ünï', '日本語', ' space ', 'quote\'"*', 'emoji-\u{1f600}']) {
      await sftp.upload(Buffer.from(name), at(name));
      assert.equal(await readFile(disk(name), 'utf8'), name);
    }
    assert.equal((await listed(sftp, at(''))).size, 5);
  },
  'a name that is not UTF-8 is fetched, renamed and removed': async ({ sftp, at, disk }) => {
    const bytes = Buffer.concat([Buffer.from(disk('bad-')), Buffer.from([0xe4, 0xff, 0x2e, 0x74])]);
    await writeFile(bytes, 'content');
    const { uid, gid } = await getAccount();
    if (isRoot()) await chown(bytes, uid, gid);
    const [name] = [...(await listed(sftp, at(''))).keys()];
    assert.equal(Buffer.from(await sftp.readFile(at(name!))).toString(), 'content');
    await sftp.rename(at(name!), at(`${name}2`));
    assert.deepEqual(
      (await readdir(Buffer.from(disk('')), { encoding: 'buffer' }))[0]!.subarray(-4),
      Buffer.from([0xff, 0x2e, 0x74, 0x32]),
    );
    await sftp.remove(at(`${name}2`));
    assert.deepEqual(await readdir(disk('')), []);
  },
  'attributes written back unchanged change nothing': async ({ sftp, put, disk }) => {
    const path = await put('f', 'x');
    const before = await stat(disk('f'));
    const { permissions, accessTime, modifyTime, acl } = await sftp.stat(path);
    await sftp.setAttributes(path, {
      permissions: permissions! & 0o777,
      accessTime: accessTime!,
      modifyTime: modifyTime!,
    });
    if (acl !== undefined) await sftp.setAttributes(path, { acl });
    const after = await lstat(disk('f'));
    assert.deepEqual([after.mode, after.uid, after.size], [before.mode, before.uid, before.size]);
  },
};

const WHERE_OFFERED: Readonly<Record<string, Behaviour>> = {
  'the server turns line ends': {
    since: 4,
    run: async ({ sftp, put, at, disk }) => {
      const text = { local: '\r\n', byServer: true } as const;
      const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
      await sftp.upload(Buffer.from(lines.join('\r\n')), at('f'), { text });
      assert.equal(await readFile(disk('f'), 'utf8'), lines.join('\n'));
      const back = await sftp.readFile(await put('g', lines.join('\n')), { text });
      assert.equal(Buffer.from(back).toString(), lines.join('\r\n'));
    },
  },
  'space is told': {
    needs: (sftp) => sftp.offers('statvfs@openssh.com') || sftp.offers('space-available'),
    run: async ({ sftp, at }) => {
      const { total, free } = await sftp.spaceInfo(at(''));
      assert.ok(total > 0n && free > 0n && free <= total);
    },
  },
  'a hash is computed there': {
    needs: (sftp) => sftp.offers('check-file-name'),
    run: async ({ sftp, put, disk }) => {
      const path = await put('f', 'hello world'.repeat(1000));
      const { algorithm, hashes } = await sftp.hash(path);
      const content = await readFile(disk('f'));
      assert.deepEqual(Buffer.from(hashes[0]!), createHash(algorithm).update(content).digest());
      const whole = await reading(sftp, path, (file) => file.hash({ algorithms: ['sha1'] }));
      assert.deepEqual(Buffer.from(whole.hashes[0]!), createHash('sha1').update(content).digest());
    },
  },
  'the hash of a part is computed there': {
    needs: (sftp) => sftp.offers('check-file-name'),
    run: async ({ sftp, put, disk }) => {
      const path = await put('f', 'hello world'.repeat(1000));
      const content = await readFile(disk('f'));
      const { algorithm, hashes } = await sftp.hash(path, {
        algorithms: ['md5', 'sha1'],
        start: 5,
        length: 100,
      });
      const expected = createHash(algorithm).update(content.subarray(5, 105)).digest();
      assert.deepEqual(Buffer.from(hashes[0]!), expected);
    },
  },
  'a resume compares all of what is there, by its hash, both ways': {
    needs: (sftp) => sftp.offers('check-file-name'),
    run: async ({ sftp, put, at, disk }) => {
      const content = 'hello world'.repeat(30_000);
      // Wrong in the middle only: the last 64 KiB, which are compared in any case, are right.
      const damaged = `${content.slice(0, 50_000)}X${content.slice(50_001, 200_000)}`;
      const remote = await put('whole', content);
      await sftp.hash(remote);
      for (const [part, moved] of [
        [damaged, content.length],
        [content.slice(0, 200_000), content.length - 200_000],
      ] as const) {
        await writeFile(`${disk('down')}.wherry-part`, part);
        const down = await sftp.download(remote, disk('down'), { resume: true });
        assert.equal(down.bytes, moved);
        assert.equal(await readFile(disk('down'), 'utf8'), content);
        await put('up', part);
        const up = await sftp.upload(disk('whole'), at('up'), { resume: true });
        assert.equal(up.bytes, moved);
        assert.equal(await readFile(disk('up'), 'utf8'), content);
      }
    },
  },
  'a file is copied there': {
    needs: (sftp) => sftp.offers('copy-file') || sftp.offers('copy-data'),
    run: async ({ sftp, put, at, disk }) => {
      await sftp.copy(await put('f', 'content'), at('g'));
      assert.equal(await readFile(disk('g'), 'utf8'), 'content');
      await put('g', 'mine');
      await refused(
        sftp.copy(at('f'), at('g'), { overwrite: false }),
        'SFTP_FILE_ALREADY_EXISTS',
        'SFTP_FAILURE',
        'SFTP_PERMISSION_DENIED',
      );
      assert.equal(await readFile(disk('g'), 'utf8'), 'mine');
    },
  },
  'bytes are copied there': {
    needs: (sftp) => sftp.offers('copy-data'),
    run: async ({ sftp, put, at, disk }) => {
      await put('g', '0123456789');
      await sftp.copyRange(await put('f', 'abcdef'), at('g'), { start: 1, length: 3, at: 4 });
      assert.equal(await readFile(disk('g'), 'utf8'), '0123bcd789');
    },
  },
  'nanoseconds are kept': {
    since: 4,
    run: async ({ sftp, put, disk }) => {
      const path = await put('f', 'x');
      await sftp.setAttributes(path, {
        accessTime: 1_000_000_000,
        accessTimeNanoseconds: 5,
        modifyTime: 1_100_000_000,
        modifyTimeNanoseconds: 123_456_000,
      });
      const { mtimeNs } = await stat(disk('f'), { bigint: true });
      assert.equal(mtimeNs, 1_100_000_000_123_456_000n);
      assert.equal((await sftp.stat(path)).modifyTimeNanoseconds, 123_456_000);
    },
  },
  'an owner is set by name': {
    since: 4,
    run: async ({ sftp, put }) => {
      const path = await put('f', 'x');
      const { owner, group } = await sftp.stat(path);
      await sftp.setAttributes(path, { owner: owner!, group: group! });
      assert.equal((await sftp.stat(path)).owner, owner);
    },
  },
  'bytes are locked': {
    needs: (sftp) => sftp.version >= 6,
    run: async ({ sftp, put }) => {
      await using file = await sftp.open(await put('f', '0123456789'), 'r+');
      await file.lock(0, 5, { read: true, write: true });
      await file.unlock(0, 5);
    },
  },
  'a line is found by its number': {
    since: 4,
    run: async ({ sftp, put }) => {
      const text = sftp.offers('text-seek');
      await using file = await sftp.open(await put('f', 'one\ntwo\nthree\n'), 'r', {}, { text });
      if (!text) return refused(file.seekLine(1), 'SFTP_OP_UNSUPPORTED');
      await file.seekLine(1);
      assert.match(Buffer.from(await file.read(0, 3)).toString(), /^two/);
    },
  },
};

export const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  ...Object.fromEntries(Object.entries(EVERYWHERE).map(([name, run]) => [name, { run }])),
  ...WHERE_OFFERED,
};

/** Runs it; what the server does not offer has to fail with SFTP_OP_UNSUPPORTED. */
export async function runBehaviour(scene: Scene, { needs, run }: Behaviour): Promise<void> {
  if (needs === undefined || needs(scene.sftp)) await run(scene);
  else await refused(run(scene), 'SFTP_OP_UNSUPPORTED');
}

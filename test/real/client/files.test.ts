/** Listings, attributes, and everything about remote files that moves no contents. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, stat, statfs, symlink, utimes } from 'node:fs/promises';
import { type SFTPClient, SFTPFileTypes } from '../../../src/client/index.ts';
import { shows } from '../../client/shows.ts';
import { requireServer } from '../../support/servers/from-env.ts';
import { noUnhandledRejections } from '../login.ts';
import { bench, clientOf, failsWith } from './clients.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');

/** The names of a listing of `remoteFile`. */
async function names(client: SFTPClient, remoteFile = ''): Promise<string[]> {
  client.remoteFile = remoteFile;
  await client.listDirectory();
  return client.dirList.map(({ fileName }) => fileName).sort();
}

shows(
  'a listing: events, entries under both names, and the attributes of the entry inside the handler',
  [
    ...[
      'listDirectory',
      'dirListCount',
      'dirListEntry',
      'dirListFileName',
      'dirListFileSize',
      'dirListFileTime',
    ],
    ...['dirListIsDir', 'dirListIsSymlink', 'event:dirList', 'event:startTransfer', 'event:endTransfer'],
    ...['config:AttrAccessTime', 'config:AttrCreationTime', 'config:AttrFileType', 'config:AttrGroupId'],
    ...['config:AttrLinkCount', 'config:AttrOwnerId', 'config:AttrPermission'],
  ],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    await b.put('b.txt', 'hello');
    await mkdir(b.at('a'));
    await symlink('b.txt', b.at('c'));
    await utimes(b.at('b.txt'), 1_600_000_000, 1_600_000_000);
    const order: string[] = [];
    const inside: Record<string, string[]> = {};
    client.on('startTransfer', (e) => order.push(`start ${e.direction} ${e.localFile}|${e.remoteFile}`));
    client.on('endTransfer', (e) => order.push(`end ${e.direction}`));
    client.on('dirList', async (e) => {
      order.push(
        `${e.fileName} ${e.isDir} ${e.isSymlink} ${e.fileSize > 0} ${e.dirEntry.includes(e.fileName)}`,
      );
      const read = (name: string): Promise<string> => client.config(`Attr${name}`);
      inside[e.fileName] = await Promise.all(
        ['AccessTime', 'CreationTime', 'FileType', 'GroupId', 'LinkCount', 'OwnerId', 'Permission'].map(read),
      );
    });
    assert.deepEqual(await names(client), ['a', 'b.txt', 'c']);
    assert.deepEqual([order[0], order.at(-1)], ['start 1 |', 'end 1']);
    assert.deepEqual(order.slice(1, -1).sort(), [
      'a true false true true',
      'b.txt false false true true',
      'c false true true true',
    ]);
    const { uid, gid } = await stat(b.at('b.txt'));
    assert.deepEqual(inside['b.txt'], [
      '1600000000000',
      '',
      '1',
      String(gid),
      '',
      String(uid),
      String(0o100666),
    ]);
    assert.deepEqual([inside.a![2], inside.c![2]], ['2', '3']);
    assert.equal(await client.config('AttrOwnerId'), '');
    const i = client.dirList.findIndex(({ fileName }) => fileName === 'b.txt');
    assert.deepEqual(
      [client.dirListCount, client.dirListFileName(i), client.dirListFileSize(i), client.dirListIsDir(i)],
      [3, 'b.txt', 5, false],
    );
    assert.deepEqual(
      [client.dirListIsSymlink(i), client.dirListFileTime(i)],
      [false, client.dirList[i]!.fileTime],
    );
    assert.match(client.dirListEntry(i), /^-rw-rw-rw-.*b\.txt$/);
    assert.match(client.dirListFileTime(i), /^Sep 1[34] 2020$/);
    const of = (name: string): number => client.dirList.findIndex(({ fileName }) => fileName === name);
    assert.deepEqual([client.dirListIsDir(of('a')), client.dirListIsSymlink(of('c'))], [true, true]);
    assert.deepEqual([client.dirListIsDir(of('c')), client.dirList[of('a')]!.isDir], [false, true]);
    assert.deepEqual([client.dirListFileName(99), client.dirListFileSize(99)], ['', 0]);
    assert.throws(() => client.dirListFileName(-1), { code: 10022 });
  },
);

shows(
  'FiletimeFormat and UseServerFileTime say how times are shown',
  ['config:FiletimeFormat', 'config:UseServerFileTime'],
  openssh,
  async () => {
    await using b = await bench();
    await b.put('f', '');
    await utimes(b.at('f'), 1_600_000_000, 1_600_000_000);
    await b.client.config('FileTimeFormat=yyyy-MM-dd HH:mm:ss');
    const before = process.env.TZ;
    process.env.TZ = 'Asia/Tokyo';
    try {
      for (const [utc, shown] of [
        ['True', '2020-09-13 12:26:40'],
        ['False', '2020-09-13 21:26:40'],
      ] as const) {
        await b.client.config(`UseServerFileTime=${utc}`);
        await names(b.client);
        assert.equal(b.client.dirListFileTime(0), shown);
      }
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  },
);

shows(
  'masks: which entries are listed, which are left out, and where they are looked for',
  ['config:ExcludeFileMask', 'config:FileMaskDelimiter', 'config:IgnoreFileMaskCasing', 'remoteFile'],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    for (const name of ['a.txt', 'B.TXT', 'c.csv', 'd1', 'd2', '[x].txt']) await b.put(name, '');
    await mkdir(b.at('sub'));
    await b.put('sub/e.txt', '');
    assert.deepEqual(await names(client, '*.txt'), ['B.TXT', '[x].txt', 'a.txt']);
    assert.deepEqual(await names(client, 'd[0-1]'), ['d1']);
    assert.deepEqual(await names(client, '[[]x].txt'), ['[x].txt']);
    assert.deepEqual(await names(client, 'sub/*.txt'), ['e.txt']);
    assert.deepEqual(await names(client, `${b.folder}/sub/?.txt`), ['e.txt']);
    assert.deepEqual(await names(client, 'sub'), ['e.txt']);
    assert.deepEqual(await names(client, 'c.csv'), ['c.csv']);
    assert.deepEqual(await names(client, 'none.csv'), []);
    await client.config('IgnoreFileMaskCasing=False');
    assert.deepEqual(await names(client, '*.txt'), ['[x].txt', 'a.txt']);
    await client.config('ExcludeFileMask=[[]*');
    assert.deepEqual(await names(client, '*.txt'), ['a.txt']);
    await client.config('FileMaskDelimiter=;');
    assert.deepEqual(await names(client, 'a.*; *.csv;'), ['a.txt', 'c.csv']);
    await client.config('ExcludeFileMask=a*;c*');
    assert.deepEqual(await names(client, ''), ['B.TXT', '[x].txt', 'd1', 'd2', 'sub']);
    await failsWith(1103, names(client, 'nowhere/*'));
  },
);

shows(
  'attributes are asked for, changed and sent, and nothing else is',
  [
    ...['queryFileAttributes', 'updateFileAttributes', 'fileType', 'fileIsDir', 'fileIsSymlink'],
    ...[
      'filePermissions',
      'filePermissionsOctal',
      'fileOwnerId',
      'fileGroupId',
      'fileModifiedTime',
      'fileAccessTime',
    ],
    ...['config:GetSymlinkAttrs', 'config:ReadLink'],
  ],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    await client.createFile('f');
    await symlink('f', b.at('link'));
    client.remoteFile = 'f';
    await client.queryFileAttributes();
    const { uid, gid, mode } = await stat(b.at('f'));
    assert.deepEqual(
      [
        client.fileType,
        client.fileIsDir,
        client.fileSize,
        client.filePermissions,
        client.fileOwnerId,
        client.fileGroupId,
      ],
      [SFTPFileTypes.sftRegular, false, 0, mode, String(uid), String(gid)],
    );
    assert.equal(client.filePermissionsOctal, mode.toString(8));
    client.filePermissionsOctal = '100640';
    client.fileModifiedTime = 1_500_000_000_999;
    await client.updateFileAttributes();
    const after = await stat(b.at('f'));
    assert.deepEqual([after.mode & 0o777, after.mtimeMs], [0o640, 1_500_000_000_000]);
    client.fileAccessTime = 1_400_000_000_000;
    await client.updateFileAttributes();
    assert.deepEqual(
      [(await stat(b.at('f'))).atimeMs, (await stat(b.at('f'))).mtimeMs],
      [1_400_000_000_000, 1_500_000_000_000],
    );
    client.fileOwnerId = 'root';
    await failsWith(10022, client.updateFileAttributes());
    client.fileOwnerId = '0';
    await failsWith(1103, client.updateFileAttributes());

    client.remoteFile = 'link';
    await client.queryFileAttributes();
    assert.deepEqual([client.fileType, client.fileIsSymlink], [SFTPFileTypes.sftRegular, false]);
    await client.config('GetSymlinkAttrs=1');
    await client.queryFileAttributes();
    assert.deepEqual([client.fileType, client.fileIsSymlink], [SFTPFileTypes.sftSymlink, true]);
    assert.equal(await client.config('ReadLink=link'), 'f');
    assert.equal(await readlink(b.at('link')), 'f');
    client.remoteFile = b.folder;
    await client.queryFileAttributes();
    assert.deepEqual([client.fileType, client.fileIsDir], [SFTPFileTypes.sftDirectory, true]);
    client.remoteFile = 'missing';
    const error = await failsWith(1103, client.queryFileAttributes());
    assert.deepEqual([error.sftpStatus, error.coreCode], [2, 'SFTP_NO_SUCH_FILE']);
    assert.match(error.message, /^SFTP error 2: /);
  },
);

shows(
  'made, found, renamed, removed',
  [
    'makeDirectory',
    'removeDirectory',
    'createFile',
    'checkFileExists',
    'renameFile',
    'deleteFile',
    'overwrite',
  ],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    await client.makeDirectory('d');
    await failsWith(1103, client.makeDirectory('d'));
    await client.createFile('d/f');
    await failsWith(1103, client.createFile('d/f'));
    client.remoteFile = 'd/f';
    assert.equal(await client.checkFileExists(), true);
    await failsWith(1103, client.removeDirectory('d'));
    await client.renameFile('g');
    assert.equal(await client.checkFileExists(), false);
    await b.put('h', 'h');
    client.remoteFile = 'g';
    await failsWith(1103, client.renameFile('h'));
    client.overwrite = true;
    await client.renameFile('h');
    assert.equal(await readFile(b.at('h'), 'utf8'), '');
    await client.deleteFile('h');
    await client.deleteFile('d');
    await failsWith(1103, client.deleteFile('h'));
    await client.makeDirectory(`${b.folder}/e`);
    await client.removeDirectory('e');
    assert.deepEqual(await readdir(b.folder), []);
    await client.sshLogoff();
    assert.equal(await client.checkFileExists(), false);
  },
);

shows(
  'the remote path: absolute, relative, up, wrong, and chosen before the logon',
  [
    'changeRemotePath',
    'remotePath',
    'config:DisableRealPath',
    'config:NormalizeRemotePath',
    'config:AllowBackslashInName',
    'error:1106',
  ],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    await client.makeDirectory('x');
    await client.makeDirectory('x/y');
    await client.changeRemotePath('x/y/');
    assert.equal(client.remotePath, b.at('x/y'));
    await client.changeRemotePath('..');
    assert.equal(client.remotePath, b.at('x'));
    assert.equal((await failsWith(1106, client.changeRemotePath('nowhere'))).sftpStatus, 2);
    await client.createFile('f');
    await failsWith(1106, client.changeRemotePath('f'));
    assert.equal(client.remotePath, b.at('x'));
    assert.deepEqual(await names(client), ['f', 'y']);

    await client.config('DisableRealPath=True');
    await client.changeRemotePath(`${b.folder}//x/./y/`);
    assert.equal(client.remotePath, b.at('x/y'));
    await client.config('NormalizeRemotePath=False');
    await client.changeRemotePath(`${b.folder}//x/`);
    assert.equal(client.remotePath, `${b.folder}//x/`);
    assert.deepEqual(await names(client), ['f', 'y']);
    await client.config('NormalizeRemotePath=True');

    await client.createFile('y\\back');
    assert.ok(existsSync(b.at('x/y/back')));
    await client.config('AllowBackslashInName=True');
    await client.createFile('y\\back');
    assert.ok(existsSync(b.at('x/y\\back')));

    const other = await clientOf();
    await other.changeRemotePath('');
    await other.changeRemotePath(b.at('x'));
    assert.equal(other.remotePath, b.at('x'));
    assert.deepEqual(await names(other), ['f', 'y', 'y\\back']);
    await other.reset();
    assert.deepEqual([other.remotePath, other.sshUser, other.timeout, other.connected], ['', '', 60, false]);
  },
);

shows(
  'GetSpaceInfo asks for the space of the file system',
  ['config:GetSpaceInfo', 'config:FreeSpace', 'config:TotalSpace', 'reset'],
  openssh,
  async () => {
    await using b = await bench();
    assert.equal(await b.client.config('FreeSpace'), '0');
    await b.client.config('GetSpaceInfo');
    const [free, total] = [
      Number(await b.client.config('FreeSpace')),
      Number(await b.client.config('TotalSpace')),
    ];
    const { bsize, blocks } = await statfs(b.folder);
    assert.equal(total, bsize * blocks);
    assert.ok(free > 0 && free <= total, `${free} of ${total}`);
    await b.client.config(`GetSpaceInfo=${b.folder}`);
    await failsWith(1103, b.client.config('GetSpaceInfo=/no/such'));
    await b.client.reset();
    assert.equal(await b.client.config('TotalSpace'), '0');
  },
);

/** What only later SFTP versions carry, and sizes at the edge of what a number holds exactly. */
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { shows } from '../../client/shows.ts';
import { ASYNCSSH, startAsyncssh } from '../../support/servers/asyncssh.ts';
import { makeScratch, requireServer } from '../../support/servers/from-env.ts';
import { GESFTPSERVER, startGesftpserver } from '../../support/servers/gesftpserver.ts';
import { startOnDemand } from '../../support/servers/on-demand.ts';
import { localFolder } from '../../support/sftp/memory-session.ts';
import { noUnhandledRejections } from '../login.ts';
import { bench, clientOf, failsWith } from './clients.ts';

noUnhandledRejections();

shows(
  'asyncssh, SFTP 6: attributes that version 3 has not, in listings and queries',
  [
    ...['config:ProtocolVersion', 'config:NegotiatedProtocolVersion', 'config:AttrCreationTime'],
    ...['config:AttrLinkCount', 'config:AttrOwnerId', 'config:AttrGroupId', 'fileCreationTime'],
    ...['fileOwnerId', 'fileGroupId', 'fileModifiedTime', 'queryFileAttributes'],
  ],
  async (t) => {
    await using server = await startOnDemand(t, ASYNCSSH, () => startAsyncssh({ sftpVersion: 6 }));
    if (server === undefined) return;
    await using scratch = await makeScratch();
    const file = `${scratch.path}/f`;
    const client = await clientOf(server);
    await client.config('ProtocolVersion=6');
    client.remoteFile = file;
    client.setUploadStream([Buffer.alloc(10_000)]);
    await client.upload();
    await utimes(file, 1_500_000_000.25, 1_600_000_000.75);
    client.remoteFile = '';
    assert.equal(await client.config('NegotiatedProtocolVersion'), '6');
    const inside: string[] = [];
    client.on('dirList', async (e) => {
      if (e.fileName !== 'f') return;
      for (const name of ['CreationTime', 'LinkCount', 'OwnerId', 'GroupId'])
        inside.push(await client.config(`Attr${name}`));
    });
    await client.changeRemotePath(scratch.path);
    await client.listDirectory();
    assert.match(inside[0]!, /^\d{13}$/);
    assert.equal(inside[1], '1');
    assert.ok(inside[2] !== '' && inside[3] !== '', String(inside));

    client.remoteFile = 'f';
    await client.queryFileAttributes();
    assert.equal(client.fileModifiedTime, 1_600_000_000_750);
    assert.equal(client.fileAccessTime, 1_500_000_000_250);
    assert.equal(String(client.fileCreationTime), inside[0]);
    assert.deepEqual([client.fileOwnerId, client.fileGroupId], [inside[2], inside[3]]);
    client.fileModifiedTime = 1_400_000_000_500;
    await client.updateFileAttributes();
    assert.equal((await stat(file)).mtimeMs, 1_400_000_000_500);
    await client.sshLogoff();
  },
);

shows(
  'gesftpserver, SFTP 4 to 6: attribute bits, and which of them it speaks about',
  ['fileAttributeBits', 'fileAttributeBitsValid', 'queryFileAttributes', 'config:ProtocolVersion'],
  async (t) => {
    await using server = await startOnDemand(t, GESFTPSERVER, () => startGesftpserver());
    if (server === undefined) return;
    await using scratch = await makeScratch();
    for (const name of ['.hidden', 'shown']) await writeFile(`${scratch.path}/${name}`, 'x');
    const HIDDEN = 0x4; // SSH_FILEXFER_ATTR_FLAGS_HIDDEN; version 6 also tells which bits are valid.
    const client = await clientOf(server);
    for (const [version, bits, valid] of [
      [4, 0, 0],
      [5, HIDDEN, 0],
      [6, HIDDEN, HIDDEN],
    ] as const) {
      await client.config(`ProtocolVersion=${version}`);
      for (const [name, expected] of [
        ['.hidden', bits],
        ['shown', 0],
      ] as const) {
        client.remoteFile = `${scratch.path}/${name}`;
        await client.queryFileAttributes();
        assert.deepEqual([client.fileAttributeBits, client.fileAttributeBitsValid], [expected, valid], name);
      }
      await client.sshLogoff();
    }
  },
);

shows(
  'asyncssh, SFTP 4: the line end that the server tells goes before ServerEOL',
  ['config:ServerEOL', 'config:TransferMode', 'config:ProtocolVersion'],
  async (t) => {
    await using server = await startOnDemand(t, ASYNCSSH, () => startAsyncssh({ sftpVersion: 4 }));
    if (server === undefined) return;
    await using scratch = await makeScratch();
    await using local = await localFolder();
    await writeFile(local.file('l'), 'one\r\ntwo\r\n');
    const client = await clientOf(server);
    await client.config('ServerEOL="\r"');
    await client.config('TransferMode=1');
    client.overwrite = true;
    const sent = async (version: number): Promise<string> => {
      await client.config(`ProtocolVersion=${version}`);
      [client.localFile, client.remoteFile] = [local.file('l'), `${scratch.path}/f`];
      await client.upload();
      await client.sshLogoff();
      return readFile(`${scratch.path}/f`, 'utf8');
    };
    assert.equal(await sent(3), 'one\rtwo\r');
    assert.equal(await sent(4), 'one\ntwo\n');
  },
);

shows(
  'sizes are exact up to 2^53 - 1; beyond, they are refused instead of rounded',
  ['fileSize', 'dirListFileSize', 'startByte', 'downloadRange', 'uploadRange'],
  process.platform === 'linux' ? requireServer('openssh') : { skip: 'tmpfs is of Linux' },
  async () => {
    await using b = await bench();
    const { client } = b;
    const [exact, beyond] = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER + 3];
    for (const wrong of [beyond, 1.5, -1])
      assert.throws(() => Object.assign(client, { startByte: wrong }), { code: 10022 });
    await failsWith(10022, client.downloadRange('', 'f', beyond, 1, Buffer.alloc(1)));
    await failsWith(10022, client.uploadRange('', 'f', beyond, 1, Buffer.alloc(1)));
    // Sparse files of that size are for tmpfs; other file systems end before.
    const folder = await mkdtemp('/dev/shm/wherry-client-');
    const file = `${folder}/large`;
    await chmod(folder, 0o755);
    await writeFile(file, 'x');
    await truncate(file, exact);
    await chmod(file, 0o666);
    client.remoteFile = file;
    await client.queryFileAttributes();
    assert.equal(client.fileSize, exact);
    await client.listDirectory();
    assert.equal(client.dirListFileSize(0), exact);
    client.startByte = exact - 5;
    let bytes = 0;
    client.on('transfer', (e) => {
      bytes += e.text.length;
    });
    await client.download().finally(() => rm(folder, { recursive: true }));
    assert.equal(bytes, 5);
  },
);

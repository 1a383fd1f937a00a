/** Transfers of single files: whole, in part, resumed, appended, shown, streamed and cancelled. */
import assert from 'node:assert/strict';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { shows } from '../../client/shows.ts';
import { requireServer } from '../../support/servers/from-env.ts';
import { assertSameBytes, localFolder, pattern } from '../../support/sftp/memory-session.ts';
import { noUnhandledRejections } from '../login.ts';
import { bench, failsWith } from './clients.ts';

noUnhandledRejections();
const openssh = requireServer('openssh');
const SIZE = 1_500_001;

shows(
  'upload and download, auto-logon, the order of the events and what they tell',
  [
    'upload',
    'download',
    'localFile',
    'remoteFile',
    'overwrite',
    'event:transfer',
    'event:startTransfer',
    'event:endTransfer',
    'error:1108',
  ],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    await client.sshLogoff();
    const content = pattern(SIZE);
    await writeFile(local.file('up'), content);
    let order: string[] = [];
    let pieces: Buffer[] = [];
    const percents: number[] = [];
    client.on('startTransfer', (e) => order.push(`start ${e.direction} ${e.localFile} ${e.remoteFile}`));
    client.on('endTransfer', (e) => order.push(`end ${e.direction} ${e.localFile} ${e.remoteFile}`));
    client.on('transfer', async (e) => {
      if (pieces.length === 0) order.push('transfer');
      pieces.push(Buffer.from(e.text));
      assert.equal(
        e.bytesTransferred,
        pieces.reduce((sum, { length }) => sum + length, 0),
      );
      percents.push(e.percentDone);
      if (pieces.length % 10 === 0) await sleep(1);
    });
    client.localFile = local.file('up');
    client.remoteFile = 'f';
    await client.upload();
    assertSameBytes(await readFile(b.at('f')), content);
    assertSameBytes(Buffer.concat(pieces), content);
    assert.deepEqual(order, [`start 0 ${local.file('up')} f`, 'transfer', `end 0 ${local.file('up')} f`]);
    assert.equal(percents.at(-1), 100);
    assert.match((await failsWith(1103, client.upload())).message, /exists/);
    client.overwrite = true;
    [order, pieces] = [[], []];
    await client.upload();

    [order, pieces] = [[], []];
    client.localFile = local.file('down');
    await client.download();
    assertSameBytes(await readFile(local.file('down')), content);
    assertSameBytes(Buffer.concat(pieces), content);
    assert.deepEqual(
      [order[0], order.at(-1)],
      [`start 1 ${local.file('down')} f`, `end 1 ${local.file('down')} f`],
    );
    client.overwrite = false;
    await failsWith(1108, client.download());
    await client.disconnect();
  },
);

shows('files of 0 and 1 bytes have a beginning and an end', ['download', 'upload'], openssh, async () => {
  await using b = await bench();
  await using local = await localFolder();
  const { client } = b;
  for (const size of [0, 1]) {
    const order: string[] = [];
    const note = (what: string) => () => order.push(what);
    const handlers = [note('start'), note('transfer'), note('end')] as const;
    client.on('startTransfer', handlers[0]).on('transfer', handlers[1]).on('endTransfer', handlers[2]);
    await writeFile(local.file('f'), pattern(size));
    [client.localFile, client.remoteFile] = [local.file('f'), `f${size}`];
    await client.upload();
    client.localFile = local.file(`got${size}`);
    await client.download();
    const once = size === 0 ? ['start', 'end'] : ['start', 'transfer', 'end'];
    assert.deepEqual(order, [...once, ...once]);
    assert.equal((await stat(local.file(`got${size}`))).size, size);
    client.off('startTransfer', handlers[0]).off('transfer', handlers[1]).off('endTransfer', handlers[2]);
  }
});

shows(
  'without localFile a download is only shown; what is missing is 1107',
  ['localFile', 'remoteFile', 'event:transfer', 'error:1107', 'error:302'],
  openssh,
  async () => {
    await using b = await bench();
    const { client } = b;
    await b.put('f', 'shown');
    client.remoteFile = 'f';
    let text = '';
    client.on('transfer', (e) => {
      text += e.text.toString();
    });
    await client.download();
    assert.equal(text, 'shown');
    await failsWith(1107, client.upload());
    await failsWith(1107, client.append());
    client.remoteFile = '';
    await failsWith(1107, client.download());
    client.remoteFile = 'none';
    assert.equal((await failsWith(1103, client.download())).sftpStatus, 2);
    client.localFile = join(tmpdir(), 'no-such-folder', 'x');
    client.remoteFile = 'f';
    const error = await failsWith(302, client.download());
    assert.equal(error.errno, 'ENOENT');
    client.overwrite = true;
    await failsWith(302, client.upload());
  },
);

shows(
  'startByte goes on where a transfer stopped, both ways, and is 0 again afterwards',
  ['startByte', 'upload', 'download', 'error:211'],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    const content = pattern(SIZE);
    await b.put('f', content);
    client.remoteFile = 'f';
    client.localFile = local.file('f');
    client.once('transfer', () => {});
    let count = 0;
    const cancel = (e: { cancel: boolean }): void => {
      e.cancel = ++count === 5;
    };
    client.on('transfer', cancel);
    await failsWith(10004, client.download());
    client.off('transfer', cancel);
    const { size } = await stat(local.file('f'));
    assert.ok(size > 0 && size < SIZE, String(size));
    let first: number | undefined;
    const percents: number[] = [];
    client.on('transfer', (e) => {
      first ??= e.bytesTransferred;
      percents.push(e.percentDone);
    });
    client.startByte = size;
    await client.download();
    assertSameBytes(await readFile(local.file('f')), content);
    assert.equal(client.startByte, 0);
    assert.ok(first! < SIZE - size && percents[0]! >= Math.floor((100 * size) / SIZE));
    assert.equal(percents.at(-1), 100);

    await truncate(b.at('f'), 1000);
    client.startByte = 1000;
    await client.upload();
    assertSameBytes(await readFile(b.at('f')), content);
    client.startByte = SIZE + 10;
    await failsWith(1103, client.upload());
    assert.equal(client.startByte, SIZE + 10);
    await failsWith(211, client.append());
    client.localFile = local.file('missing');
    client.startByte = 5;
    await failsWith(302, client.download());
  },
);

shows('append puts bytes behind the end, also of nothing', ['append'], openssh, async () => {
  await using b = await bench();
  await using local = await localFolder();
  const { client } = b;
  await writeFile(local.file('l'), 'more');
  [client.localFile, client.remoteFile] = [local.file('l'), 'f'];
  await client.append();
  await client.append();
  assert.equal(await readFile(b.at('f'), 'utf8'), 'moremore');
  client.setUploadStream([Buffer.from('!')]);
  await client.append();
  assert.equal(await readFile(b.at('f'), 'utf8'), 'moremore!');
});

shows(
  'ranges, and TransferredDataLimit',
  ['downloadRange', 'uploadRange', 'config:TransferredDataLimit'],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    await b.put('f', '0123456789');
    const into = Buffer.alloc(4, '-');
    assert.equal(await client.downloadRange('', 'f', 3, 4, into), 4);
    assert.equal(into.toString(), '3456');
    assert.equal(await client.downloadRange(b.folder, 'f', 8, 4, into), 2);
    assert.equal(into.toString(), '8956');
    assert.equal(await client.downloadRange(b.folder, 'f', 80, 4, into), 0);
    await failsWith(10022, client.downloadRange('', 'f', 0, 5, into));
    await failsWith(10022, client.downloadRange('', 'f', -1, 1, into));
    await client.uploadRange(b.folder, 'f', 2, 3, Buffer.from('abcdef'));
    assert.equal(await readFile(b.at('f'), 'utf8'), '01abc56789');
    await client.uploadRange('', 'new', 2, 1, Buffer.from('z'));
    assert.deepEqual(await readFile(b.at('new')), Buffer.from('\0\0z'));

    await client.config('TransferredDataLimit=3');
    [client.remoteFile, client.localFile, client.startByte] = ['f', local.file('part'), 0];
    await client.download();
    assert.equal(await readFile(local.file('part'), 'utf8'), '01a');
    client.startByte = 3;
    await client.download();
    assert.equal(await readFile(local.file('part'), 'utf8'), '01abc5');
    let shown = '';
    client.on('transfer', (e) => {
      shown += e.text.toString();
    });
    [client.localFile, client.startByte] = ['', 7];
    await client.download();
    assert.equal(shown, '789');
  },
);

shows(
  'streams take the place of localFile, once',
  ['setDownloadStream', 'setUploadStream', 'config:CloseStreamAfterTransfer'],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    const content = pattern(200_000);
    await writeFile(local.file('l'), content);
    client.remoteFile = 'f';
    client.setUploadStream(createReadStream(local.file('l')));
    await client.upload();
    assertSameBytes(await readFile(b.at('f')), content);
    await failsWith(1107, client.upload());
    client.setDownloadStream(createWriteStream(local.file('d')));
    await client.download();
    assertSameBytes(await readFile(local.file('d')), content);
    await client.config('CloseStreamAfterTransfer=False');
    const stays = new PassThrough();
    const all = buffer(stays);
    client.setDownloadStream(stays);
    await client.download();
    assert.equal(stays.writableEnded, false);
    stays.end('tail');
    assertSameBytes(await all, Buffer.concat([content, Buffer.from('tail')]));
  },
);

shows('PreserveFileTime keeps the times, both ways', ['config:PreserveFileTime'], openssh, async () => {
  await using b = await bench();
  await using local = await localFolder();
  const { client } = b;
  await writeFile(local.file('l'), 'x');
  await utimes(local.file('l'), 1_400_000_000, 1_500_000_000);
  await client.config('PreserveFileTime=Yes');
  [client.localFile, client.remoteFile] = [local.file('l'), 'f'];
  await client.upload();
  const there = await stat(b.at('f'));
  assert.deepEqual([there.atimeMs, there.mtimeMs], [1_400_000_000_000, 1_500_000_000_000]);
  client.localFile = local.file('d');
  await client.download();
  assert.equal((await stat(local.file('d'))).mtimeMs, 1_500_000_000_000);
  await client.config('UseFxpStat=False');
  client.localFile = local.file('e');
  await client.download();
  assert.notEqual((await stat(local.file('e'))).mtimeMs, 1_500_000_000_000);
});

shows(
  'a handler that throws ends the transfer with its error; interrupt() does as well',
  ['interrupt', 'event:transfer', 'error:10004'],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    await b.put('f', pattern(SIZE));
    [client.localFile, client.remoteFile] = [local.file('l'), 'f'];
    client.once('transfer', () => {
      throw new Error('mine');
    });
    const error = await failsWith(10004, client.download());
    assert.match(error.message, /transfer handler failed: mine/);
    assert.match(String(error.cause), /mine/);
    client.overwrite = true;
    client.once('transfer', () => client.interrupt());
    await failsWith(10004, client.download());
    assert.equal(client.connected, true);
    await client.download();
    client.once('transfer', () => void client.disconnect());
    const lost = await client.download().then(
      () => 0,
      (e) => e.code,
    );
    assert.ok([212, 1001, 1120, 10004].includes(lost), String(lost));
    await client.disconnect();
    assert.equal(client.connected, false);
  },
);

shows(
  'the queue: several files at a time, more of them from events, failures told one by one',
  ['queueFile', 'resetQueue', 'event:error', 'config:SimultaneousTransferLimit'],
  openssh,
  async () => {
    await using b = await bench();
    await using local = await localFolder();
    const { client } = b;
    await client.config('SimultaneousTransferLimit=2');
    for (let i = 0; i < 5; i++) await b.put(`f${i}`, pattern(300_000, i));
    let running = 0;
    let most = 0;
    const ended: string[] = [];
    const errors: string[] = [];
    client.on('startTransfer', () => {
      most = Math.max(most, ++running);
    });
    client.on('endTransfer', (e) => {
      running--;
      ended.push(e.remoteFile);
      if (e.remoteFile === 'f1') client.queueFile(local.file('f4'), 'f4');
    });
    client.on('error', (e) => {
      running--;
      errors.push(`${e.errorCode} ${e.localFile === local.file('x')} ${e.remoteFile}`);
    });
    for (const name of ['f0', 'f1', 'f2']) client.queueFile(local.file(name), name);
    client.queueFile(local.file('x'), 'missing');
    client.queueFile(local.file('f3'), 'f3');
    await client.download();
    assert.deepEqual(ended.sort(), ['f0', 'f1', 'f2', 'f3', 'f4']);
    assert.deepEqual(errors, ['1103 true missing']);
    assert.equal(most, 2);
    for (let i = 0; i < 5; i++) assertSameBytes(await readFile(local.file(`f${i}`)), pattern(300_000, i));
    assert.equal(existsSync(local.file('x')), false);

    client.queueFile(local.file('f0'), 'g0');
    client.resetQueue();
    [client.localFile, client.remoteFile] = [local.file('f1'), 'g1'];
    await client.upload();
    assert.deepEqual([existsSync(b.at('g0')), existsSync(b.at('g1'))], [false, true]);

    client.queueFile(local.file('f0'), 'h0');
    client.queueFile(local.file('f1'), 'h1');
    client.on('transfer', (e) => {
      e.cancel = e.remoteFile === 'h0';
    });
    await client.upload();
    assert.equal(errors.at(-1), '10004 false h0');
    assertSameBytes(await readFile(b.at('h1')), pattern(300_000, 1));
    client.queueFile(local.file('f0'), 'i0');
    client.queueFile(local.file('f1'), 'i1');
    client.once('startTransfer', () => client.interrupt());
    await failsWith(10004, client.upload());
  },
);

/** What changed between a break and the resume, or is not what the server says: the target ends with the bytes of the source, or it fails. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Sftp } from '../../src/api/sftp.ts';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import { HOME } from '../support/sftp/memory-fs.ts';
import {
  assertSameBytes,
  failure,
  localFolder,
  openMemory,
  pattern,
} from '../support/sftp/memory-session.ts';

const content: Buffer = pattern(300_000);
const other: Buffer = pattern(500_000, 2);

test('an upload that goes on in a longer file cuts that to its own end', async () => {
  await using folder = await localFolder();
  await writeFile(folder.file('source'), content);
  const { sftp, fs } = await openMemory();
  for (const from of [content, folder.file('source'), [content.subarray(0, 1000), content.subarray(1000)]]) {
    fs.put('up', Buffer.concat([content.subarray(0, 200_000), other]));
    const { size } = await sftp.upload(from, 'up', { resume: 200_000 });
    assert.equal(size, content.length);
    assertSameBytes(fs.get('up'), content);
  }
  fs.put('up', Buffer.concat([content.subarray(0, 200_000), other]));
  await sftp.upload(content.subarray(0, 1000), 'up', { at: 200_000 });
  assert.equal(fs.get('up').length, 700_000, 'at leaves the rest');
});

test('a file there that is not the beginning of the source is replaced whole', async () => {
  const { sftp, fs } = await openMemory();
  fs.put('up', other.subarray(0, 250_000));
  assert.equal((await sftp.upload(content, 'up', { resume: true })).bytes, content.length);
  assertSameBytes(fs.get('up'), content);
});

test('where several channels may have left holes, what lies before them is compared too', async () => {
  // The road is a short one now; nobody knows of the one before.
  const { session, fs } = await openMemory();
  const sftp = new Sftp(session, {
    serverVersion: 'SSH-2.0-OpenSSH_9.2p1',
    startSession: () => Promise.reject(new Error('refused')),
  });
  await sftp.limits();
  const large = pattern(40_000_000);
  fs.put('up', large.subarray(0, 36_000_000));
  const kept = await sftp.upload(large, 'up', { resume: true });
  assert.ok(kept.bytes > 30_000_000 && kept.bytes < large.length, `${kept.bytes} went again`);
  assertSameBytes(fs.get('up'), large);
  fs.put('up', pattern(36_000_000, 2));
  await sftp.upload(large, 'up', { resume: true });
  assertSameBytes(fs.get('up'), large);
  fs.put('up', pattern(45_000_000, 2));
  await failure(sftp.upload(large, 'up', { resume: true }), 'TRANSFER_SIZE_CHANGED');
});

test('a part that is of another, longer file leaves nothing behind the end of a download', async () => {
  await using folder = await localFolder();
  for (const sins of [{ lyingSize: 'none' as const }, { noAttributes: true }]) {
    const { sftp, fs } = await openMemory(sins);
    fs.put('f', content);
    await writeFile(`${folder.file('f')}.wherry-part`, other);
    const { size } = await sftp.download('f', folder.file('f'), { resume: true });
    assert.equal(size, content.length);
    assertSameBytes(await readFile(folder.file('f')), content);
  }
});

test('a server without a rename that replaces: the old file is there until the new one is, whatever fails', async () => {
  const RENAME = SFTP_PACKETS.SSH_FXP_RENAME;
  const { sftp, fs, server } = await openMemory({ extensions: [] });
  fs.put('up', 'old');
  await sftp.upload(content, 'up', { atomic: true });
  assertSameBytes(fs.get('up'), content);
  assert.deepEqual(fs.names(HOME), ['up']);
  // The second and the third RENAME are refused in turn: out of the way, and into place.
  for (const refused of [2, 3]) {
    fs.put('up', 'old');
    let renames = 0;
    const failOn = new Map<number, { status: number }>();
    const get = failOn.get.bind(failOn);
    failOn.get = (type) => (type === RENAME && ++renames === refused ? { status: 3 } : get(type));
    server.sins.failOn = failOn;
    await failure(sftp.upload(content, 'up', { atomic: true }), 'SFTP_PERMISSION_DENIED', 'SFTP_FAILURE');
    assert.equal(String(fs.get('up')), 'old', `RENAME ${refused} refused`);
    assert.deepEqual(fs.names(HOME), ['up']);
  }
  delete server.sins.failOn;
  fs.remove(`${HOME}/up`);
  fs.mkdir('up');
  await failure(sftp.upload(content, 'up', { atomic: true }), 'SFTP_FAILURE');
  assert.deepEqual(fs.names(HOME), ['up'], 'a folder is not moved out of the way');
});

test('bytes that a server says it has stored and has not: verify finds them, and the target is as before', async () => {
  await using folder = await localFolder();
  await writeFile(folder.file('source'), content);
  for (const stored of [0, 100]) {
    for (const offset of [0, 150_000, 299_999]) {
      const { sftp, fs } = await openMemory({
        loseWriteAt: { offset, stored },
        limits: [34_000, 32_768, 32_768, 0],
      });
      fs.put('up', 'old');
      for (const from of [content, folder.file('source')])
        await failure(sftp.upload(from, 'up', { verify: true, atomic: true }), 'TRANSFER_VERIFY');
      assert.equal(String(fs.get('up')), 'old');
      assert.deepEqual(fs.names(HOME), ['up']);
    }
  }
  const { sftp } = await openMemory({ loseWriteAt: { offset: 10, stored: 5 } });
  await mkdir(folder.file('tree'));
  await writeFile(folder.file('tree/small'), content.subarray(0, 1000));
  await failure(sftp.uploadTree(folder.file('tree'), 'tree', { verify: true }), 'TRANSFER_VERIFY');
});

test('an upload that lost its end there goes on from what is there, or from its beginning', async () => {
  const { sftp, fs } = await openMemory();
  fs.put('up', content.subarray(0, 100_000));
  await failure(sftp.upload(content, 'up', { resume: 150_000 }), 'TRANSFER_SIZE_CHANGED');
  // A crash of the server has left zeros at the end of what was acknowledged.
  fs.put('up', Buffer.concat([content.subarray(0, 100_000), Buffer.alloc(50_000)]));
  await sftp.upload(content, 'up', { resume: true });
  assertSameBytes(fs.get('up'), content);
});

test('a byte that arrives wrong: verify finds it, and the target is as before', async () => {
  await using folder = await localFolder();
  await writeFile(folder.file('f'), 'old');
  for (const offset of [0, 299_999]) {
    const { sftp, fs } = await openMemory({ wrongByteAt: { offset, told: false } });
    fs.put('f', content);
    await failure(sftp.download('f', folder.file('f'), { verify: true }), 'TRANSFER_VERIFY');
    assert.equal(await readFile(folder.file('f'), 'utf8'), 'old');
    fs.mkdir('tree');
    fs.put('tree/small', content.subarray(0, 1000));
    const again = await openMemory({ wrongByteAt: { offset: 10, told: false } }, { fs });
    await failure(again.sftp.downloadTree('tree', folder.file('down'), { verify: true }), 'TRANSFER_VERIFY');
    assert.deepEqual(await folder.names(), ['down', 'f']);
  }
});

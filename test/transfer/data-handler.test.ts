/** What sees the bytes of a transfer on their way, writes in the target itself, and puts bytes at a place. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  assertSameBytes,
  failure,
  localFolder,
  openMemory,
  pattern,
} from '../support/sftp/memory-session.ts';
import { NO_LIMITS_EXTENSION } from '../support/sftp/sins.ts';

const SIZE = 700_001;

for (const slow of [false, true]) {
  test(`onData sees a download in order, ${slow ? 'held' : 'unheld'}, and it arrives whole`, async () => {
    await using folder = await localFolder();
    const { sftp, fs } = await openMemory({ reorderReplies: 5, extensions: NO_LIMITS_EXTENSION });
    const content = pattern(SIZE);
    fs.put('f', content);
    const seen: Buffer[] = [];
    let expected = 0;
    await sftp.download('f', folder.file('f'), {
      onData: (bytes, offset, size) => {
        assert.equal(offset, expected);
        assert.equal(size, SIZE);
        expected += bytes.length;
        seen.push(Buffer.from(bytes));
        return slow && seen.length % 5 === 0 ? sleep(1) : undefined;
      },
    });
    assertSameBytes(Buffer.concat(seen), content);
    assertSameBytes(await readFile(folder.file('f')), content);
  });

  test(`onData sees an upload in order, ${slow ? 'held' : 'unheld'}`, async () => {
    const { sftp, fs } = await openMemory();
    const content = pattern(SIZE);
    const seen: Buffer[] = [];
    await sftp.upload(content, 'f', {
      onData: async (bytes) => {
        seen.push(Buffer.from(bytes));
        if (slow) await sleep(1);
      },
    });
    assertSameBytes(Buffer.concat(seen), content);
    assertSameBytes(fs.get('f'), content);
  });
}

test('an error in onData ends the transfer, at once or later, either way', async () => {
  await using folder = await localFolder();
  const { sftp, fs } = await openMemory();
  fs.put('f', pattern(SIZE));
  const handlers = [
    () => {
      throw new Error('enough');
    },
    () => Promise.reject(new Error('enough')),
  ];
  for (const onData of handlers) {
    const down = await failure(sftp.download('f', folder.file('f'), { onData }), 'ABORTED');
    assert.equal((down.cause as Error).message, 'enough');
    assert.deepEqual(await folder.names(), []);
    const up = await failure(sftp.upload(pattern(SIZE), 'up', { onData }), 'ABORTED');
    assert.equal((up.cause as Error).message, 'enough');
  }
});

test('in place: the target grows by itself, resumes in itself, and keeps what came', async () => {
  await using folder = await localFolder();
  const { sftp, fs } = await openMemory();
  const content = pattern(SIZE);
  fs.put('f', content);
  const target = folder.file('f');

  await writeFile(target, 'precious');
  await failure(sftp.download('missing', target, { inPlace: true }), 'SFTP_NO_SUCH_FILE');
  assert.equal(await readFile(target, 'utf8'), 'precious');
  await failure(sftp.download('f', target, { inPlace: true, overwrite: false }), 'TRANSFER_TARGET');

  let count = 0;
  const cut = await failure(
    sftp.download('f', target, {
      inPlace: true,
      onData: () => {
        if (++count > 4) throw new Error('cut');
      },
    }),
    'ABORTED',
  );
  const { size } = await stat(target);
  assert.equal(size, cut.details.safeLength);
  assert.ok(size > 0 && size < SIZE, String(size));
  const result = await sftp.download('f', target, { inPlace: true, resume: size, overwrite: false });
  assert.equal(result.bytes, SIZE - size);
  assertSameBytes(await readFile(target), content);
  assert.deepEqual(await folder.names(), ['f']);
});

test('in place: a part leaves what lies behind it alone, a whole file does not', async () => {
  await using folder = await localFolder();
  const { sftp, fs } = await openMemory();
  fs.put('f', Buffer.from('abcdefgh'));
  const target = folder.file('f');
  await writeFile(target, '0123456789');
  await sftp.download('f', target, { inPlace: true, resume: 2, length: 5 });
  assert.equal(await readFile(target, 'utf8'), '01cde56789');
  await sftp.download('f', target, { inPlace: true });
  assert.equal(await readFile(target, 'utf8'), 'abcdefgh');
  await failure(sftp.download('f', target, { inPlace: true, resume: 20 }), 'INVALID_ARGUMENT');
});

test('at: bytes at an offset, behind the end, over a gap, and in a new file', async () => {
  const { sftp, fs } = await openMemory();
  const text = (): string => Buffer.from(fs.get('f')).toString('latin1');
  await sftp.upload(Buffer.from('hello'), 'f', { at: 'end' });
  await sftp.upload(Buffer.from(' you'), 'f', { at: 'end' });
  assert.equal(text(), 'hello you');
  await sftp.upload(Buffer.from('J'), 'f', { at: 0 });
  assert.equal(text(), 'Jello you');
  await sftp.upload(Buffer.from('!'), 'f', { at: 10 });
  assert.equal(text(), 'Jello you\0!');
  await failure(sftp.upload(Buffer.from('x'), 'f', { at: 1, resume: true }), 'INVALID_ARGUMENT');
});

test('requestBytes and maxRequests bound what is asked for; without askSize nobody asks for the size', async () => {
  await using folder = await localFolder();
  const { sftp, fs, server } = await openMemory();
  fs.put('f', pattern(100_000));
  const totals: (number | undefined)[] = [];
  await sftp.download('f', folder.file('f'), {
    requestBytes: 1000,
    maxRequests: 1,
    askSize: false,
    onData: (_, __, size) => {
      totals.push(size);
    },
  });
  assertSameBytes(await readFile(folder.file('f')), pattern(100_000));
  assert.ok(totals.every((size) => size === undefined));
  assert.ok(server.count(5) >= 100);
  assert.equal(server.count(8), 0);
});

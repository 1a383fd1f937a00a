/** Node streams of remote files, and files that grow while they are moved. */
import assert from 'node:assert/strict';
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { resize } from '../../src/server/files/memory-node.ts';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import {
  assertSameBytes,
  failure,
  localFolder,
  openMemory,
  pattern,
} from '../support/sftp/memory-session.ts';
import { append } from '../support/sftp/sinful-answers.ts';

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

for (const size of [0, 1, 261_120, 261_121, 3_000_000]) {
  test(`${size} bytes through createReadStream and createWriteStream`, async () => {
    const { sftp, fs } = await openMemory({ reorderReplies: 5 });
    const content = pattern(size);
    fs.put('f', content);
    assertSameBytes(await collect(sftp.createReadStream('f')), content);
    assertSameBytes(
      await collect(sftp.createReadStream('f', { start: 1, length: 5 })),
      content.subarray(1, 6),
    );
    await pipeline(sftp.createReadStream('f'), sftp.createWriteStream('g'));
    assertSameBytes(fs.get('g'), content);
    const pieces = Array.from({ length: Math.ceil(size / 1000) }, (_, i) =>
      content.subarray(i * 1000, i * 1000 + 1000),
    );
    await pipeline(Readable.from(pieces), sftp.createWriteStream('small'));
    assertSameBytes(fs.get('small'), content);
  });
}

test('a buffer may be used again when its write was called back', async () => {
  const { sftp, fs } = await openMemory({ delay: 2 });
  const stream = sftp.createWriteStream('f');
  const buffer = Buffer.alloc(100_000);
  for (let i = 0; i < 50; i++) {
    buffer.fill(i);
    await new Promise((resolve) => stream.write(buffer, resolve));
  }
  await new Promise<void>((resolve) => stream.end(resolve));
  const expected = Buffer.concat(Array.from({ length: 50 }, (_, i) => Buffer.alloc(100_000, i)));
  assertSameBytes(fs.get('f'), expected);
});

test('streams that fail, are destroyed, or are never read', async () => {
  const { sftp, fs, server } = await openMemory();
  await failure(collect(sftp.createReadStream('missing')), 'SFTP_NO_SUCH_FILE');
  await failure(pipeline(Readable.from(['x']), sftp.createWriteStream('no/folder')), 'SFTP_NO_SUCH_FILE');
  const before = server.received.length;
  sftp.createReadStream('missing');
  await sleep(10);
  assert.equal(server.received.length, before, 'nothing is asked for before somebody reads');
  fs.put('big', pattern(5_000_000));
  for await (const bytes of sftp.createReadStream('big')) {
    assert.ok(bytes.length > 0);
    break;
  }
  const stop = new AbortController();
  const writing = sftp.createWriteStream('up', { signal: stop.signal });
  writing.write(Buffer.alloc(10));
  stop.abort();
  await assert.rejects(new Promise((_, reject) => writing.on('error', reject)), { code: 'ABORTED' });
  assert.equal((await sftp.readFile('big')).length, 5_000_000);
});

test('follow gives what is appended, from the end or from a byte, and ends when nothing comes', async () => {
  const { sftp, fs, server } = await openMemory();
  const node = fs.put('log', Buffer.from('old\n'));
  const grow = (text: string): void => append(node, Buffer.from(text));
  const options = { interval: 10, idle: 1000 };
  const fromEnd = collect(sftp.follow('log', options));
  // It has been at the end, and looks at the name.
  while (server.count(SFTP_PACKETS.SSH_FXP_STAT) === 0) await sleep(1);
  const fromTwo = collect(sftp.follow('log', { ...options, start: 2 }));
  for (const line of ['one\n', 'two\n', 'three\n']) {
    await sleep(30);
    grow(line);
  }
  assert.equal((await fromEnd).toString(), 'one\ntwo\nthree\n');
  assert.equal((await fromTwo).toString(), 'd\none\ntwo\nthree\n');
});

test('follow: a file that is cut or replaced begins anew, the signal ends it', async () => {
  const { sftp, fs } = await openMemory();
  const node = fs.put('log', Buffer.from('0123456789'));
  const got: string[] = [];
  const stop = new AbortController();
  const following = (async () => {
    for await (const bytes of sftp.follow('log', { interval: 10, start: 0, signal: stop.signal }))
      got.push(Buffer.from(bytes).toString());
  })();
  const until = async (text: string): Promise<void> => {
    for (let i = 0; i < 500 && got.join('|') !== text; i++) await sleep(10);
    assert.equal(got.join('|'), text);
  };
  await until('0123456789');
  resize(node, 0);
  append(node, Buffer.from('abc'));
  await until('0123456789|abc');
  fs.put('log', Buffer.from('another')).modifyTime += 5;
  await until('0123456789|abc|another');
  stop.abort();
  await failure(following, 'ABORTED');
});

test('an upload follows a file that grows, and one that is cut fails', async () => {
  const { sftp, fs } = await openMemory();
  await using folder = await localFolder();
  const source = folder.file('growing');
  await writeFile(source, 'a');
  const sending = sftp.upload(source, 'up', { follow: { idle: 1000, interval: 10 } });
  for (const more of ['b', 'c', 'd']) {
    await sleep(40);
    await appendFile(source, more.repeat(1000));
  }
  assert.equal((await sending).size, 3001);
  assert.equal(fs.get('up').toString(), `a${'b'.repeat(1000)}${'c'.repeat(1000)}${'d'.repeat(1000)}`);
  const again = sftp.upload(source, 'again', { follow: { idle: 5000, interval: 10 } });
  const cut = failure(again, 'TRANSFER_SIZE_CHANGED');
  while (!fs.has('again') || fs.get('again').length < 3001) await sleep(10);
  await truncate(source, 1);
  await cut;
  const stop = new AbortController();
  const aborted = sftp.upload(source, 'up', { follow: { idle: 50_000 }, signal: stop.signal });
  setTimeout(() => stop.abort(), 30);
  await failure(aborted, 'ABORTED');
});

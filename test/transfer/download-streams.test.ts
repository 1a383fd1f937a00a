/** Downloads into streams and memory, and the two ways of the file sink. */

import assert from 'node:assert/strict';
import { closeSync, createWriteStream, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import { FileSink } from '../../src/transfer/file-sink.ts';
import { OrderedSink } from '../../src/transfer/ordered-sink.ts';
import { LARGEST_READ } from '../../src/transfer/tuning.ts';
import {
  assertSameBytes,
  failure,
  localFolder,
  openMemory,
  pattern,
  within,
} from '../support/sftp/memory-session.ts';

class Collector extends Writable {
  readonly parts: Buffer[] = [];
  readonly #delay: number;

  constructor(delay = 0, highWaterMark = 16_384) {
    super({ highWaterMark });
    this.#delay = delay;
  }

  override _write(bytes: Buffer, _: string, done: (error?: Error | null) => void): void {
    this.parts.push(Buffer.from(bytes));
    if (this.#delay === 0) done();
    else setTimeout(done, this.#delay);
  }

  get bytes(): Buffer {
    return Buffer.concat(this.parts);
  }
}

for (const size of [0, 1, 32_768, 1_048_577]) {
  test(`${size} bytes into a Node stream, a file stream, a web stream and memory, replies out of order`, async () => {
    const content = pattern(size);
    const { sftp, fs } = await openMemory({ reorderReplies: 4, limits: [0, 20_000, 0, 0] });
    fs.put('f', content);
    const node = new Collector();
    assert.equal((await sftp.download('f', node)).bytes, size);
    assert.ok(node.writableFinished);
    assertSameBytes(node.bytes, content);
    await using folder = await localFolder();
    await sftp.download('f', createWriteStream(folder.file('t')));
    assertSameBytes(await readFile(folder.file('t')), content);
    const parts: Uint8Array[] = [];
    let closed = false;
    const web = new WritableStream<Uint8Array>({
      write: (bytes) => void parts.push(Uint8Array.from(bytes)),
      close: () => {
        closed = true;
      },
    });
    await sftp.download('f', web);
    assert.ok(closed);
    assertSameBytes(Buffer.concat(parts), content);
    assertSameBytes(await sftp.readFile('f'), content);
  });
}

test('a slow consumer holds the server back: memory stays bounded', async () => {
  const content = pattern(40_000_000);
  const { sftp, fs, server } = await openMemory({});
  fs.put('f', content);
  for (const kind of ['node', 'web'] as const) {
    server.received.length = 0;
    let taken = 0;
    let release: () => void = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const take = async (bytes: Uint8Array): Promise<void> => {
      taken += bytes.length;
      if (taken > 1_000_000) await held;
    };
    const target =
      kind === 'node'
        ? new Writable({ write: (bytes, _, done) => void take(bytes).then(() => done()) })
        : new WritableStream<Uint8Array>({ write: take });
    const done = sftp.download('f', target);
    let before = -1;
    while (server.count(SFTP_PACKETS.SSH_FXP_READ) !== before || before <= 0) {
      before = server.count(SFTP_PACKETS.SSH_FXP_READ);
      await sleep(50);
    }
    const asked = before * LARGEST_READ;
    assert.ok(asked < 12_000_000, `${kind}: ${asked} bytes asked for while nobody reads`);
    release();
    await done;
    assert.equal(taken, content.length);
  }
});

test('a failed download destroys or aborts the stream, and brings nothing down when nobody listens', async () => {
  for (const sins of [{}, { failOn: new Map([[5, { status: 4 }]]) }]) {
    const { sftp, fs } = await openMemory(sins);
    if (Object.keys(sins).length > 0) fs.put('f', pattern(100));
    const node = new Collector();
    await failure(sftp.download('f', node), 'SFTP_NO_SUCH_FILE', 'SFTP_FAILURE');
    assert.ok(node.destroyed && !node.writableFinished);
    let reason: unknown;
    const web = new WritableStream<Uint8Array>({
      abort: (why) => {
        reason = why;
      },
    });
    const error = await failure(sftp.download('f', web));
    assert.equal((reason as Error).message, error.message);
  }
  await sleep(10);
});

test('a stream that is destroyed, fails, was destroyed or ended before, or ends badly: never a success', async () => {
  const { sftp, fs } = await openMemory({ delay: 5 });
  fs.put('f', pattern(3_000_000));
  const midway = new Collector(5);
  const going = failure(sftp.download('f', midway), 'TRANSFER_LOCAL_FILE');
  setTimeout(() => midway.destroy(), 20);
  await within(2000, going);

  const failing = new Writable({ write: (_bytes, _encoding, done) => done(new Error('disk on fire')) });
  const error = await failure(sftp.download('f', failing), 'TRANSFER_LOCAL_FILE');
  assert.match(error.message, /disk on fire/);

  for (const prepare of [
    (stream: Writable) => void stream.destroy(),
    (stream: Writable) => void stream.end(),
  ]) {
    for (const file of ['f', 'empty']) {
      fs.put('empty', Buffer.alloc(0));
      const stream = new PassThrough();
      prepare(stream);
      stream.resume();
      await sleep(1);
      const outcome = sftp.download(file, stream).then(
        () => 'success',
        (reason) => reason.code,
      );
      // An ended stream that gets nothing has all it should have.
      const expected =
        file === 'empty' && !stream.destroyed ? ['success', 'TRANSFER_LOCAL_FILE'] : ['TRANSFER_LOCAL_FILE'];
      const code = await within(2000, outcome);
      assert.ok(expected.includes(code), `${file}: ${code}`);
    }
  }

  const badEnd = new Writable({
    write: (_bytes, _encoding, done) => done(),
    final: (done) => done(new Error('could not finish')),
  });
  await failure(sftp.download('f', badEnd), 'TRANSFER_LOCAL_FILE');
  const destroyedAtEnd = new Writable({
    write: (_bytes, _encoding, done) => done(),
    final() {
      this.destroy();
    },
  });
  await within(2000, failure(sftp.download('f', destroyedAtEnd), 'TRANSFER_LOCAL_FILE'));
  const webFailing = new WritableStream({
    write: () => {
      throw new Error('web on fire');
    },
  });
  await within(2000, failure(sftp.download('f', webFailing), 'TRANSFER_LOCAL_FILE'));
  const locked = new WritableStream();
  locked.getWriter();
  await failure(sftp.download('f', locked), 'INVALID_ARGUMENT');
});

test('abort ends a download whose stream never finishes', async () => {
  const { sftp, fs } = await openMemory();
  fs.put('f', pattern(1000));
  for (const stream of [
    new Writable({ write: (_bytes, _encoding, done) => done(), final: () => {} }),
    new WritableStream({ close: () => new Promise(() => {}) }),
    new Writable({ write: () => {} }),
  ]) {
    const abort = new AbortController();
    const done = failure(sftp.download('f', stream, { signal: abort.signal }), 'ABORTED');
    setTimeout(() => abort.abort(), 20);
    await within(2000, done);
  }
});

test('a stream is resumed by number only, and gets the rest', async () => {
  const content = pattern(100_000);
  const { sftp, fs } = await openMemory();
  fs.put('f', content);
  const rest = new Collector();
  const result = await sftp.download('f', rest, { resume: 60_000 });
  assert.equal(result.bytes, 40_000);
  assertSameBytes(rest.bytes, content.subarray(60_000));
  await failure(sftp.download('f', new Collector(), { resume: true }), 'INVALID_ARGUMENT');
});

test('memory takes no more than it is allowed to', async () => {
  const { sftp, fs } = await openMemory({ lyingSize: 10 });
  fs.put('f', pattern(100_000));
  assert.equal((await sftp.readFile('f', { length: 100 })).length, 100);
  assert.equal((await sftp.readFile('f', { length: 100_000 })).length, 100_000);
});

for (const local of [true, false]) {
  test(`the file sink ${local ? 'writes at once' : 'writes in the background'}, in any order, to the last byte`, async () => {
    await using folder = await localFolder();
    const content = pattern(1_000_000);
    const fd = openSync(folder.file('t'), 'w');
    const sink = new FileSink(fd, local);
    let drained = 0;
    sink.listen({ drained: () => drained++, failed: (error) => assert.fail(String(error)) });
    const offsets = Array.from({ length: 100 }, (_, i) => ((i * 37) % 100) * 10_000);
    for (const offset of offsets) sink.write(offset, content.subarray(offset, offset + 10_000));
    if (!local) assert.equal(sink.pending, 1_000_000);
    await sink.finish();
    assert.equal(sink.pending, 0);
    assert.equal(sink.lost, Number.POSITIVE_INFINITY);
    assert.equal(drained > 0, !local);
    closeSync(fd);
    assertSameBytes(readFileSync(folder.file('t')), content);
  });

  test(`the file sink (${local ? 'at once' : 'background'}) writes what it took before it gives up`, async () => {
    await using folder = await localFolder();
    const content = pattern(500_000);
    const fd = openSync(folder.file('t'), 'w');
    const sink = new FileSink(fd, local);
    sink.listen({ drained: () => {}, failed: () => {} });
    for (let offset = 0; offset < content.length; offset += 10_000)
      sink.write(offset, content.subarray(offset, offset + 10_000));
    await sink.abort();
    closeSync(fd);
    assertSameBytes(readFileSync(folder.file('t')), content);
  });

  test(`the file sink (${local ? 'at once' : 'background'}) tells a failure, in finish too, and what is lost`, async () => {
    const fd = openSync('/dev/full', 'w');
    const sink = new FileSink(fd, local);
    const failures: unknown[] = [];
    sink.listen({ drained: () => {}, failed: (error) => failures.push(error) });
    sink.write(5000, Buffer.alloc(10));
    sink.write(100, Buffer.alloc(10));
    await assert.rejects(sink.finish(), { code: 'ENOSPC' });
    sink.write(50, Buffer.alloc(10));
    await sink.abort();
    assert.ok(failures.length >= 1);
    assert.equal(sink.lost, 50);
    closeSync(fd);
  });
}

test('an aborted download in the background mode keeps a partial file without holes', async () => {
  // /dev/shm and /tmp are local: the sink is made slow by hand.
  await using folder = await localFolder();
  const content = pattern(900_000);
  const fd = openSync(folder.file('t'), 'w');
  const sink = new FileSink(fd, false);
  sink.listen({ drained: () => {}, failed: () => {} });
  sink.write(0, content.subarray(0, 300_000));
  await sleep(5);
  sink.write(300_000, content.subarray(300_000));
  await sink.abort();
  closeSync(fd);
  assertSameBytes(readFileSync(folder.file('t')), content);
});

test('an ordered sink with a gap fails at the end', async () => {
  const sink = new OrderedSink({
    put: (_bytes, done) => done(),
    onError: () => {},
    end: () => Promise.resolve(),
    abort: () => Promise.resolve(),
  });
  sink.write(10, Buffer.alloc(5));
  await failure(sink.finish(), 'TRANSFER_SIZE_CHANGED');
});

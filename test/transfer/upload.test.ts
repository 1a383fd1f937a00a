/** Uploads from every kind of source, to servers good and bad. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { open, truncate, writeFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WherryError } from '../../src/base/errors.ts';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import type { Progress } from '../../src/transfer/progress.ts';
import type { UploadSource } from '../../src/transfer/upload.ts';
import { run } from '../support/servers/run.ts';
import {
  assertSameBytes,
  failure,
  localFolder,
  type MemorySession,
  openMemory,
  pattern,
  settleTurns,
  within,
} from '../support/sftp/memory-session.ts';
import { NO_LIMITS_EXTENSION, type Sins } from '../support/sftp/sins.ts';
import { Cursor } from '../support/sftp/wire.ts';

const SIZES = [0, 1, 32_767, 32_768, 32_769, 1_048_577] as const;

/** Pieces of odd sizes, an empty one among them. */
function* pieces(content: Buffer): Generator<Buffer> {
  const sizes = [1, 0, 7, 40_000, 33, 100_000];
  for (let at = 0, i = 0; at < content.length; i++) {
    const size = sizes[i % sizes.length]!;
    yield content.subarray(at, at + size);
    at += size;
  }
}

async function* slowly(content: Buffer): AsyncGenerator<Buffer> {
  for (const piece of pieces(content)) {
    await sleep(0);
    yield piece;
  }
}

const SOURCES: Record<string, (content: Buffer, path: string) => UploadSource> = {
  'a path': (_, path) => path,
  'a Buffer': (content) => content,
  'a Uint8Array': (content) => new Uint8Array(content),
  'a Node stream': (content) => Readable.from(pieces(content), { objectMode: false }),
  'a web stream': (content) => Readable.toWeb(Readable.from(pieces(content))) as UploadSource,
  'an array of buffers': (content) => [...pieces(content)],
  'an async generator': (content) => slowly(content),
};

const SINS: Record<string, Sins> = {
  none: {},
  'reorderReplies, late': { reorderReplies: 3, delay: 4 },
  noLimitsExtension: { extensions: NO_LIMITS_EXTENSION },
  'limits of 0': { limits: [0, 0, 0, 0] },
  'small limits': { limits: [0, 0, 7001, 0] },
  windowsOpenssh: { windowsOpenssh: true, extensions: NO_LIMITS_EXTENSION },
  oneByteChunks: { oneByteChunks: true },
  noAttributes: { noAttributes: true },
  statusWithoutMessage: { statusWithoutMessage: true },
};

/** Nothing was asked to be set, so nothing may be sent. */
function assertNoAttributes(memory: MemorySession): void {
  assert.equal(memory.server.count(SFTP_PACKETS.SSH_FXP_SETSTAT), 0);
  assert.equal(memory.server.count(SFTP_PACKETS.SSH_FXP_FSETSTAT), 0);
  for (const { type, body } of memory.server.received) {
    if (type !== SFTP_PACKETS.SSH_FXP_OPEN) continue;
    const cursor = new Cursor(body);
    cursor.text();
    cursor.u32();
    assert.deepEqual(cursor.attrs(), {});
  }
}

for (const [name, make] of Object.entries(SOURCES)) {
  test(`upload from ${name}, in sizes ${SIZES.join(', ')}, to servers with each sin`, async () => {
    await using folder = await localFolder();
    for (const size of SIZES) {
      const content = pattern(size);
      await writeFile(folder.file('source'), content);
      for (const [sin, sins] of Object.entries(SINS)) {
        const memory = await openMemory(sins);
        const progress: Progress[] = [];
        const result = await memory.sftp.upload(make(content, folder.file('source')), 'up', {
          onProgress: (one) => progress.push(one),
        });
        assertSameBytes(memory.fs.get('up'), content, `${size} bytes, ${sin}`);
        assert.deepEqual([result.bytes, result.size], [size, size]);
        assert.deepEqual([progress.at(-1)!.transferred, progress.at(-1)!.total], [size, size]);
        assertNoAttributes(memory);
        assert.equal(memory.server.openHandles, 0, 'closed when it resolves');
      }
    }
  });
}

test('mode is sent when given, in OPEN, and not otherwise', async () => {
  const memory = await openMemory();
  await memory.sftp.upload(Buffer.from('x'), 'private', { mode: 0o600 });
  assert.equal(memory.fs.node('private').mode, 0o600);
  assert.equal(memory.server.count(SFTP_PACKETS.SSH_FXP_SETSTAT), 0);
  await failure(memory.sftp.upload(Buffer.from('x'), 'y', { mode: -1 }), 'INVALID_ARGUMENT');
});

test('what is there is replaced whole; overwrite false asks for EXCL and keeps it', async () => {
  const { sftp, fs } = await openMemory();
  fs.put('up', pattern(1000));
  await sftp.upload(Buffer.from('new'), 'up');
  assert.equal(fs.get('up').toString(), 'new');
  await failure(sftp.upload(Buffer.from('other'), 'up', { overwrite: false }), 'SFTP_FILE_ALREADY_EXISTS');
  assert.equal(fs.get('up').toString(), 'new');
  await sftp.upload(Buffer.from('other'), 'fresh', { overwrite: false });
  assert.equal(fs.get('fresh').toString(), 'other');
});

test('strings of a stream are UTF-8; anything else is refused', async () => {
  const { sftp, fs } = await openMemory();
  await sftp.upload(Readable.from(['grüße, ', '', 'welt\n']), 'text');
  assert.equal(fs.get('text').toString('utf8'), 'grüße, welt\n');
  await failure(sftp.upload(Readable.from([{ a: 1 }]), 'x'), 'INVALID_ARGUMENT');
  await failure(sftp.upload([5] as unknown as UploadSource, 'x'), 'INVALID_ARGUMENT');
});

test('a stream that fails fails the upload with its error as the cause', async () => {
  const boom = new Error('source on fire');
  async function* failing(): AsyncGenerator<Buffer> {
    yield pattern(50_000);
    throw boom;
  }
  for (const source of [failing(), Readable.from(failing()), Readable.toWeb(Readable.from(failing()))]) {
    const { sftp, fs, server } = await openMemory();
    const error = await within(
      2000,
      failure(sftp.upload(source as UploadSource, 'up'), 'TRANSFER_LOCAL_FILE'),
    );
    assert.match(error.message, /source on fire/);
    assert.ok(fs.get('up').length <= 50_000);
    await settleTurns();
    assert.equal(server.openHandles, 0);
  }
});

test('a failing WRITE: its status, offset and safeLength; the tail is awaited, the source is told', async () => {
  for (const [offset, always] of [
    [0, false],
    [500_000, false],
    [500_000, true],
    [999_999, false],
  ] as const) {
    const { sftp, fs, server } = await openMemory({
      failWriteAt: { offset, status: 4, always },
      extensions: NO_LIMITS_EXTENSION,
      delay: 5,
      reorderReplies: 11,
    });
    const content = pattern(1_000_000);
    const source = Readable.from(
      (async function* () {
        yield* pieces(content);
        await new Promise(() => {});
      })(),
    );
    const error = await within(3000, failure(sftp.upload(source, 'up'), 'SFTP_FAILURE'));
    assert.ok(source.destroyed);
    const { safeLength = -1 } = error.details;
    assert.ok(safeLength <= offset, `safe to ${safeLength}, failed at ${offset}`);
    assert.ok(safeLength > offset - 200_000);
    assert.equal(error.details.offset, safeLength);
    assert.equal(error.details.serverMessage, 'no space left');
    assertSameBytes(fs.get('up').subarray(0, safeLength), content.subarray(0, safeLength));
    const writes = server.count(SFTP_PACKETS.SSH_FXP_WRITE);
    await sleep(20);
    assert.equal(server.count(SFTP_PACKETS.SSH_FXP_WRITE), writes, 'nothing is sent afterwards');
    assert.equal(server.openHandles, 0);
    assert.equal(typeof (await sftp.realpath('.')), 'string', 'the session goes on');
  }
});

test('CLOSE that fails (quota) fails the upload', async () => {
  const { sftp } = await openMemory({ failClose: 4 });
  const error = await failure(sftp.upload(pattern(1000), 'up'), 'SFTP_FAILURE');
  assert.match(error.message, /quota/);
  assert.equal(error.details.path, 'up');
});

test('a source file that shrinks fails, one that grows comes whole, one without a size comes whole', async () => {
  await using folder = await localFolder();
  const path = folder.file('source');
  await writeFile(path, pattern(30_000_000));
  const { sftp, fs, server } = await openMemory({ delay: 20 });
  const shrinking = failure(sftp.upload(path, 'up'), 'TRANSFER_SIZE_CHANGED');
  while (server.count(SFTP_PACKETS.SSH_FXP_WRITE) < 3) await sleep(1);
  await truncate(path, 20_000_000);
  const error = await shrinking;
  assert.deepEqual([error.details.expected, error.details.actual], [30_000_000, 20_000_000]);

  await writeFile(path, pattern(10_000_000));
  server.received.length = 0;
  const growing = sftp.upload(path, 'up');
  while (server.count(SFTP_PACKETS.SSH_FXP_WRITE) < 3) await sleep(1);
  const file = await open(path, 'a');
  await file.write(pattern(100_000, 2));
  await file.close();
  assert.equal((await growing).size, 10_100_000);
  assertSameBytes(fs.get('up'), Buffer.concat([pattern(10_000_000), pattern(100_000, 2)]));

  server.received.length = 0;
  await sftp.upload('/proc/cpuinfo', 'up');
  assert.match(fs.get('up').toString(), /processor/);
  const writes = server.count(SFTP_PACKETS.SSH_FXP_WRITE);
  assert.ok(
    writes <= Math.ceil(fs.get('up').length / 1000),
    `${writes} WRITEs for ${fs.get('up').length} bytes`,
  );

  await run('mkfifo', [folder.file('pipe')]);
  const writer = spawn('sh', ['-c', `cat ${path} > ${folder.file('pipe')}`], { stdio: 'ignore' });
  await sftp.upload(folder.file('pipe'), 'piped');
  assert.notEqual(writer.exitCode, 1);
  assert.equal(fs.get('piped').length, 10_100_000);
});

test('local trouble: no such file, a folder', async () => {
  await using folder = await localFolder();
  const { sftp, server } = await openMemory({ extensions: [] });
  const error = await failure(sftp.upload(folder.file('none'), 'up'), 'TRANSFER_LOCAL_FILE');
  assert.deepEqual([error.details.errno, error.details.localPath], ['ENOENT', folder.file('none')]);
  await failure(sftp.upload(folder.path, 'up'), 'TRANSFER_TARGET');
  assert.equal(server.received.length, 0, 'the server never hears of it');
});

test('resume: true goes on where the server is, a number there, from every kind of source', async () => {
  await using folder = await localFolder();
  const content = pattern(300_000);
  await writeFile(folder.file('source'), content);
  for (const [name, make] of Object.entries(SOURCES)) {
    for (const resume of [true, 100_000, 0]) {
      const { sftp, fs } = await openMemory();
      fs.put('up', content.subarray(0, 120_000));
      const from = resume === true ? 120_000 : Number(resume);
      const progress: Progress[] = [];
      const result = await sftp.upload(make(content, folder.file('source')), 'up', {
        resume,
        onProgress: (one) => progress.push(one),
      });
      assertSameBytes(fs.get('up'), content, `${name}, ${resume}`);
      assert.deepEqual([result.bytes, result.size], [300_000 - from, 300_000]);
      assert.equal(progress.at(-1)!.transferred, 300_000);
    }
  }
  const { sftp, fs } = await openMemory();
  fs.put('longer', pattern(300_001));
  await failure(sftp.upload(content, 'longer', { resume: true }), 'TRANSFER_SIZE_CHANGED');
  await failure(sftp.upload(folder.file('source'), 'longer', { resume: true }), 'TRANSFER_SIZE_CHANGED');
  fs.put('short', pattern(10));
  await failure(sftp.upload(content, 'short', { resume: 11 }), 'TRANSFER_SIZE_CHANGED');
  await failure(sftp.upload(content, 'short', { resume: -5 }), 'INVALID_ARGUMENT');
  fs.put('same', content);
  assert.equal((await sftp.upload(content, 'same', { resume: true })).bytes, 0);
  assert.equal((await sftp.upload(content, 'fresh', { resume: true })).bytes, 300_000);
  const blind = await openMemory({ noAttributes: true });
  await failure(blind.sftp.upload(content, 'up', { resume: true }), 'TRANSFER_SIZE_CHANGED');
});

test('a starved channel: nothing is lost, buffers are not used again before they are acknowledged', async () => {
  await using folder = await localFolder();
  const content = pattern(12_000_000);
  await writeFile(folder.file('source'), content);
  for (const options of [{ window: 1 }, { window: 40_000 }, { window: 40_000, clientChunk: 3001 }]) {
    const { sftp, fs, pair, server } = await openMemory({ delay: 10 }, options);
    await sftp.upload(folder.file('source'), 'up');
    assertSameBytes(fs.get('up'), content, JSON.stringify(options));
    assert.ok(pair.client.mostWaiting < 3_000_000, `${pair.client.mostWaiting} bytes queued`);
    assert.ok(server.mostUnderWay > 1);
  }
});

test('the end of the session ends an upload that has sent nothing yet and waits for a window', async () => {
  const { sftp, session, pair } = await openMemory({ silentOn: [6] }, { window: 40_000, clientChunk: 1000 });
  let go: () => void = () => {};
  const began = new Promise<void>((resolve) => {
    go = resolve;
  });
  async function* later(): AsyncGenerator<Buffer> {
    await began;
    yield pattern(10);
  }
  const waiting = failure(sftp.upload(later(), 'waits'), 'CONNECTION_LOST');
  await settleTurns();
  const first = failure(sftp.upload(pattern(3_000_000), 'fills'), 'CONNECTION_LOST');
  while (!session.congested) await settleTurns(1);
  go();
  await settleTurns(1);
  assert.ok(session.congested);
  pair.server.lose(new WherryError('CONNECTION_LOST', 'cut'));
  await within(2000, Promise.all([waiting, first]));
});

test('no more than the budget is under way', async () => {
  const { sftp, server, fs } = await openMemory({ silentOn: [6] });
  const abort = new AbortController();
  const done = failure(sftp.upload(pattern(60_000_000), 'up', { signal: abort.signal }), 'ABORTED');
  async function* endless(): AsyncGenerator<Buffer> {
    for (;;) yield pattern(100_000);
  }
  const second = failure(sftp.upload(endless(), 'two', { signal: abort.signal }), 'ABORTED');
  await sleep(100);
  server.received.length = 0;
  await sleep(50);
  abort.abort();
  await within(2000, Promise.all([done, second]));
  assert.ok(fs.get('two').length < 9_500_000);
});

test('abort at any time: ABORTED, whatever the source waits for; the session goes on', async () => {
  const sources: (() => UploadSource)[] = [
    () => pattern(1_500_000),
    () => Readable.from(slowly(pattern(1_500_000))),
    () => new Readable({ read() {} }),
    () => new ReadableStream<Uint8Array>({}) as UploadSource,
    async function* () {
      yield pattern(10);
      await new Promise(() => {});
    },
  ];
  for (let round = 0; round < 40; round++) {
    const { sftp, server } = await openMemory({ delay: 3, extensions: [] });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), round / 3);
    const source = sources[round % sources.length]!();
    const done = sftp.upload(source, 'up', { signal: abort.signal });
    const outcome = await within(
      2000,
      done.then(
        () => 'done',
        (error) => error.code,
      ),
      `round ${round}`,
    );
    assert.ok(outcome === 'done' || outcome === 'ABORTED', outcome);
    assert.equal(typeof (await sftp.realpath('.')), 'string');
    await sleep(10);
    assert.equal(server.openHandles, 0, `round ${round}: handles`);
    if (source instanceof Readable && outcome === 'ABORTED') assert.ok(source.destroyed);
  }
});

test('a silent server: TIMEOUT; a slow source is none', async () => {
  for (const silentAfter of [0, 1, 3]) {
    const { sftp } = await openMemory({ silentAfter, extensions: [] }, { timeout: 60_000 });
    const error = await failure(sftp.upload(pattern(1_000_000), 'up', { timeout: 100 }), 'TIMEOUT');
    assert.equal(error.details.path, 'up');
    await sftp.close();
  }
  const { sftp, fs } = await openMemory();
  async function* lazy(): AsyncGenerator<Buffer> {
    yield Buffer.from('a');
    await sleep(300);
    yield Buffer.from('b');
  }
  await sftp.upload(lazy(), 'up', { timeout: 100 });
  assert.equal(fs.get('up').toString(), 'ab');
});

test('what the server answers wrongly to a WRITE fails the upload', async () => {
  for (const reply of [102, 103, 104, 105, 201]) {
    const { sftp } = await openMemory({
      wrongReplyType: { request: 6, reply, body: Buffer.alloc(8) },
      extensions: [],
    });
    await within(2000, failure(sftp.upload(pattern(100), 'up'), 'SFTP_PROTOCOL'));
  }
});

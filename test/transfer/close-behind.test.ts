/** The CLOSE of an upload goes out behind its last WRITE, before that is answered, and nothing goes by a handle after it. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import { SftpSession } from '../../src/sftp/session.ts';
import { Budget } from '../../src/transfer/budget.ts';
import { Lanes } from '../../src/transfer/lanes.ts';
import type { UploadOptions } from '../../src/transfer/options.ts';
import { type Tuning, tuningFor } from '../../src/transfer/tuning.ts';
import { type UploadSource, upload } from '../../src/transfer/upload.ts';
import { channelPair } from '../support/sftp/channel-pair.ts';
import { HOME, MemoryFs } from '../support/sftp/memory-fs.ts';
import {
  assertSameBytes,
  failure,
  type MemorySession,
  openMemory,
  pattern,
  settleTurns,
  within,
} from '../support/sftp/memory-session.ts';
import { MemorySftpServer } from '../support/sftp/server.ts';
import type { Sins } from '../support/sftp/sins.ts';

const { SSH_FXP_INIT, SSH_FXP_OPEN, SSH_FXP_WRITE, SSH_FXP_CLOSE, SSH_FXP_EXTENDED, SSH_FXP_FSETSTAT } =
  SFTP_PACKETS;
const SAFE = { requestBytes: 32_768 } as const;
const content = pattern(1_000_000);

/** Types of the requests that arrived, those in a row told once. */
function road({ received }: MemorySftpServer): number[] {
  const types = received.map(({ type }) => type);
  return types.filter((type, at) => type !== types[at - 1]);
}

/** That each CLOSE came once, and no request by its handle behind it. */
function assertNothingBehind({ received }: MemorySftpServer): void {
  const over = new Set<string>();
  for (const { type, body } of received) {
    const handle = body.subarray(0, 4 + body.readUInt32BE(0)).toString('hex');
    if (type === SSH_FXP_WRITE || type === SSH_FXP_CLOSE) assert.ok(!over.has(handle), 'by a closed handle');
    if (type === SSH_FXP_CLOSE) over.add(handle);
  }
  assert.equal(over.size, 1);
}

/** Whether a CLOSE goes out while no WRITE is answered. */
async function closesAhead(
  memory: MemorySession,
  options: UploadOptions,
  source: UploadSource = content,
): Promise<boolean> {
  memory.server.sins.silentOn = [SSH_FXP_WRITE];
  memory.server.received.length = 0;
  const stop = new AbortController();
  const done = failure(memory.sftp.upload(source, 'up', { ...options, signal: stop.signal }), 'ABORTED');
  await sleep(50);
  await settleTurns();
  assert.ok(memory.server.count(SSH_FXP_WRITE) > 0);
  const ahead = memory.server.count(SSH_FXP_CLOSE) > 0;
  stop.abort();
  await within(2000, done);
  await settleTurns();
  assertNothingBehind(memory.server);
  return ahead;
}

async function* slowly(): AsyncGenerator<Buffer> {
  yield content.subarray(0, 300_000);
  await sleep(5);
  yield content.subarray(300_000);
}

test('behind WRITEs of a size that any server takes, from every kind of source', async () => {
  for (const source of [content, Readable.from([content]), slowly()])
    assert.equal(await closesAhead(await openMemory(), SAFE, source), true);
  assert.equal(await closesAhead(await openMemory(), { ...SAFE, at: 5 }), true);
  assert.equal(await closesAhead(await openMemory(), { ...SAFE, atomic: true, verify: true }), true);
});

test('behind larger WRITEs as soon as the server has taken one of the size', async () => {
  const memory = await openMemory();
  assert.equal(await closesAhead(memory, {}), false);
  delete memory.server.sins.silentOn;
  await memory.sftp.upload(content, 'first');
  assert.equal(await closesAhead(memory, {}), true);
});

test('not while the handle may be needed: one request at a time, fsync, a longer file that is there', async () => {
  assert.equal(await closesAhead(await openMemory(), { ...SAFE, maxRequests: 1 }), false);
  assert.equal(await closesAhead(await openMemory(), { ...SAFE, fsync: true }), false);
  const memory = await openMemory();
  memory.fs.put('up', pattern(1_200_000));
  const source = (): Readable => Readable.from([content]);
  assert.equal(await closesAhead(memory, { ...SAFE, resume: 10 }, source()), false);
  delete memory.server.sins.silentOn;
  memory.server.received.length = 0;
  await memory.sftp.upload(source(), 'up', { ...SAFE, resume: 10, fsync: true });
  assertSameBytes(memory.fs.get('up').subarray(10), content.subarray(10));
  assert.equal(memory.fs.get('up').length, 1_000_000);
  const [_open, _fstat, ...rest] = road(memory.server);
  assert.deepEqual(rest, [SSH_FXP_WRITE, SSH_FXP_FSETSTAT, SSH_FXP_EXTENDED, SSH_FXP_CLOSE]);
});

test('an upload is done when every WRITE and the CLOSE are answered, in whatever order', async () => {
  for (const reorderReplies of [1, 2, 3, 4]) {
    const memory = await openMemory({ delay: 10, reorderReplies });
    await memory.sftp.upload(content, 'up', SAFE);
    assertSameBytes(memory.fs.get('up'), content);
    assert.equal(memory.server.openHandles, 0);
    assertNothingBehind(memory.server);
  }
  for (const type of [SSH_FXP_WRITE, SSH_FXP_CLOSE]) {
    const memory = await openMemory({ silentOn: [type] });
    const error = await failure(memory.sftp.upload(content, 'up', { ...SAFE, timeout: 100 }), 'TIMEOUT');
    assert.equal(error.details.path, 'up');
    assertNothingBehind(memory.server);
  }
});

test('a WRITE that fails behind the CLOSE: its status, its offset, and what is safe', async () => {
  for (const [status, code] of [
    [4, 'SFTP_FAILURE'],
    [3, 'SFTP_PERMISSION_DENIED'],
  ] as const) {
    for (const offset of [0, 500_000, 999_999]) {
      for (const atomic of [false, true]) {
        const memory = await openMemory({ failWriteAt: { offset, status, always: true }, delay: 10 });
        const error = await failure(memory.sftp.upload(content, 'up', { ...SAFE, atomic }), code);
        const { safeLength, offset: at, operation, serverMessage } = error.details;
        assert.deepEqual([at, operation, serverMessage], [safeLength, 'write', 'no space left']);
        assert.equal(safeLength, offset - (offset % 32_768));
        assertNothingBehind(memory.server);
        if (!atomic)
          assertSameBytes(memory.fs.get('up').subarray(0, safeLength), content.subarray(0, safeLength));
        else assert.deepEqual(memory.fs.names(HOME), [], 'the temporary file is gone');
        assert.equal(memory.server.openHandles, 0);
      }
    }
  }
});

test('a size that was taken and is refused later: the upload fails, and nothing goes again by a closed handle', async () => {
  const memory = await openMemory({ delay: 5 });
  await memory.sftp.upload(content, 'first');
  memory.server.sins.largestWrite = { bytes: 32_768, status: 4 };
  memory.server.received.length = 0;
  const error = await failure(memory.sftp.upload(content, 'up'), 'SFTP_FAILURE');
  assert.equal(error.details.safeLength, 0);
  assertNothingBehind(memory.server);
  // Refused before the source has ended: in pieces, and the CLOSE comes last.
  memory.server.received.length = 0;
  const long = pattern(30_000_000);
  await memory.sftp.upload(long, 'up');
  assertSameBytes(memory.fs.get('up'), long);
  assertNothingBehind(memory.server);
});

test('a CLOSE that fails behind good WRITEs fails the upload, and takes the temporary file away', async () => {
  const memory = await openMemory({ failClose: 4, delay: 10 });
  const error = await failure(memory.sftp.upload(content, 'up', { ...SAFE, atomic: true }), 'SFTP_FAILURE');
  assert.match(error.message, /quota/);
  assert.equal(error.details.operation, 'close');
  assert.deepEqual(memory.fs.names(HOME), []);
});

test('a connection that is cut anywhere in between is CONNECTION_LOST', async () => {
  const whole = await openMemory();
  await whole.sftp.upload(content, 'up', SAFE);
  const last = whole.server.received.length;
  for (let after = 2; after < last; after++) {
    const memory = await openMemory({ earlyClose: { after, how: 'lost' } });
    const error = await failure(memory.sftp.upload(content, 'up', SAFE), 'CONNECTION_LOST');
    const { safeLength = 0 } = error.details;
    assert.ok(safeLength <= memory.fs.get('up').length, `after ${after}`);
  }
  const memory = await openMemory({ earlyClose: { after: last, how: 'lost' } });
  await memory.sftp.upload(content, 'up', SAFE);
});

/** A long road: sessions on one file system, each with a window that a few WRITEs fill. */
class LongRoad {
  readonly fs: MemoryFs = new MemoryFs();
  readonly servers: MemorySftpServer[] = [];
  readonly #sins: Sins;
  /** Which versions the servers of lanes tell. */
  readonly #version: number | 'silent';
  /** What lanes said to servers that tell none. */
  readonly unheard: Buffer[] = [];

  constructor(sins: Sins = {}, version: number | 'silent' = 3) {
    this.#sins = sins;
    this.#version = version;
  }

  readonly #start = (version: number | 'silent'): { session: SftpSession; started: Promise<void> } => {
    const pair = channelPair({ window: 100_000, clientChunk: 20_000 });
    if (version === 'silent') pair.server.onData = (bytes) => this.unheard.push(Buffer.from(bytes));
    else this.servers.push(new MemorySftpServer(pair.server, { ...this.#sins, version }, this.fs));
    const session = new SftpSession(pair.client, 5000);
    const started = session.start();
    started.catch(() => {});
    return { session, started };
  };

  async upload(source: UploadSource, options: UploadOptions = {}): Promise<unknown> {
    const { session, started } = this.#start(3);
    await started;
    const lanes = new Lanes(async () => this.#start(this.#version).session);
    const tuning: Tuning = { ...tuningFor(undefined, { stripe: true }, lanes), writes: new LongBudget() };
    try {
      return await upload(session, Promise.resolve(tuning), source, 'up', options);
    } finally {
      lanes.close();
      await session.close();
    }
  }

  /** Those that got a part of the file. */
  get used(): MemorySftpServer[] {
    return this.servers.filter((server) => server.count(SSH_FXP_WRITE) > 0);
  }
}

class LongBudget extends Budget {
  override get roundTrip(): number {
    return 50;
  }
}

const long = pattern(12_000_000);

test('each lane is closed behind its own last WRITE, and the name is given when all are', async () => {
  const road = new LongRoad({ delay: 5 });
  await road.upload(long, { atomic: true });
  assertSameBytes(road.fs.get('up'), long);
  assert.ok(road.used.length > 1, 'several lanes');
  for (const server of road.used) {
    assertNothingBehind(server);
    assert.equal(server.openHandles, 0);
  }
  const order = road.servers[0]!.received.map(({ type }) => type);
  assert.equal(order.at(-1), SSH_FXP_EXTENDED, 'posix-rename');
});

for (const [what, sins, code] of [
  ['a WRITE', { failWriteAt: { offset: 11_999_999, status: 4 } }, 'SFTP_FAILURE'],
  ['a CLOSE', { failClose: 4 }, 'SFTP_FAILURE'],
] as const) {
  test(`${what} that fails on any lane fails the upload, and no name is given`, async () => {
    const road = new LongRoad({ ...sins, delay: 5 });
    await failure(road.upload(long, { atomic: true }), code);
    assert.ok(road.used.length > 1, 'several lanes');
    for (const server of road.used) assertNothingBehind(server);
    assert.deepEqual(road.fs.names(HOME), []);
  });
}

test('a lane whose server says another version than the first is none, and nobody is told', async () => {
  const road = new LongRoad({ delay: 5 }, 9);
  await road.upload(long);
  assertSameBytes(road.fs.get('up'), long);
  assert.ok(road.servers.length > 1);
  assert.equal(road.used.length, 1);
});

test('the OPEN of a lane does not wait for the answer to INIT, and nobody waits for a lane', async () => {
  const road = new LongRoad({ delay: 5 }, 'silent');
  await within(10_000, road.upload(long));
  assertSameBytes(road.fs.get('up'), long);
  const said = Buffer.concat(road.unheard);
  const init = 4 + said.readUInt32BE(0);
  assert.deepEqual([said[4], said[init + 4]], [SSH_FXP_INIT, SSH_FXP_OPEN]);
});

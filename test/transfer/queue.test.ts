/** The queue: limits, adding and cancelling while it runs, lost connections, and a journal for the next process. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WherryError } from '../../src/base/errors.ts';
import type { PooledConnection } from '../../src/transfer/queue/pool.ts';
import type { QueueOptions, QueueProgress, QueueSession } from '../../src/transfer/queue/queue-options.ts';
import { backOff } from '../../src/transfer/queue/retry.ts';
import { QueueRunner } from '../../src/transfer/queue/transfer-queue.ts';
import { RateLimit } from '../../src/transfer/rate-limit.ts';
import { MemoryFs } from '../support/sftp/memory-fs.ts';
import {
  assertSameBytes,
  failure,
  localFolder,
  type MemorySession,
  openMemory,
  pattern,
  within,
} from '../support/sftp/memory-session.ts';
import type { Sins } from '../support/sftp/sins.ts';

interface Bench {
  queue: QueueRunner;
  fs: MemoryFs;
  /** One for each session that was opened. */
  sessions: MemorySession[];
  connections: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A queue whose connections go to one memory server; `sins` tells those of the session of that number. */
function bench(
  options: QueueOptions,
  sins: (session: number) => Sins = () => ({}),
  fs: MemoryFs = new MemoryFs(),
  refuse: (connection: number) => WherryError | undefined = () => undefined,
): Bench {
  const all: Bench = {
    queue: undefined as never,
    fs,
    sessions: [],
    connections: 0,
    [Symbol.asyncDispose]: () => all.queue.close(),
  };
  const connect = async (): Promise<PooledConnection<QueueSession>> => {
    const error = refuse(++all.connections);
    if (error !== undefined) throw error;
    let closed = false;
    return {
      get closed() {
        return closed;
      },
      async openSession() {
        const memory = await openMemory(sins(all.sessions.length), { fs });
        all.sessions.push(memory);
        return memory.sftp;
      },
      async close() {
        closed = true;
      },
    };
  };
  all.queue = new QueueRunner(connect, { retryDelay: 1, ...options });
  return all;
}

test('files go down and up, as many at a time as allowed, and more are added while it runs', async () => {
  await using folder = await localFolder();
  const progress: QueueProgress[] = [];
  await using made = bench({ concurrency: 3, onProgress: (now) => progress.push(now) }, () => ({
    delay: 1,
  }));
  const { queue, fs, sessions } = made;
  for (let i = 0; i < 8; i++) fs.put(`f${i}`, pattern(100_000, i));
  const all = Array.from({ length: 7 }, (_, i) =>
    queue.add({ direction: 'download', remote: `f${i}`, local: folder.file(`f${i}`) }, {}),
  );
  let most = 0;
  const watch = setInterval(() => {
    most = Math.max(most, queue.running.length);
  }, 1);
  await all[0]!.finished;
  await writeFile(folder.file('up'), pattern(50_000));
  all.push(queue.add({ direction: 'upload', local: folder.file('up'), remote: 'up' }, {}));
  const { done, failed, bytes } = await within(20_000, queue.idle());
  clearInterval(watch);
  assert.deepEqual([done, failed, bytes], [8, 0, 750_000]);
  assert.ok(most <= 3, `${most} at a time`);
  assert.ok(all.every(({ state }) => state === 'done'));
  for (let i = 0; i < 7; i++) assertSameBytes(await readFile(folder.file(`f${i}`)), pattern(100_000, i));
  assertSameBytes(fs.get('up'), pattern(50_000));
  assert.equal(sessions.length, 1);
  await queue.close();
});

test('a lost connection: a new one, and files go on where they stopped', async () => {
  await using folder = await localFolder();
  await using made = bench({ concurrency: 2 }, (session) =>
    session < 4 ? { earlyClose: { after: 20 + session, how: 'lost' }, extensions: [] } : { extensions: [] },
  );
  const { queue, fs, sessions } = made;
  const content = pattern(3_000_000);
  fs.put('down', content);
  await writeFile(folder.file('source'), content);
  const down = queue.add({ direction: 'download', remote: 'down', local: folder.file('down') }, {});
  const up = queue.add({ direction: 'upload', local: folder.file('source'), remote: 'up' }, { atomic: true });
  const result = await within(20_000, queue.idle());
  assert.deepEqual([result.done, result.failed], [2, 0], String(await down.finished.catch(String)));
  assertSameBytes(await readFile(folder.file('down')), content);
  assertSameBytes(fs.get('up'), content);
  assert.ok(sessions.length >= 5);
  assert.ok(down.attempts + up.attempts > 2);
  assert.ok(!fs.has('up.wherry-part'));
  assert.deepEqual(await folder.names(), ['down', 'source']);
  await queue.close();
});

test('a source that is replaced while the connection is lost is sent from its beginning', async () => {
  await using folder = await localFolder();
  const [first, second] = [pattern(9_000_000), pattern(8_500_000, 2)];
  await writeFile(folder.file('source'), first);
  await using made = bench({}, (session) => {
    if (session > 0) writeFileSync(folder.file('source'), second);
    return session > 0 ? {} : { earlyClose: { after: 200, how: 'lost' }, extensions: [] };
  });
  const { queue, fs } = made;
  const up = queue.add({ direction: 'upload', local: folder.file('source'), remote: 'up' }, {});
  await within(20_000, up.finished);
  assert.equal(up.attempts, 2);
  assertSameBytes(fs.get('up'), second);
  await queue.close();
});

test('a server that refuses further connections is served with fewer', async () => {
  await using folder = await localFolder();
  const limit = new WherryError('SSH_VERSION_EXCHANGE', 'Exceeded MaxStartups');
  await using made = bench(
    { concurrency: 6, connections: 6 },
    () => ({ delay: 2 }),
    new MemoryFs(),
    (connection) => (connection > 2 ? limit : undefined),
  );
  const { queue, fs, sessions } = made;
  for (let i = 0; i < 20; i++) fs.put(`f${i}`, pattern(10_000, i));
  for (let i = 0; i < 20; i++)
    queue.add({ direction: 'download', remote: `f${i}`, local: folder.file(`f${i}`) }, {});
  const result = await within(20_000, queue.idle());
  assert.deepEqual([result.done, result.failed], [20, 0]);
  assert.equal(sessions.length, 2);
  await queue.close();
});

test('failures that do not pass end a file at once, others after the attempts allowed', async () => {
  await using folder = await localFolder();
  const refused = new WherryError('CONNECT_REFUSED', 'no');
  const never = bench({ retries: 2 }, undefined, undefined, () => refused);
  const one = never.queue.add({ direction: 'download', remote: 'f', local: folder.file('f') }, {});
  await failure(one.finished, 'CONNECT_REFUSED');
  assert.deepEqual([one.attempts, one.state, never.connections], [3, 'failed', 3]);
  await never.queue.close();
  const stranger = bench({}, undefined, undefined, () => new WherryError('HOST_KEY_UNKNOWN', 'who'));
  const two = stranger.queue.add({ direction: 'download', remote: 'f', local: folder.file('f') }, {});
  await failure(two.finished, 'HOST_KEY_UNKNOWN');
  assert.equal(two.attempts, 1);
  await stranger.queue.close();
  const fine = bench({});
  const missing = fine.queue.add({ direction: 'download', remote: 'missing', local: folder.file('f') }, {});
  await failure(missing.finished, 'SFTP_NO_SUCH_FILE');
  assert.equal((await fine.queue.idle()).failed, 1);
  await fine.queue.close();
  assert.throws(() => fine.queue.add({ direction: 'upload', local: 'a', remote: 'b' }, {}), {
    code: 'CLOSED',
  });
  for (const options of [{ concurrency: 0 }, { connections: 1.5 }, { channels: -1 }, { retries: -1 }])
    assert.throws(() => bench(options), { code: 'INVALID_ARGUMENT' });
});

test('attempts that move bytes too quickly for a report are not in vain', async () => {
  await using folder = await localFolder();
  for (const direction of ['download', 'upload'] as const) {
    // Every session ends after a few requests: many more attempts than may fail in a row.
    await using made = bench({ retries: 2 }, () => ({
      earlyClose: { after: 9, how: 'lost' },
      extensions: [],
    }));
    const { queue, fs } = made;
    fs.put('there', pattern(1_000_000));
    await writeFile(folder.file('here'), pattern(1_000_000));
    const ends =
      direction === 'download'
        ? { remote: 'there', local: folder.file('down') }
        : { remote: 'up', local: folder.file('here') };
    const one = queue.add({ direction, ...ends }, { requestBytes: 32_768, maxRequests: 2 });
    await within(20_000, one.finished);
    assert.ok(one.attempts > 4, `${one.attempts} attempts`);
  }
});

test('a server that breaks off at large WRITEs gets small ones, one at a time, from the third attempt on', async () => {
  await using folder = await localFolder();
  await using made = bench({}, () => ({ largestWrite: { bytes: 32_768, status: 'close' } }));
  const { queue, fs, sessions } = made;
  await writeFile(folder.file('source'), pattern(1_000_000));
  const one = queue.add({ direction: 'upload', local: folder.file('source'), remote: 'up' }, {});
  await within(20_000, one.finished);
  assertSameBytes(fs.get('up'), pattern(1_000_000));
  assert.equal(one.attempts, 3);
  assert.equal(sessions.at(-1)!.server.mostUnderWay, 1);
});

test('pause holds what waits and what runs; cancel takes one file out and leaves nothing of it', async () => {
  await using folder = await localFolder();
  const rateLimit = new RateLimit(10_000_000);
  await using all = bench({ paused: true, concurrency: 1, rateLimit });
  const { queue, fs } = all;
  fs.put('big', pattern(20_000_000));
  const add = (name: string): ReturnType<QueueRunner['add']> =>
    queue.add({ direction: 'download', remote: 'big', local: folder.file(name) }, {});
  const [a, b, c] = [add('a'), add('b'), add('c')];
  await sleep(20);
  assert.equal(a.state, 'waiting');
  queue.resume();
  for (let i = 0; i < 1000 && a.transferred === 0; i++) await sleep(2);
  queue.pause();
  await sleep(100);
  const held = a.transferred;
  await sleep(100);
  assert.ok(a.transferred === held && held < 20_000_000, `${held} of 20 MB while paused`);
  b.cancel();
  a.cancel();
  await failure(a.finished, 'ABORTED');
  await failure(b.finished, 'ABORTED');
  rateLimit.bytesPerSecond = 1e9;
  queue.resume();
  await within(10_000, c.finished);
  await sleep(20);
  assert.deepEqual(await folder.names(), ['c']);
  assert.deepEqual([a.state, b.state, c.state], ['cancelled', 'cancelled', 'done']);
  assert.equal((await queue.idle()).cancelled, 2);
  await queue.close();
});

test('a journal: the next queue goes on with what is left, repeats nothing that is done, and removes it', async () => {
  await using folder = await localFolder();
  const journal = folder.file('journal');
  const fs = new MemoryFs();
  const contentOf = (name: string): Buffer =>
    pattern(name === 'b' ? 30_000_000 : 2_000_000, name.charCodeAt(0));
  for (const name of ['a', 'b', 'c']) fs.put(name, contentOf(name));
  const entry = (name: string) =>
    ({ direction: 'download', remote: name, local: folder.file(name) }) as const;
  await using first = bench({ journal, concurrency: 1, rateLimit: 10_000_000 }, undefined, fs);
  const a = first.queue.add(entry('a'), {});
  const b = first.queue.add(entry('b'), {});
  first.queue.add(entry('c'), {}).finished.catch(() => {});
  await a.finished;
  for (let i = 0; i < 1000 && b.transferred === 0; i++) await sleep(2);
  await first.queue.close();
  const left = (await stat(folder.file('b.wherry-part'))).size;
  assert.ok(left > 0);
  await writeFile(journal, `${await readFile(journal, 'utf8')}{"add":{"direc`);

  await using second = bench({ journal, concurrency: 1 }, () => ({}), fs);
  assert.equal(second.queue.waiting.length, 2);
  assert.equal(second.queue.add(entry('a'), {}).state, 'done');
  assert.equal(second.queue.add(entry('b'), {}), second.queue.waiting[0]);
  const result = await within(20_000, second.queue.idle());
  assert.equal(result.failed, 0);
  assert.equal(result.bytes, 32_000_000 - left, 'what was there is not fetched again');
  for (const name of ['a', 'b', 'c']) assertSameBytes(await readFile(folder.file(name)), contentOf(name));
  await second.queue.close();
  assert.deepEqual(await folder.names(), ['a', 'b', 'c']);
  await writeFile(folder.file('other'), 'something else');
  assert.throws(() => bench({ journal: folder.file('other') }), { code: 'INVALID_ARGUMENT' });
  assert.equal(await readFile(folder.file('other'), 'utf8'), 'something else');
});

test('the pause between attempts doubles up to half a minute, half of it by chance', () => {
  assert.equal(
    backOff(1, 1000, () => 0),
    500,
  );
  assert.equal(
    backOff(1, 1000, () => 1),
    1000,
  );
  assert.equal(
    backOff(4, 1000, () => 1),
    8000,
  );
  assert.equal(
    backOff(40, 1000, () => 1),
    30_000,
  );
});

/** What a transfer promises about the bytes: parts without holes, stable storage, files that go away or stay silent. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { chmod, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { mock, test } from 'node:test';
import { WherryError } from '../../src/base/errors.ts';
import { FilesError } from '../../src/server/files/served-files.ts';
import { type Progress, ProgressMeter } from '../../src/transfer/progress.ts';
import { QueueRunner } from '../../src/transfer/queue/transfer-queue.ts';
import { HOME } from '../support/sftp/memory-fs.ts';
import {
  assertSameBytes,
  failure,
  localFolder,
  openMemory,
  pattern,
  within,
} from '../support/sftp/memory-session.ts';
import type { MemorySftpServer } from '../support/sftp/server.ts';
import { NO_LIMITS_EXTENSION } from '../support/sftp/sins.ts';
import { Cursor } from '../support/sftp/wire.ts';

for (const how of ['keepPartial', 'resume', 'inPlace'] as const) {
  test(`${how}: what is on the disk is gapless at any time, whatever order the server answers in`, async () => {
    const { sftp, fs, server } = await openMemory({
      reorderReplies: 5,
      delay: 3,
      extensions: NO_LIMITS_EXTENSION,
    });
    const content = pattern(3_000_000);
    fs.put('f', content);
    await using folder = await localFolder();
    const target = folder.file('t');
    const part = how === 'inPlace' ? target : `${target}.wherry-part`;
    let seen = 0;
    // Looked at with every READ, which come one by one as answers do.
    Object.defineProperty(server.sins, 'shortReads', {
      get() {
        const now = readFileSync(part);
        assertSameBytes(now, content.subarray(0, now.length), 'the part');
        if (now.length > 0) seen++;
        return undefined;
      },
    });
    await sftp.download('f', target, { [how]: true, maxRequests: 16 });
    assert.ok(seen > 10, 'it was looked at on the way');
    assertSameBytes(await readFile(target), content);
  });
}

/** Requests by name, in the order they came. */
function order(received: MemorySftpServer['received']): string[] {
  const names: Readonly<Record<number, string>> = {
    3: 'open',
    4: 'close',
    6: 'write',
    13: 'remove',
    18: 'rename',
  };
  return received.flatMap(({ type, body }) => (type === 200 ? new Cursor(body).text() : (names[type] ?? [])));
}

test('fsync: asked for when all is acknowledged, before the file is closed and gets its name', async () => {
  const { sftp, fs, server } = await openMemory();
  await sftp.upload(pattern(600_000), 'up', { fsync: true, atomic: true });
  const asked = order(server.received).filter((name) => !['limits@openssh.com'].includes(name));
  assert.deepEqual(
    asked.filter((name, i) => name !== asked[i - 1]),
    ['open', 'write', 'fsync@openssh.com', 'close', 'posix-rename@openssh.com'],
  );
  assertSameBytes(fs.get('up'), pattern(600_000));
  await sftp.upload(pattern(10), 'plain');
  assert.equal(
    order(server.received).filter((name) => name === 'fsync@openssh.com').length,
    1,
    'only when asked',
  );
});

test('fsync that a server does not offer, or that fails, fails the upload, and the target stays as it was', async () => {
  for (const [sins, code] of [
    [{ extensions: [] }, 'SFTP_OP_UNSUPPORTED'],
    [{ failOn: new Map([['fsync@openssh.com', { status: 4 }]]) }, 'SFTP_FAILURE'],
  ] as const) {
    const { sftp, fs } = await openMemory(sins);
    fs.put('up', Buffer.from('old'));
    await failure(sftp.upload(pattern(1000), 'up', { fsync: true, atomic: true }), code);
    assert.equal(fs.get('up').toString(), 'old');
    assert.deepEqual(fs.names(HOME).length, 1, 'no temporary file');
  }
});

test('fsync of a download: once, on the temporary file, before it gets its name', async () => {
  await using folder = await localFolder();
  const probe = await open(folder.file('probe'), 'w');
  const seen: string[][] = [];
  const sync = mock.method(Object.getPrototypeOf(probe), 'sync', async () => {
    seen.push(await folder.names());
  });
  try {
    const { sftp, fs } = await openMemory();
    fs.put('f', pattern(100_000));
    await sftp.download('f', folder.file('t'), { fsync: true });
    await sftp.download('f', folder.file('without'));
    assert.equal(seen.length, 1);
    assert.ok(
      !seen[0]!.includes('t') && seen[0]!.some((name) => name.endsWith('.wherry-tmp')),
      String(seen[0]),
    );
  } finally {
    sync.mock.restore();
    await probe.close();
  }
});

/** The clock of the process, which a test puts forward. */
function movableClock(): { forward(ms: number): void; restore(): void } {
  const now = performance.now.bind(performance);
  let ahead = 0;
  const { mock: made } = mock.method(performance, 'now', () => now() + ahead);
  return {
    forward: (ms) => {
      ahead += ms;
    },
    restore: () => made.restore(),
  };
}

test('stalled: told after five seconds without a byte, and no more when bytes come; no eta meanwhile', () => {
  const clock = movableClock();
  const seen: Progress[] = [];
  const meter = new ProgressMeter((progress) => seen.push(progress), 0, 1000);
  try {
    clock.forward(200);
    meter.add(100);
    assert.deepEqual([seen.at(-1)!.stalled, seen.at(-1)!.eta! > 0], [false, true]);
    clock.forward(4000);
    meter.add(0);
    assert.equal(seen.at(-1)!.stalled, false);
    clock.forward(1500);
    meter.add(0);
    assert.deepEqual([seen.at(-1)!.stalled, seen.at(-1)!.eta], [true, undefined]);
    meter.add(100);
    clock.forward(200);
    meter.add(100);
    assert.deepEqual([seen.at(-1)!.stalled, seen.at(-1)!.transferred], [false, 300]);
  } finally {
    meter.stop();
    clock.restore();
  }
});

test('a server that falls silent: a file, a folder and a queue say stalled, then end with TIMEOUT', async () => {
  const clock = movableClock();
  try {
    await using folder = await localFolder();
    const silent = async () => {
      const memory = await openMemory({ silentAfter: 12 }, { timeout: 2500 });
      memory.fs.mkdir('tree');
      memory.fs.put('tree/f', pattern(9_000_000));
      return memory;
    };
    const [one, many, queued] = await Promise.all([silent(), silent(), silent()]);
    const stalls: Record<string, boolean> = { file: false, tree: false, queue: false };
    const watch = (what: string) => ({
      onProgress: ({ stalled }: Progress) => {
        if (stalled) stalls[what] = true;
      },
    });
    const connect = async () => ({
      closed: false,
      openSession: async () => queued.sftp,
      close: async () => {},
    });
    const queue = new QueueRunner(connect, { retries: 0, ...watch('queue') });
    const running = [
      one.sftp.download('tree/f', folder.file('f'), watch('file')),
      many.sftp.downloadTree('tree', folder.file('tree'), watch('tree')),
      queue.add({ direction: 'download', remote: 'tree/f', local: folder.file('q') }, {}).finished,
    ].map((transfer) => within(20_000, failure(transfer, 'TIMEOUT')));
    setTimeout(() => clock.forward(6000), 300);
    await Promise.all(running);
    await queue.close();
    // What still waits for a clean-up goes by a clock that is about to go back.
    for (const { pair } of [one, many, queued]) pair.server.close();
    assert.deepEqual(stalls, { file: true, tree: true, queue: true });
  } finally {
    clock.restore();
  }
});

test('files that vanish between listing and opening: told by name, the others arrive', async () => {
  const { sftp, fs } = await openMemory();
  fs.mkdir('tree');
  for (const name of ['a', 'b', 'c']) fs.put(`tree/${name}`, pattern(1000));
  await using folder = await localFolder();
  const options = { concurrency: 1, continueOnError: true } as const;
  const down = await sftp.downloadTree('tree', folder.file('down'), {
    ...options,
    onFile: () => fs.has('tree/b') && fs.remove(`${HOME}/tree/b`),
  });
  assert.deepEqual([down.files, down.failed.map(({ path }) => path)], [2, ['b']]);
  assert.equal((down.failed[0]!.error as WherryError).code, 'SFTP_NO_SUCH_FILE');
  await mkdir(folder.file('up'));
  for (const name of ['a', 'b', 'c']) await writeFile(folder.file(`up/${name}`), 'x');
  let vanished: Promise<void> | undefined;
  const up = await sftp.uploadTree(folder.file('up'), 'up', {
    ...options,
    atomic: true,
    fsync: true,
    onFile: ({ path }) => {
      vanished ??= Promise.all(
        ['a', 'b', 'c'].filter((name) => name !== path).map((name) => rm(folder.file(`up/${name}`))),
      ).then(() => {});
    },
  });
  await vanished;
  for (const { error } of up.failed) assert.equal((error as WherryError).code, 'TRANSFER_LOCAL_FILE');
  assert.equal(up.files + up.failed.length, 3);
});

test('a folder that cannot be listed: told with continueOnError, the others are moved; else it ends the run', async () => {
  const { sftp, fs } = await openMemory();
  fs.mkdir('tree');
  for (const name of ['a', 'locked', 'z']) {
    fs.mkdir(`tree/${name}`);
    fs.put(`tree/${name}/f`, pattern(10));
  }
  const names = fs.names.bind(fs);
  fs.names = (path) => {
    if (path.endsWith('locked')) throw new FilesError('SSH_FX_PERMISSION_DENIED', 'Permission denied');
    return names(path);
  };
  await using folder = await localFolder();
  const { files, failed } = await sftp.downloadTree('tree', folder.file('down'), { continueOnError: true });
  assert.deepEqual([files, failed.map(({ path }) => path)], [2, ['locked']]);
  await failure(sftp.downloadTree('tree', folder.file('again')), 'SFTP_PERMISSION_DENIED');
  const mirrored = await sftp.mirrorDown('tree', folder.file('down'), {
    continueOnError: true,
    delete: true,
  });
  assert.deepEqual(
    [mirrored.deleted, mirrored.failed.length],
    [0, 1],
    'what could not be listed is not deleted',
  );
});

test('a source that may not be read, a target there that may not be written: typed, and nothing is left', async () => {
  const { sftp, fs } = await openMemory({ failOn: new Map([[3, { status: 3 }]]) });
  fs.put('f', pattern(10));
  await using folder = await localFolder();
  await failure(sftp.upload(pattern(10), 'up'), 'SFTP_PERMISSION_DENIED');
  await failure(sftp.download('f', folder.file('t')), 'SFTP_PERMISSION_DENIED');
  assert.deepEqual(await folder.names(), []);
  if (process.getuid?.() === 0) return;
  await writeFile(folder.file('secret'), 'x');
  await chmod(folder.file('secret'), 0);
  const error = await failure(sftp.upload(folder.file('secret'), 'up'), 'TRANSFER_LOCAL_FILE');
  assert.equal(error.details.errno, 'EACCES');
});

test('a full disk there: the failure of the server, how far it came, and no temporary file', async () => {
  const { sftp, fs } = await openMemory({ failWriteAt: { offset: 500_000, status: 4, always: true } });
  const error = await failure(sftp.upload(pattern(2_000_000), 'up', { atomic: true }), 'SFTP_FAILURE');
  assert.ok(error instanceof WherryError && error.details.safeLength! <= 500_000);
  assert.deepEqual(fs.names(HOME), []);
});

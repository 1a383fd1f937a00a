/** Servers that bear less than they say: sizes of requests fall and recover, and known servers have a row. */
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { Sftp } from '../../src/api/sftp.ts';
import { Budget } from '../../src/transfer/budget.ts';
import { RequestSize, SAFE_BYTES, SessionSize } from '../../src/transfer/request-size.ts';
import { profileOf, SERVER_PROFILES, type ServerProfile } from '../../src/transfer/server-profiles.ts';
import { tuned, tuningFor } from '../../src/transfer/tuning.ts';
import {
  assertSameBytes,
  failure,
  localFolder,
  type MemorySession,
  openMemory,
  pattern,
} from '../support/sftp/memory-session.ts';
import { Cursor } from '../support/sftp/wire.ts';

/** Bytes of each WRITE, or each READ, in the order they were asked for. */
function sizesOf({ server }: MemorySession, type: 5 | 6): number[] {
  return server.received
    .filter((request) => request.type === type)
    .map(({ body }) => {
      const c = new Cursor(body);
      c.raw();
      c.u64();
      return c.u32();
    });
}

/** The same session as a server of that name gives it. */
function named({ session }: MemorySession, serverVersion: string): Sftp {
  return new Sftp(session, { serverVersion });
}

test('a READ asks for less after a short answer, for more after full ones, and longer in vain each time', () => {
  const size = new RequestSize(131_072);
  size.short(50_000);
  assert.equal(size.bytes, 50_000);
  for (let i = 0; i < 32; i++) size.full(50_000);
  assert.equal(size.bytes, 100_000);
  size.short(50_000);
  assert.equal(size.bytes, 50_000);
  for (let i = 0; i < 32; i++) size.full(50_000);
  assert.equal(size.bytes, 50_000, 'tried in vain once: twice the patience');
  for (let i = 0; i < 32; i++) size.full(50_000);
  assert.equal(size.bytes, 100_000);
  for (let i = 0; i < 64; i++) size.full(100_000);
  assert.equal(size.bytes, 131_072, 'never beyond what was said');
  size.short(1);
  assert.equal(size.bytes, 4096, 'never for crumbs');
});

test('READs shrink to what a server gives, and grow again when it gives more', async () => {
  const memory = await openMemory();
  const { server } = memory;
  Object.defineProperty(server.sins, 'shortReads', { get: () => (server.reads > 90 ? undefined : 20_000) });
  const content = pattern(16_000_000);
  memory.fs.put('f', content);
  await using folder = await localFolder();
  await memory.sftp.download('f', folder.file('f'), { maxRequests: 8 });
  assertSameBytes(await readFile(folder.file('f')), content);
  const sizes = sizesOf(memory, 5);
  const least = sizes.indexOf(20_000);
  assert.ok(least > 0, 'asked for what it gives');
  assert.ok(
    sizes.slice(-10).some((size) => size > 100_000),
    'and for more later',
  );
});

for (const status of [4, 5]) {
  test(`a server that refuses large WRITEs with status ${status} gets small ones, of the same bytes`, async () => {
    const memory = await openMemory({ largestWrite: { bytes: SAFE_BYTES, status } });
    await using folder = await localFolder();
    const content = pattern(3_000_001);
    await writeFile(folder.file('source'), content);
    const moved: number[] = [];
    await memory.sftp.upload(folder.file('source'), 'up', {
      onProgress: ({ transferred }) => moved.push(transferred),
    });
    assertSameBytes(memory.fs.get('up'), content);
    assert.equal(moved.at(-1), content.length);
    assert.ok(
      sizesOf(memory, 6).some((size) => size > SAFE_BYTES),
      'it was tried',
    );
    memory.server.received.length = 0;
    await memory.sftp.upload(content, 'again');
    assertSameBytes(memory.fs.get('again'), content);
    assert.ok(Math.max(...sizesOf(memory, 6)) <= SAFE_BYTES, 'the session has learned it');
  });
}

for (const status of [4, 5, 23]) {
  test(`a server that refuses large READs with status ${status} is asked for less, and all comes`, async () => {
    const memory = await openMemory({ largestRead: { bytes: 40_000, status }, reorderReplies: 7 });
    await using folder = await localFolder();
    const content = pattern(3_000_001);
    memory.fs.put('f', content);
    const moved: number[] = [];
    await memory.sftp.download('f', folder.file('f'), {
      onProgress: ({ transferred }) => moved.push(transferred),
    });
    assertSameBytes(await readFile(folder.file('f')), content);
    assert.equal(moved.at(-1), content.length);
    assert.ok(
      sizesOf(memory, 5).some((size) => size > SAFE_BYTES),
      'it was tried',
    );
    memory.server.received.length = 0;
    assertSameBytes(await memory.sftp.readFile('f'), content);
    assert.ok(Math.max(...sizesOf(memory, 5)) <= SAFE_BYTES, 'the session has learned it');
  });
}

test('READs that are refused whatever their size fail the download, and the size is as before', async () => {
  const memory = await openMemory({ largestRead: { bytes: 100, status: 4 } });
  await using folder = await localFolder();
  memory.fs.put('f', pattern(1_000_000));
  const error = await failure(memory.sftp.download('f', folder.file('f')), 'SFTP_FAILURE');
  assert.equal(error.details.safeLength, 0);
  assert.deepEqual(await folder.names(), []);
  delete memory.server.sins.largestRead;
  memory.server.received.length = 0;
  await memory.sftp.readFile('f');
  assert.equal(Math.max(...sizesOf(memory, 5)), 130_560);
});

for (const [what, pastEnd] of Object.entries({
  'a READ behind the end': { status: 4 },
  'a READ that reaches behind the end': { status: 4, crossing: true },
})) {
  test(`a server that answers ${what} with a failure gives the file, and is not asked again`, async () => {
    const memory = await openMemory({ pastEnd });
    await using folder = await localFolder();
    const content = pattern(700_000);
    memory.fs.put('f', content);
    await memory.sftp.download('f', folder.file('f'), { verify: true });
    assertSameBytes(await readFile(folder.file('f')), content);
    memory.server.received.length = 0;
    assertSameBytes(await memory.sftp.readFile('f'), content);
    const ends = memory.server.received
      .filter(({ type }) => type === 5)
      .map(({ body }) => {
        const c = new Cursor(body);
        c.raw();
        return c.u64() + c.u32();
      });
    assert.equal(Math.max(...ends), content.length);
    memory.fs.mkdir('tree');
    memory.fs.put('tree/small', content.subarray(0, 5000));
    memory.fs.put('tree/empty', '');
    memory.fs.put('tree/large', content);
    await memory.sftp.downloadTree('tree', folder.file('down'));
    assertSameBytes(await readFile(folder.file('down/small')), content.subarray(0, 5000));
    assertSameBytes(await readFile(folder.file('down/large')), content);
    assert.equal((await readFile(folder.file('down/empty'))).length, 0);
  });
}

test('an empty file is one only for a server that is known for such failures', async () => {
  const memory = await openMemory({ pastEnd: { status: 4 } });
  memory.fs.put('empty', '');
  memory.fs.put('f', 'f');
  await failure(memory.sftp.readFile('empty'), 'SFTP_FAILURE');
  await memory.sftp.readFile('f');
  assert.equal((await memory.sftp.readFile('empty')).length, 0);
});

test('without a size to go by, a failure is no end of the file', async () => {
  const memory = await openMemory({ pastEnd: { status: 4 }, lyingSize: 'none' });
  memory.fs.put('f', pattern(1000));
  await failure(memory.sftp.readFile('f'), 'SFTP_FAILURE');
});

test('a WRITE that fails for another reason fails the upload, where it began, and the size is as before', async () => {
  const memory = await openMemory({ failWriteAt: { offset: 1_000_000, status: 4, always: true } });
  const content = pattern(3_000_000);
  const error = await failure(memory.sftp.upload(content, 'up'), 'SFTP_FAILURE');
  const safe = error.details.safeLength!;
  assert.ok(safe <= 1_000_000 && safe > 1_000_000 - SAFE_BYTES, `${safe}`);
  assertSameBytes(memory.fs.get('up').subarray(0, safe), content.subarray(0, safe));
  delete memory.server.sins.failWriteAt;
  memory.server.received.length = 0;
  await memory.sftp.upload(content, 'up');
  assert.equal(Math.max(...sizesOf(memory, 6)), 261_120);
  const size = new SessionSize(SAFE_BYTES);
  assert.equal(size.refused(SAFE_BYTES), false);
});

test('32 KiB a request until limits@ says more, and never more than it says', () => {
  const sizes = (limits?: readonly [number, number]): readonly number[] => {
    const told = limits && {
      maxPacketLength: 262_144,
      maxReadLength: limits[0],
      maxWriteLength: limits[1],
      maxOpenHandles: 0,
    };
    const { readSize, writeSize } = tuningFor(told, {}, undefined);
    return [readSize.bytes, writeSize.bytes];
  };
  assert.deepEqual(sizes(), [32_768, 32_768]);
  assert.deepEqual(sizes([0, 0]), [32_768, 32_768]);
  assert.deepEqual(sizes([261_120, 261_120]), [130_560, 261_120]);
  assert.deepEqual(sizes([10_000, 9000]), [10_000, 9000]);
  assert.deepEqual(sizes([1e9, 1e9]), [130_560, 261_120]);
});

const IDENTIFICATIONS: Readonly<Record<keyof typeof SERVER_PROFILES, string>> = {
  'OpenSSH for Windows': 'SSH-2.0-OpenSSH_for_Windows_9.5',
  CrushFTP: 'SSH-2.0-CrushFTPSSHD',
  OpenSSH: 'SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u7',
};

for (const [row, version] of Object.entries(IDENTIFICATIONS)) {
  test(`${version} is known as ${row}, and its row bounds what is sent`, async () => {
    const { set }: { set: ServerProfile } = SERVER_PROFILES[row as keyof typeof SERVER_PROFILES];
    assert.deepEqual(profileOf(version), set);
    const memory = await openMemory(row === 'OpenSSH for Windows' ? { windowsOpenssh: true } : {});
    const sftp = named(memory, version);
    const content = pattern(2_000_000);
    await sftp.upload(content, 'up');
    assertSameBytes(await sftp.readFile('up'), content);
    if (set.readChunk !== undefined) assert.ok(Math.max(...sizesOf(memory, 5)) <= set.readChunk);
    if (set.writeChunk !== undefined) assert.ok(Math.max(...sizesOf(memory, 6)) <= set.writeChunk);
    if (set.requests === 1) assert.equal(memory.server.mostUnderWay, 1);
  });
}

test('a profile may forbid READs behind the size; an option lifts the number of requests', () => {
  assert.deepEqual(profileOf('SSH-2.0-anything'), {});
  const tuning = tuningFor(undefined, { pastEnd: false, requests: 1 }, undefined);
  assert.equal(tuning.readSize.pastEnd, false);
  assert.equal(tuned(tuning, {}).requests, 1);
  assert.equal(tuned(tuning, { maxRequests: 8 }).requests, 8);
  assert.ok(tuning.reads instanceof Budget);
});

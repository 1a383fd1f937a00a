/** Small files of a folder: what goes over the wire for each, how they are stored, and whatever is not as the listing said. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstat, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import { isLocalFileSystem } from '../../src/transfer/local-file-system.ts';
import { LOCAL_PACE, SMALL_FILE_BYTES } from '../../src/transfer/quick-files.ts';
import {
  assertSameBytes,
  type Folder,
  failure,
  localFolder,
  type MemorySession,
  openMemory,
  pattern,
} from '../support/sftp/memory-session.ts';
import type { Sins } from '../support/sftp/sins.ts';

const { SSH_FXP_OPEN, SSH_FXP_READ, SSH_FXP_CLOSE, SSH_FXP_FSTAT, SSH_FXP_STAT, SSH_FXP_LSTAT } =
  SFTP_PACKETS;

const NOT_LOCAL = 'the folder for temporary files is not local';

/** A folder `tree` there with these files. */
async function planted(files: Readonly<Record<string, Uint8Array>>, sins: Sins = {}): Promise<MemorySession> {
  const memory = await openMemory(sins);
  memory.fs.mkdir('tree');
  for (const [name, content] of Object.entries(files)) memory.fs.put(`tree/${name}`, content);
  return memory;
}

async function assertFile(folder: Folder, name: string, content: Uint8Array): Promise<void> {
  assertSameBytes(await readFile(folder.file(`down/${name}`)), content, name);
}

test('a small file costs OPEN, one READ and CLOSE; an empty one the same', async (t) => {
  if (!(await isLocalFileSystem(join(tmpdir(), 'x')))) return t.skip(NOT_LOCAL);
  const files = Object.fromEntries(
    [0, 1, 4096, SMALL_FILE_BYTES].map((size) => [`of-${size}`, pattern(size)]),
  );
  const { sftp, server } = await planted(files);
  await using folder = await localFolder();
  const moved = await sftp.downloadTree('tree', folder.file('down'));
  assert.equal(moved.bytes, 4097 + SMALL_FILE_BYTES);
  for (const [name, content] of Object.entries(files)) await assertFile(folder, name, content);
  for (const type of [SSH_FXP_OPEN, SSH_FXP_READ, SSH_FXP_CLOSE])
    assert.equal(server.count(type), 4 + (type === SSH_FXP_CLOSE ? 1 : 0));
  for (const type of [SSH_FXP_FSTAT, SSH_FXP_STAT, SSH_FXP_LSTAT]) assert.equal(server.count(type), 0);
  assert.equal(server.openHandles, 0);
  assert.deepEqual((await folder.names()).length, 1);
});

/** Whatever the server does, the file comes whole. */
const SINS: Readonly<Record<string, Sins>> = {
  'answers short': { shortReads: 1000 },
  'answers short once': { shortReadAt: { offset: 2000, length: 100 } },
  'tells a smaller size': { lyingSize: 100 },
  'tells no size': { lyingSize: 'none' },
  'tells the size 0': { lyingSize: 0 },
  'tells no attributes': { noAttributes: true },
  'refuses READs that reach beyond the end': { pastEnd: { status: 1, crossing: true } },
  'ends the file by an empty answer': { zeroLengthData: { offset: 5000, times: 2 } },
  'answers in any order': { reorderReplies: 3 },
  'sends byte by byte': { oneByteChunks: true },
};

for (const [what, sins] of Object.entries(SINS)) {
  test(`a small file of a server that ${what} comes whole`, async () => {
    const content = pattern(5000);
    const { sftp, server } = await planted({ a: content, b: pattern(5000, 2) }, sins);
    await using folder = await localFolder();
    await sftp.downloadTree('tree', folder.file('down'));
    await assertFile(folder, 'a', content);
    await assertFile(folder, 'b', pattern(5000, 2));
    assert.equal(server.openHandles, 0);
  });
}

test('a file that has grown far beyond what the listing said comes whole', async () => {
  const content = pattern(400_000);
  const { sftp } = await planted({ a: content }, { lyingSize: 10 });
  await using folder = await localFolder();
  await sftp.downloadTree('tree', folder.file('down'));
  await assertFile(folder, 'a', content);
});

test('a file that has become shorter than the listing said: TRANSFER_SIZE_CHANGED, and nothing is left', async () => {
  const { sftp } = await planted({ a: pattern(100) }, { lyingSize: 200 });
  await using folder = await localFolder();
  const error = await failure(sftp.downloadTree('tree', folder.file('down')), 'TRANSFER_SIZE_CHANGED');
  assert.equal(error.details.expected, 200);
  assert.equal(error.details.actual, 100);
  assert.deepEqual(execFileSync('ls', ['-A', folder.file('down')]).length, 0);
});

test('a server that takes no READ of 1,000 bytes gives nothing: nobody is asked for less than all have to take', async () => {
  const { sftp } = await planted({ a: pattern(5000) }, { largestRead: { bytes: 999, status: 4 } });
  await using folder = await localFolder();
  await failure(sftp.downloadTree('tree', folder.file('down')), 'SFTP_FAILURE');
  assert.equal(String(execFileSync('ls', ['-A', folder.file('down')])), '');
});

test('more data than was asked for ends it', async () => {
  const { sftp } = await planted({ a: pattern(100) }, { overlongData: { offset: 0, bytes: 1 } });
  await using folder = await localFolder();
  await failure(sftp.downloadTree('tree', folder.file('down')), 'SFTP_PROTOCOL');
});

test('what is at the target: a link is replaced, a folder and a pipe are in the way, overwrite: false keeps a file', async () => {
  const content = pattern(50);
  const { sftp, server } = await planted({ a: content });
  await using folder = await localFolder();
  await mkdir(folder.file('down'));
  await writeFile(folder.file('victim'), 'old');
  await symlink('../victim', folder.file('down/a'));
  await sftp.downloadTree('tree', folder.file('down'));
  await assertFile(folder, 'a', content);
  assert.ok((await lstat(folder.file('down/a'))).isFile());
  assert.equal(await readFile(folder.file('victim'), 'utf8'), 'old');
  await writeFile(folder.file('down/a'), 'mine');
  server.received.length = 0;
  await failure(sftp.downloadTree('tree', folder.file('down'), { overwrite: false }), 'TRANSFER_TARGET');
  assert.equal(server.count(SSH_FXP_OPEN), 0, 'known before anything is fetched');
  assert.equal(await readFile(folder.file('down/a'), 'utf8'), 'mine');
  await mkdir(folder.file('other/a'), { recursive: true });
  await failure(sftp.downloadTree('tree', folder.file('other')), 'TRANSFER_TARGET');
  await mkdir(folder.file('pipes'));
  execFileSync('mkfifo', [folder.file('pipes/a')]);
  await failure(sftp.downloadTree('tree', folder.file('pipes')), 'TRANSFER_TARGET');
  for (const name of ['down', 'other', 'pipes'])
    assert.equal(String(execFileSync('ls', ['-A', folder.file(name)])), 'a\n');
  await sftp.downloadTree('tree', folder.file('new'), { overwrite: false });
  assertSameBytes(await readFile(folder.file('new/a')), content);
});

test('permissions and times are kept when asked', async () => {
  const { sftp, fs } = await planted({ a: pattern(50) });
  Object.assign(fs.node('tree/a'), { mode: 0o640, modifyTime: 1_000_000_000, accessTime: 1_100_000_000 });
  await using folder = await localFolder();
  await sftp.downloadTree('tree', folder.file('down'), { preserve: true });
  const info = await stat(folder.file('down/a'));
  assert.deepEqual([info.mode & 0o777, info.mtimeMs, info.atimeMs], [0o640, 1e12, 1.1e12]);
  await sftp.downloadTree('tree', folder.file('times'), { preserve: 'times' });
  assert.notEqual((await stat(folder.file('times/a'))).mode & 0o777, 0o640);
});

test('a local file system that becomes slow on the way gets the file by way of the thread pool', async (t) => {
  if (!(await isLocalFileSystem(join(tmpdir(), 'x')))) return t.skip(NOT_LOCAL);
  const content = pattern(5000);
  const { sftp, server, fs } = await planted({ a: content });
  Object.assign(fs.node('tree/a'), { mode: 0o640, modifyTime: 1_000_000_000 });
  Object.defineProperty(server.sins, 'trailingBytes', {
    get: () => {
      LOCAL_PACE.took(1000, 0);
      return 0;
    },
  });
  await using folder = await localFolder();
  try {
    await sftp.downloadTree('tree', folder.file('down'), { preserve: true });
    assert.equal(LOCAL_PACE.quick, false);
    await assertFile(folder, 'a', content);
    const info = await stat(folder.file('down/a'));
    assert.deepEqual([info.mode & 0o777, info.mtimeMs], [0o640, 1e12]);
    await sftp.downloadTree('tree', folder.file('again'));
    assertSameBytes(await readFile(folder.file('again/a')), content);
    await failure(sftp.downloadTree('tree', folder.file('again'), { overwrite: false }), 'TRANSFER_TARGET');
    assert.equal(String(execFileSync('ls', ['-A', folder.file('again')])), 'a\n');
  } finally {
    LOCAL_PACE.passed(Number.MAX_SAFE_INTEGER);
  }
  assert.equal(LOCAL_PACE.quick, true);
});

test('a full disk: TRANSFER_LOCAL_FILE with ENOSPC, and nothing is left of the file', {
  skip: process.getuid?.() !== 0 && 'needs root for a small file system',
}, async () => {
  await using folder = await localFolder();
  await mkdir(folder.file('down'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder.file('down')]);
  try {
    const { sftp } = await planted({ a: pattern(40_000), b: pattern(60_000, 2) });
    const error = await failure(sftp.downloadTree('tree', folder.file('down')), 'TRANSFER_LOCAL_FILE');
    assert.equal(error.details.errno, 'ENOSPC');
    const left = String(execFileSync('ls', ['-A', folder.file('down')]));
    assert.doesNotMatch(left, /wherry-tmp/);
  } finally {
    execFileSync('umount', ['-l', folder.file('down')]);
  }
});

test('progress is told, and an error in its handler ends the file', async () => {
  const { sftp } = await planted({ a: pattern(5000) });
  await using folder = await localFolder();
  const seen: number[] = [];
  await sftp.downloadTree('tree', folder.file('down'), {
    onProgress: ({ transferred }) => seen.push(transferred),
  });
  assert.equal(seen.at(-1), 5000);
  const thrown = sftp.downloadTree('tree', folder.file('other'), {
    onProgress: () => {
      throw new Error('stop');
    },
  });
  await failure(thrown, 'ABORTED');
});

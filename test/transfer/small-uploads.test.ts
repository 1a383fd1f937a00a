/** Small files of a folder on their way up: what goes over the wire for each, and every refusal of the server. */
import assert from 'node:assert/strict';
import { chmod, mkdir, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Sftp } from '../../src/api/sftp.ts';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import { isLocalFileSystem } from '../../src/transfer/local-file-system.ts';
import { HOME } from '../support/sftp/memory-fs.ts';
import {
  assertSameBytes,
  type Folder,
  failure,
  localFolder,
  openMemory,
  pattern,
  settleTurns,
} from '../support/sftp/memory-session.ts';
import type { Sins } from '../support/sftp/sins.ts';

const { SSH_FXP_OPEN, SSH_FXP_WRITE, SSH_FXP_CLOSE } = SFTP_PACKETS;

/** A folder `tree` here with these files. */
async function planted(files: Readonly<Record<string, Uint8Array>>): Promise<Folder> {
  const folder = await localFolder();
  await mkdir(folder.file('tree'));
  for (const [name, content] of Object.entries(files)) await writeFile(folder.file(`tree/${name}`), content);
  return folder;
}

test('a small file costs OPEN, and WRITE and CLOSE together; an empty one no WRITE', async (t) => {
  if (!(await isLocalFileSystem(join(tmpdir(), 'x'))))
    return t.skip('the folder for temporary files is not local');
  const files = Object.fromEntries([0, 1, 4096, 32_768].map((size) => [`of-${size}`, pattern(size)]));
  await using folder = await planted(files);
  const { sftp, server, fs } = await openMemory({ delay: 20 });
  const sums: number[] = [];
  const moved = await sftp.uploadTree(folder.file('tree'), 'up', {
    concurrency: 1,
    onProgress: ({ transferred }) => sums.push(transferred),
  });
  assert.equal(moved.bytes, 36_865);
  assert.equal(sums.at(-1), 36_865);
  for (const [name, content] of Object.entries(files)) assertSameBytes(fs.get(`up/${name}`), content, name);
  assert.equal(server.count(SSH_FXP_OPEN), 4);
  assert.equal(server.count(SSH_FXP_WRITE), 3);
  assert.equal(server.count(SSH_FXP_CLOSE), 4);
  assert.equal(server.mostUnderWay, 2, 'a CLOSE does not wait for the answer of the WRITE');
  assert.equal(server.openHandles, 0);
});

/** What fails, and how the error is called. */
const REFUSALS: Readonly<Record<string, readonly [sins: Sins, code: Parameters<typeof failure>[1]]>> = {
  'a WRITE that fails': [{ failWriteAt: { offset: 0, status: 4, always: true } }, 'SFTP_FAILURE'],
  'a full disk': [{ failWriteAt: { offset: 0, status: 14, always: true } }, 'SFTP_NO_SPACE'],
  'a CLOSE that fails': [{ failClose: 4 }, 'SFTP_FAILURE'],
  'an OPEN that is refused': [{ failOn: new Map([[SSH_FXP_OPEN, { status: 3 }]]) }, 'SFTP_PERMISSION_DENIED'],
  'a WRITE that is answered by something else': [
    { wrongReplyType: { request: SSH_FXP_WRITE, reply: 103, body: Buffer.alloc(4) } },
    'SFTP_PROTOCOL',
  ],
  'a connection that ends': [{ earlyClose: { after: 3, how: 'lost' } }, 'CONNECTION_LOST'],
};

for (const [what, [sins, code]] of Object.entries(REFUSALS)) {
  test(`${what} fails the file with ${code}`, async () => {
    await using folder = await planted({ a: pattern(5000) });
    const { sftp, server } = await openMemory(sins);
    const error = await failure(sftp.uploadTree(folder.file('tree'), 'up'), code);
    assert.equal(error.details.path, code === 'CONNECTION_LOST' ? error.details.path : 'up/a');
    await settleTurns();
    if (code !== 'CONNECTION_LOST') assert.equal(server.openHandles, 0);
  });
}

test('a server that takes small WRITEs only, or one request at a time, gets them so', async () => {
  const files = { a: pattern(30_000), b: pattern(20_000, 2) };
  await using folder = await planted(files);
  const limited = await openMemory({ limits: [34_000, 10_000, 10_000, 0] });
  await limited.sftp.uploadTree(folder.file('tree'), 'up');
  const careful = await openMemory();
  const crush = new Sftp(careful.session, { serverVersion: 'SSH-2.0-CrushFTPSSHD' });
  await crush.limits();
  await crush.uploadTree(folder.file('tree'), 'up', { concurrency: 1 });
  assert.equal(careful.server.mostUnderWay, 1);
  for (const { fs } of [limited, careful]) {
    for (const [name, content] of Object.entries(files)) assertSameBytes(fs.get(`up/${name}`), content, name);
  }
});

test('what the options say of a file holds for small ones too', async () => {
  await using folder = await planted({ a: pattern(500) });
  await chmod(folder.file('tree/a'), 0o640);
  await utimes(folder.file('tree/a'), 1_100_000_000, 1_000_000_000);
  const { sftp, fs } = await openMemory();
  const tree = folder.file('tree');
  await sftp.uploadTree(tree, 'kept', { preserve: true });
  const { mode, accessTime, modifyTime } = fs.node('kept/a');
  assert.deepEqual([mode & 0o777, accessTime, modifyTime], [0o640, 1_100_000_000, 1_000_000_000]);
  await failure(sftp.uploadTree(tree, 'kept', { overwrite: false }), 'SFTP_FILE_ALREADY_EXISTS');
  for (const options of [{ atomic: true }, { fsync: true }, { verify: true }, { rateLimit: 1_000_000 }]) {
    fs.put('kept/a', 'old and longer'.repeat(100));
    await sftp.uploadTree(tree, 'kept', options);
    assertSameBytes(fs.get('kept/a'), pattern(500));
    assert.deepEqual(fs.names(`${HOME}/kept`), ['a']);
  }
});

test('an error in the handler of progress ends it', async () => {
  await using folder = await planted({ a: pattern(500) });
  const { sftp } = await openMemory();
  const onProgress = (): void => {
    throw new Error('stop');
  };
  await failure(sftp.uploadTree(folder.file('tree'), 'up', { onProgress }), 'ABORTED');
});

test('abort at any moment leaves no handle open', async () => {
  await using folder = await planted(
    Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`f${i}`, pattern(500, i)])),
  );
  for (let after = 1; after < 60; after += 3) {
    const { sftp, server } = await openMemory();
    const stop = new AbortController();
    const { push } = server.received;
    server.received.push = (...some) => {
      if (server.received.length === after) queueMicrotask(() => stop.abort());
      return push.apply(server.received, some);
    };
    await failure(
      sftp.uploadTree(folder.file('tree'), 'up', { signal: stop.signal, concurrency: 4 }),
      'ABORTED',
    );
    await settleTurns();
    assert.equal(server.openHandles, 0, `after ${after} requests`);
  }
});

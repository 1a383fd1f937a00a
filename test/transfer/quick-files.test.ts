import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isLocalFileSystem } from '../../src/transfer/local-file-system.ts';
import { readSmallFile, SMALL_FILE_BYTES } from '../../src/transfer/quick-files.ts';
import { QuickPace } from '../../src/transfer/quick-pace.ts';
import { streamBytes } from '../support/peer/load.ts';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wherry-quick-'));
});
after(() => rm(folder, { recursive: true, force: true }));

async function file(name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

test('a small file is read whole, with what the system tells of it', async (t) => {
  if (!(await isLocalFileSystem(join(folder, 'x'))))
    return t.skip('the folder for temporary files is not local');
  for (const size of [0, 1, 4096, SMALL_FILE_BYTES]) {
    const bytes = streamBytes(1, 0, size);
    const read = await readSmallFile(await file(`of-${size}`, bytes), size);
    assert.equal(Buffer.compare(read!.bytes, bytes), 0);
    assert.equal(read!.info.size, size);
  }
});

test('what is larger, has changed its size, or is no regular file is left to the long way', async () => {
  const path = await file('changing', new Uint8Array(100));
  assert.equal(await readSmallFile(path, 99), undefined);
  assert.equal(await readSmallFile(path, 101), undefined);
  assert.equal(await readSmallFile(path, SMALL_FILE_BYTES + 1), undefined);
  const pipe = join(folder, 'pipe');
  execFileSync('mkfifo', [pipe]);
  assert.equal(await readSmallFile(pipe, 10), undefined);
  assert.equal(await readSmallFile(folder, 10), undefined);
});

test('a file that is gone is the error of the system', async (t) => {
  if (!(await isLocalFileSystem(join(folder, 'x'))))
    return t.skip('the folder for temporary files is not local');
  const dangling = join(folder, 'dangling');
  await symlink('nowhere', dangling);
  await assert.rejects(readSmallFile(dangling, 10), { code: 'ENOENT' });
});

test('quick calls go on while they keep pace, and are tried again after so many bytes by the long way', () => {
  const pace = new QuickPace();
  for (let i = 0; i < 1000; i++) pace.took(0.2, 65_536);
  assert.equal(pace.quick, true, 'a fifth of a millisecond for 64 KiB is quick');
  pace.took(39, 0);
  assert.equal(pace.quick, true, 'held up once');
  pace.took(10, 0);
  assert.equal(pace.quick, false);
  pace.passed(67_108_863);
  assert.equal(pace.quick, false);
  pace.passed(1);
  assert.equal(pace.quick, true);
});

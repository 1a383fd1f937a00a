/** The session dies at a random packet of a random transfer; it is taken up again, and the bytes are right. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { failure, localFolder, openMemory, pattern, sha256, within } from '../support/sftp/memory-session.ts';
import { seeded } from '../support/sftp/server.ts';
import type { Sins } from '../support/sftp/sins.ts';

const ROUNDS = 200;
const FIRST_SEED = Number(process.env.WHERRY_TEST_SEED ?? Math.floor(Math.random() * 1e9));

function randomSins(random: () => number): Sins {
  const some = <T>(value: T): T | undefined => (random() < 0.4 ? value : undefined);
  const how = (['eof', 'close', 'lost', 'mid-frame'] as const)[Math.floor(random() * 4)]!;
  const sins: Record<string, unknown> = {
    earlyClose: { after: Math.floor(random() * 60), how },
    reorderReplies: some(Math.floor(random() * 1e6)),
    shortReads: some(1000 + Math.floor(random() * 30_000)),
    delay: some(2),
    lyingSize: some(0),
    extensions: some([]),
    limits: some([0, 5000 + Math.floor(random() * 50_000), 5000 + Math.floor(random() * 50_000), 0]),
  };
  for (const name of Object.keys(sins)) if (sins[name] === undefined) delete sins[name];
  return sins as Sins;
}

async function oneDownload(random: () => number): Promise<void> {
  const content = pattern(Math.floor(random() ** 2 * 3_000_000), Math.floor(random() * 1e6));
  await using folder = await localFolder();
  const target = folder.file('t');
  for (let attempt = 0; ; attempt++) {
    assert.ok(attempt < 60, 'gets nowhere');
    const sins = attempt === 8 ? {} : randomSins(random);
    const memory = await openMemory(sins);
    memory.fs.put('f', content);
    const have = await stat(`${target}.wherry-part`).then(
      (info) => info.size,
      () => 0,
    );
    // A size of 0 and something here already cannot go together.
    if (have > 0) delete memory.server.sins.lyingSize;
    const done = memory.sftp.download('f', target, attempt === 0 ? { keepPartial: true } : { resume: true });
    const error = await within(
      5000,
      done.then(
        () => undefined,
        (reason) => reason,
      ),
    );
    await memory.sftp.close();
    if (error === undefined) break;
    await failure(Promise.reject(error), 'CONNECTION_LOST', 'CHANNEL_CLOSED');
    await assert.rejects(stat(target), { code: 'ENOENT' });
    const part = await readFile(`${target}.wherry-part`).catch(() => Buffer.alloc(0));
    assert.equal(part.length, error.details.safeLength ?? 0);
    assert.ok(part.equals(content.subarray(0, part.length)), 'the kept part is right');
  }
  assert.equal(sha256(await readFile(target)), sha256(content));
  assert.deepEqual(await folder.names(), ['t']);
}

async function oneUpload(random: () => number): Promise<void> {
  const content = pattern(Math.floor(random() ** 2 * 3_000_000), Math.floor(random() * 1e6));
  await using folder = await localFolder();
  await writeFile(folder.file('source'), content);
  let { fs } = await openMemory();
  let safe = 0;
  for (let attempt = 0; ; attempt++) {
    assert.ok(attempt < 60, 'gets nowhere');
    const sins = attempt === 8 ? {} : randomSins(random);
    delete sins.lyingSize;
    const memory = await openMemory(sins, { fs });
    fs = memory.fs;
    const source = random() < 0.5 ? folder.file('source') : content;
    const done = memory.sftp.upload(source, 'up', attempt === 0 ? {} : { resume: safe });
    const error = await within(
      5000,
      done.then(
        () => undefined,
        (reason) => reason,
      ),
    );
    await memory.sftp.close();
    if (error === undefined) break;
    await failure(Promise.reject(error), 'CONNECTION_LOST', 'CHANNEL_CLOSED');
    safe = error.details.safeLength ?? 0;
    if (safe > 0) assert.ok(fs.get('up').subarray(0, safe).equals(content.subarray(0, safe)));
  }
  assert.equal(sha256(fs.get('up')), sha256(content));
}

for (const [what, one] of [
  ['downloads', oneDownload],
  ['uploads', oneUpload],
] as const) {
  test(`${ROUNDS / 2} random ${what} that break off and are resumed end with the right bytes`, async () => {
    for (let round = 0; round < ROUNDS / 2; round++) {
      const seed = FIRST_SEED + round;
      try {
        await one(seeded(seed));
      } catch (error) {
        throw new Error(`WHERRY_TEST_SEED=${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
}

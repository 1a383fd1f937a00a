/** A process with a queue and a journal is killed again and again: the next one goes on where it stopped. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { countingRelay } from '../support/relay/counting-relay.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { makeScratch, realServer, requireServer } from '../support/servers/from-env.ts';
import { pattern, sha256 } from '../support/sftp/memory-session.ts';
import { seeded } from '../support/sftp/server.ts';

const KILLS = Number(process.env.WHERRY_TEST_KILLS ?? 3);
const SEED = Number(process.env.WHERRY_TEST_SEED ?? Math.floor(Math.random() * 1e9));
const FILES = 4;
const FILE_BYTES = 3_000_000;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Half of the files go up, half down; so slowly that a kill comes in the middle. */
const PROGRAM = `
  import { readFileSync } from 'node:fs';
  import { createQueue, fingerprints } from './src/index.ts';
  const { port, username, keyFile, trusted, journal, files } = JSON.parse(process.argv[1]);
  const queue = createQueue(
    { host: '127.0.0.1', port, username, privateKey: readFileSync(keyFile), trust: fingerprints(trusted) },
    { journal, concurrency: 2, rateLimit: 8e6 },
  );
  for (const { up, local, remote } of files) up ? queue.upload(local, remote) : queue.download(remote, local);
  const { failed } = await queue.idle();
  await queue.close();
  process.exit(failed);`;

interface MovedFile {
  readonly up: boolean;
  readonly local: string;
  readonly remote: string;
}

/** Bytes that are where they belong, or in the part beside. */
async function inPlace(files: readonly MovedFile[]): Promise<number> {
  const sizes = files.map(async ({ up, local, remote }) => {
    for (const path of up ? [remote] : [local, `${local}.wherry-part`]) {
      const size = await stat(path).then(
        (info) => info.size,
        () => undefined,
      );
      if (size !== undefined) return size;
    }
    return 0;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

describe('a killed queue', requireServer('openssh'), () => {
  test(`SIGKILL ${KILLS} times at random bytes: nothing is lost, nothing that is there is moved again`, {
    timeout: 60_000 + KILLS * 30_000,
  }, async () => {
    const random = seeded(SEED);
    await using here = await makeScratch('killed-here-');
    await using there = await makeScratch('killed-there-');
    const { port, user: username, hostKeys } = realServer('openssh');
    let killAt = Number.POSITIVE_INFINITY;
    let kill = (): void => {};
    await using relay = await countingRelay(port, (bytes) => {
      if (bytes >= killAt) kill();
    });
    const files: MovedFile[] = [];
    for (let i = 0; i < FILES; i++) {
      const file = { up: i % 2 === 0, local: join(here.path, `${i}`), remote: join(there.path, `${i}`) };
      await writeFile(file.up ? file.local : file.remote, pattern(FILE_BYTES, i), { mode: 0o644 });
      files.push(file);
    }
    const journal = join(here.path, 'journal');
    const job = JSON.stringify({
      port: relay.port,
      username,
      keyFile: (await getFixtures()).userKeys.ed25519.files.openssh,
      trusted: hostKeys.map(({ fingerprint }) => fingerprint),
      journal,
      files,
    });
    const run = async (): Promise<{ code: number | null; signal: string | null }> => {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', PROGRAM, job], {
        cwd: ROOT,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      kill = () => child.kill('SIGKILL');
      const [code, signal] = await once(child, 'close');
      return { code, signal };
    };
    let before = 0;
    for (let i = 0; i < KILLS; i++) {
      // What is left is shared out, so that the last process has something to do too.
      const left = FILES * FILE_BYTES - before;
      killAt = relay.bytes + 20_000 + Math.floor((random() * 2 * left) / (KILLS + 1));
      const { signal } = await run();
      assert.equal(signal, 'SIGKILL', `WHERRY_TEST_SEED=${SEED}`);
      const now = await inPlace(files);
      assert.ok(now >= before, `${now} bytes in place after ${before}: WHERRY_TEST_SEED=${SEED}`);
      before = now;
    }
    assert.ok(before > 0);
    const left = FILES * FILE_BYTES - before;
    const began = relay.bytes;
    killAt = Number.POSITIVE_INFINITY;
    assert.deepEqual(await run(), { code: 0, signal: null });
    for (const [i, { up, local, remote }] of files.entries())
      assert.equal(sha256(await readFile(up ? remote : local)), sha256(pattern(FILE_BYTES, i)));
    assert.deepEqual((await readdir(here.path)).sort(), ['0', '1', '2', '3'], 'no part, no journal');
    // The handshake, 64 KiB to compare for each file begun, and a packet's worth around each piece.
    const most = left * 1.02 + 20_000 + FILES * 75_000;
    const moved = relay.bytes - began;
    assert.ok(moved <= most, `${moved} bytes moved for ${left} that were left: WHERRY_TEST_SEED=${SEED}`);
  });
});

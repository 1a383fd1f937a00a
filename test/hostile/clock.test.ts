/** The wall clock jumps, and a disk is full. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect, fingerprints, openSftp, scpDownload } from '../../src/index.ts';
import { memoryFiles, startServer } from '../../src/server/index.ts';
import { run } from '../support/servers/run.ts';
import { failure, localFolder, pattern } from '../support/sftp/memory-session.ts';
import { allOf, OPERATIONS, perform } from './operations.ts';

const HOUR = 3_600_000;
const NAMES = Object.keys(OPERATIONS);

/** Each look at the clock is an hour before or after the truth. */
async function whileTheClockJumps(work: () => Promise<void>): Promise<void> {
  const { now } = Date;
  let ahead = false;
  Date.now = () => {
    ahead = !ahead;
    return now() + (ahead ? HOUR : -HOUR);
  };
  try {
    await work();
  } finally {
    Date.now = now;
  }
}

test('transfers end well while the clock jumps by hours', () =>
  whileTheClockJumps(async () => {
    const late = { delay: 2, pieces: 20_000 };
    for (const name of NAMES) {
      const error = await perform(name, ({ relay }) => relay.misbehave({ down: late, up: late }), {
        patient: true,
      });
      assert.equal(error, undefined, name);
    }
  }));

test('time-outs come in time while the clock jumps by hours', () =>
  whileTheClockJumps(() =>
    allOf(NAMES, async (name) => {
      const began = performance.now();
      const error = await perform(name, ({ relay }) => relay.misbehave({ down: { stallAt: 0 } }));
      const { code, coreCode } = error as { code: unknown; coreCode?: unknown };
      assert.equal(coreCode ?? code, 'TIMEOUT', name);
      assert.ok(performance.now() - began >= 990, `${name} gave up early`);
    }),
  ));

const isRoot = process.getuid?.() === 0;

test('a full disk ends downloads, trees and scp, and leaves what was there', {
  skip: !isRoot && 'needs root to mount a tmpfs',
}, async (t) => {
  await using folder = await localFolder();
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder.path], {
    allowFailure: true,
  });
  if (mounted.code !== 0) return t.skip(`no tmpfs can be mounted here: ${mounted.stderr.trim()}`);
  try {
    const { stdout } = await run('stat', ['-f', '-c', '%T', folder.path]);
    assert.equal(stdout.trim(), 'tmpfs');
    const files = memoryFiles();
    files.put('/tree/large', pattern(2_000_000));
    await using server = await startServer({ users: { me: { password: 'secret' } }, files });
    const trust = fingerprints([server.fingerprint]);
    const { host, port } = server;
    await using ssh = await connect({ host, port, username: 'me', password: 'secret', trust });
    await using sftp = await openSftp(ssh);
    const target = folder.file('large');
    await writeFile(target, 'old');
    const ways: Readonly<Record<string, () => Promise<unknown>>> = {
      download: () => sftp.download('/tree/large', target),
      tree: () => sftp.downloadTree('/tree', folder.path),
      'scp get': () => scpDownload(ssh, '/tree/large', target),
      'scp get -r': () => scpDownload(ssh, '/tree', join(folder.path, 'copy'), { recursive: true }),
    };
    for (const [name, way] of Object.entries(ways)) {
      const { details } = await failure(way(), 'TRANSFER_LOCAL_FILE');
      assert.equal(details.errno, 'ENOSPC', name);
      assert.equal(await readFile(target, 'utf8'), 'old', name);
      const left = await readdir(folder.path, { recursive: true });
      assert.deepEqual(
        left.filter((entry) => !['large', 'copy'].includes(entry)),
        [],
        name,
      );
    }
  } finally {
    await run('umount', ['-l', folder.path]);
  }
});

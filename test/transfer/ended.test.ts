/**
 * A transfer that is over calls nobody any more and listens to nobody: the clock of its reports is stopped, and the
 * user's signal, which may live as long as the program, holds nothing of it. That no timer is left is looked at after
 * each test.
 */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { QueueRunner } from '../../src/transfer/queue/transfer-queue.ts';
import { receiveInto } from '../../src/transfer/scp-download.ts';
import type { ScpOptions } from '../../src/transfer/scp-options.ts';
import { runScp } from '../../src/transfer/scp-run.ts';
import { sendFrom } from '../../src/transfer/scp-upload.ts';
import { liveListeners } from '../support/leaks/signals.ts';
import { liveTimers } from '../support/leaks/timers.ts';
import { ScriptedScp, type ScriptStep } from '../support/scp/scripted-scp.ts';
import { localFolder, openMemory } from '../support/sftp/memory-session.ts';

const onProgress = (): void => {};
/** Those that report once a second; a CLOSE that is on its way has one of its own. */
const clocks = (): number[] => liveTimers().filter((ms) => ms === 1000);
const CUT: readonly ScriptStep[] = [{ await: 1 }, { send: 'C0644 100 data\nshort' }, { end: 0 }];
const REFUSED: readonly ScriptStep[] = [{ send: '\0' }, { await: 1 }, { send: '\x02no\n' }, { end: 1 }];

test('options that are refused leave no clock of reports', async () => {
  const { sftp, fs } = await openMemory();
  await using folder = await localFolder();
  fs.put('there', Buffer.alloc(1000));
  fs.mkdir('tree');
  await mkdir(folder.file('tree'));
  await writeFile(folder.file('here'), Buffer.alloc(1000));
  const before = clocks();
  const bad = { onProgress, rateLimit: -1 };
  const attempts: readonly (() => Promise<unknown>)[] = [
    () => sftp.download('there', folder.file('new'), bad),
    () => sftp.upload(folder.file('here'), 'new', bad),
    () => sftp.downloadTree('tree', folder.file('new'), { onProgress, concurrency: 0 }),
    () => sftp.uploadTree(folder.file('tree'), 'new', { onProgress, concurrency: 0 }),
    () => sftp.downloadTree('tree', folder.file('new'), bad),
  ];
  for (const attempt of attempts) await assert.rejects(attempt, { code: 'INVALID_ARGUMENT' });
  assert.deepEqual(clocks(), before);
});

test('a journal that is refused leaves no queue behind', async () => {
  await using folder = await localFolder();
  await writeFile(folder.file('other'), 'something else');
  const stop = new AbortController();
  const options = { onProgress, signal: stop.signal, journal: folder.file('other') };
  const before = clocks();
  assert.throws(() => new QueueRunner(() => Promise.reject(new Error('no')), options), {
    code: 'INVALID_ARGUMENT',
  });
  assert.deepEqual(getEventListeners(stop.signal, 'abort'), []);
  assert.deepEqual(clocks(), before);
});

test('a queue that is closed no longer hears the signal', async () => {
  const stop = new AbortController();
  const queue = new QueueRunner(() => Promise.reject(new Error('no')), { signal: stop.signal });
  assert.equal(getEventListeners(stop.signal, 'abort').length, 1);
  await queue.close();
  assert.deepEqual(getEventListeners(stop.signal, 'abort'), []);
});

test('a folder that was moved no longer hears the signal', async () => {
  const { sftp, fs } = await openMemory();
  await using folder = await localFolder();
  fs.mkdir('tree');
  fs.put('tree/file', Buffer.alloc(10));
  const stop = new AbortController();
  const before = liveListeners();
  await sftp.downloadTree('tree', folder.file('down'), { signal: stop.signal });
  await sftp.uploadTree(folder.file('down'), 'up', { signal: stop.signal });
  // Not those of the user's signal alone: one made by AbortSignal.any lives as long as somebody listens to it.
  assert.equal(liveListeners(), before);
});

const COPIES: readonly (readonly [what: string, steps: readonly ScriptStep[], copy: Copy])[] = [
  [
    'a download',
    CUT,
    (link, folder, options, tally, touch) => receiveInto(link, 'data', folder, options, tally, touch),
  ],
  [
    'an upload',
    REFUSED,
    (link, _folder, options, tally, touch) =>
      sendFrom(link, Buffer.alloc(1000), 'data', options, tally, touch),
  ],
];
type Work = Parameters<typeof runScp>[4];
type Copy = (
  link: Parameters<Work>[0],
  folder: string,
  options: ScpOptions,
  tally: Parameters<Work>[1],
  touch: Parameters<Work>[2],
) => Promise<void>;

for (const [what, steps, copy] of COPIES)
  test(`${what} by SCP that fails reports no more`, async () => {
    await using folder = await localFolder();
    const options = { onProgress };
    const before = clocks();
    const ended = runScp(new ScriptedScp(steps), options, 2000, what, (link, tally, touch) =>
      copy(link, folder.file('data'), options, tally, touch),
    );
    await assert.rejects(ended, { code: 'SCP_FAILED' });
    assert.deepEqual(clocks(), before);
  });

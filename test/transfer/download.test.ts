/** Downloads from servers good and bad: the right bytes or a typed error, and nothing left behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode } from '../../src/base/error-codes.ts';
import { SFTP_PACKETS } from '../../src/sftp/packets.ts';
import type { Progress } from '../../src/transfer/progress.ts';
import { run } from '../support/servers/run.ts';
import {
  assertSameBytes,
  failure,
  localFolder,
  openMemory,
  pattern,
  settleTurns,
  within,
} from '../support/sftp/memory-session.ts';
import { NO_LIMITS_EXTENSION, type Sins } from '../support/sftp/sins.ts';

const SIZES = [0, 1, 32_767, 32_768, 32_769, 1_048_577] as const;

/** Each sin with how a file of `size` fares: undefined when the bytes must come right. */
const SINS: Record<
  string,
  { sins: (size: number) => Sins; fails?: (size: number) => ErrorCode | undefined }
> = {
  none: { sins: () => ({}) },
  noLimitsExtension: { sins: () => ({ extensions: NO_LIMITS_EXTENSION }) },
  'limits of 0': { sins: () => ({ limits: [0, 0, 0, 0] }) },
  'small limits': { sins: () => ({ limits: [34_000, 5_000, 5_000, 0] }) },
  reorderReplies: { sins: () => ({ reorderReplies: 7, extensions: NO_LIMITS_EXTENSION }) },
  'reorderReplies, shortReads': { sins: () => ({ reorderReplies: 3, shortReads: 10_001 }) },
  shortReads: { sins: () => ({ shortReads: 4_000, extensions: NO_LIMITS_EXTENSION }) },
  shortReadAt: { sins: (size) => ({ shortReadAt: { offset: size >> 1, length: 1 } }) },
  oneByteChunks: { sins: () => ({ oneByteChunks: true }) },
  windowsOpenssh: { sins: () => ({ windowsOpenssh: true }) },
  'windowsOpenssh without limits': {
    sins: () => ({ windowsOpenssh: true, extensions: NO_LIMITS_EXTENSION }),
  },
  noAttributes: { sins: () => ({ noAttributes: true }) },
  'lyingSize 0': { sins: () => ({ lyingSize: 0 }) },
  'lyingSize none': { sins: () => ({ lyingSize: 'none' }) },
  'lyingSize too small': { sins: (size) => ({ lyingSize: size >> 1 }) },
  'lyingSize too large': {
    sins: (size) => ({ lyingSize: size + 1 }),
    fails: () => 'TRANSFER_SIZE_CHANGED',
  },
  'lyingSize absurd': {
    sins: () => ({ lyingSize: Number.MAX_SAFE_INTEGER }),
    fails: () => 'TRANSFER_SIZE_CHANGED',
  },
  trailingBytes: { sins: () => ({ trailingBytes: 9 }) },
  statusWithoutMessage: { sins: () => ({ statusWithoutMessage: true }) },
  truncateWhileReading: {
    sins: (size) => ({ truncateWhileReading: { afterReads: 0, size: size >> 1 } }),
    fails: (size) => (size === 0 ? undefined : 'TRANSFER_SIZE_CHANGED'),
  },
  zeroLengthData: {
    sins: (size) => ({ zeroLengthData: { offset: size >> 1, times: 1e9 }, extensions: NO_LIMITS_EXTENSION }),
    fails: (size) => (size === 1 || size > 32_768 ? 'TRANSFER_SIZE_CHANGED' : undefined),
  },
  overlongData: {
    sins: () => ({ overlongData: { offset: 0, bytes: 1 } }),
    fails: (size) => (size === 0 ? undefined : 'SFTP_PROTOCOL'),
  },
  unknownId: { sins: () => ({ unknownId: 3, extensions: [] }), fails: () => undefined },
  duplicateReply: {
    sins: () => ({ duplicateReply: 2, extensions: [] }),
    fails: (size) => (size === 0 ? undefined : 'SFTP_PROTOCOL'),
  },
  'wrongReplyType ATTRS': {
    sins: () => ({ wrongReplyType: { request: 5, reply: 105, body: Buffer.alloc(4) } }),
    fails: () => 'SFTP_PROTOCOL',
  },
  'STATUS OK to READ': {
    sins: () => ({ wrongReplyType: { request: 5, reply: 101, body: Buffer.alloc(12) } }),
    fails: () => 'SFTP_PROTOCOL',
  },
  'READ refused': { sins: () => ({ failOn: new Map([[5, { status: 4 }]]) }), fails: () => 'SFTP_FAILURE' },
  'READ of unknown status': {
    sins: () => ({ failOn: new Map([[5, { status: 99 }]]) }),
    fails: () => 'SFTP_FAILURE',
  },
  'OPEN refused': {
    sins: () => ({ failOn: new Map([[3, { status: 3 }]]) }),
    fails: () => 'SFTP_PERMISSION_DENIED',
  },
};

for (const [name, { sins, fails }] of Object.entries(SINS)) {
  test(`download with ${name}: right bytes or a typed error, in sizes ${SIZES.join(', ')}`, async () => {
    for (const size of SIZES) {
      const what = `${size} bytes`;
      const content = pattern(size);
      const { sftp, fs } = await openMemory(sins(size));
      fs.put('f', content);
      await using folder = await localFolder();
      const target = folder.file('target');
      const outcome = await sftp.download('f', target).then(
        (result) => ({ result, error: undefined }),
        (error) => ({ result: undefined, error }),
      );
      const code = fails?.(size);
      if (name === 'unknownId') {
        // Which request it hits depends on the size; success is success, an error is this one.
        if (outcome.error !== undefined) assert.equal(outcome.error.code, 'SFTP_PROTOCOL', what);
      } else assert.equal(outcome.error?.code, code, `${what}: ${outcome.error}`);
      if (outcome.error === undefined) {
        assertSameBytes(await readFile(target), content, what);
        assert.equal(outcome.result?.bytes, size);
        assert.deepEqual(await folder.names(), ['target'], what);
      } else {
        assert.equal(outcome.error.details.path, 'f', what);
        assert.deepEqual(await folder.names(), [], `${what}: nothing is left`);
      }
      const whole = await sftp.readFile('f').catch((error) => error);
      if (whole instanceof Uint8Array && name !== 'truncateWhileReading')
        assertSameBytes(whole, content, `${what} in memory`);
      await sftp.close();
    }
  });
}

test('a file that grows while it is read comes with what it grew', async () => {
  for (const size of [0, 1, 32_768, 1_000_000]) {
    const { sftp, fs } = await openMemory({
      growWhileReading: { afterReads: 1, bytes: 300_000 },
      extensions: NO_LIMITS_EXTENSION,
    });
    fs.put('f', pattern(size));
    const bytes = await sftp.readFile('f');
    // Of one READ and end of file nothing more can be known.
    if (size > 0) assert.equal(bytes.length, size + 300_000);
    assertSameBytes(bytes.subarray(0, size), pattern(size));
  }
});

test('the temporary file is beside the target, the name appears only when it is complete', async () => {
  const { sftp, fs, server } = await openMemory({ delay: 40 });
  fs.put('f', pattern(3_000_000));
  await using folder = await localFolder();
  await writeFile(folder.file('target'), 'old');
  const done = sftp.download('f', folder.file('target'));
  while (server.count(SFTP_PACKETS.SSH_FXP_READ) < 2) await sleep(1);
  const names = await folder.names();
  assert.equal(names.length, 2);
  assert.match(names[0]!, /^\.target\.[0-9a-f]{12}\.wherry-tmp$/);
  assert.equal(await readFile(folder.file('target'), 'utf8'), 'old');
  await done;
  assert.deepEqual(await folder.names(), ['target']);
  assertSameBytes(await readFile(folder.file('target')), pattern(3_000_000));
  await settleTurns();
  await sleep(50);
  assert.equal(server.openHandles, 0, 'the remote file is closed');
});

test('keepPartial and resume: the kept part is right to its last byte, the rest is fetched and no more', async () => {
  const content = pattern(2_000_000);
  for (const sins of [
    { earlyClose: { after: 40, how: 'lost' }, extensions: NO_LIMITS_EXTENSION },
    {
      failOn: undefined,
      truncateWhileReading: { afterReads: 20, size: 700_000 },
      extensions: NO_LIMITS_EXTENSION,
    },
    { zeroLengthData: { offset: 500_000, times: 1 }, extensions: NO_LIMITS_EXTENSION, reorderReplies: 2 },
    { shortReads: 3000, earlyClose: { after: 200, how: 'mid-frame' }, reorderReplies: 9, extensions: [] },
  ] as Sins[]) {
    const broken = await openMemory(sins);
    broken.fs.put('f', content);
    await using folder = await localFolder();
    const target = folder.file('target');
    const error = await failure(broken.sftp.download('f', target, { keepPartial: true }));
    const { partialPath, safeLength = 0 } = error.details;
    if (safeLength === 0) assert.equal(partialPath, undefined);
    else {
      assert.equal(partialPath, `${target}.wherry-part`);
      const part = await readFile(partialPath!);
      assert.equal(part.length, safeLength);
      assertSameBytes(part, content.subarray(0, safeLength), `kept after ${JSON.stringify(sins)}`);
    }
    const good = await openMemory();
    good.fs.put('f', content);
    const progress: Progress[] = [];
    const result = await good.sftp.download('f', target, {
      resume: true,
      onProgress: (one) => progress.push(one),
    });
    assert.equal(result.bytes, content.length - safeLength);
    assert.equal(result.size, content.length);
    assert.equal(progress.at(-1)!.transferred, content.length);
    assertSameBytes(await readFile(target), content);
    assert.deepEqual(await folder.names(), ['target']);
  }
});

test('resume: complete already, without a partial file, from a number, longer than the remote', async () => {
  const content = pattern(200_000);
  const { sftp, fs } = await openMemory();
  fs.put('f', content);
  await using folder = await localFolder();
  const target = folder.file('t');
  const part = `${target}.wherry-part`;
  await writeFile(part, content);
  assert.equal((await sftp.download('f', target, { resume: true })).bytes, 0);
  assertSameBytes(await readFile(target), content);

  assert.equal((await sftp.download('f', target, { resume: true })).bytes, 200_000);
  assert.deepEqual(await folder.names(), ['t']);

  await writeFile(part, Buffer.concat([content.subarray(0, 1000), Buffer.alloc(5000, 0xff)]));
  assert.equal((await sftp.download('f', target, { resume: 1000 })).bytes, 199_000);
  assertSameBytes(await readFile(target), content, 'what is behind the number is fetched again');

  await writeFile(part, content.subarray(0, 10));
  await failure(sftp.download('f', target, { resume: 11 }), 'INVALID_ARGUMENT');
  await failure(sftp.download('f', target, { resume: -1 }), 'INVALID_ARGUMENT');
  await failure(sftp.download('f', target, { resume: 1.5 }), 'INVALID_ARGUMENT');

  await writeFile(part, pattern(200_001));
  const error = await failure(sftp.download('f', target, { resume: true }), 'TRANSFER_SIZE_CHANGED');
  assert.deepEqual([error.details.expected, error.details.actual], [200_001, 200_000]);
  assert.equal((await stat(part)).size, 200_001, 'the partial file is left alone');
  assertSameBytes(await readFile(target), content, 'the target too');
});

test('a range: start, length, both, behind the end, of nothing', async () => {
  const content = pattern(100_000);
  const { sftp, fs } = await openMemory();
  fs.put('f', content);
  await using folder = await localFolder();
  for (const [start, length] of [
    [0, 10],
    [99_990, 10],
    [99_990, 1000],
    [50_000, undefined],
    [undefined, 70_000],
    [100_000, 10],
    [200_000, undefined],
    [5, 0],
  ] as const) {
    const totals: (number | undefined)[] = [];
    const options = { start, length, onProgress: (p: Progress) => totals.push(p.total) };
    const expected = content.subarray(start ?? 0, length === undefined ? undefined : (start ?? 0) + length);
    await sftp.download('f', folder.file('part'), options);
    assertSameBytes(await readFile(folder.file('part')), expected, `${start} ${length}`);
    assertSameBytes(await sftp.readFile('f', options), expected, `${start} ${length} in memory`);
    for (const total of totals) assert.ok((total ?? 0) >= 0, `total ${total}`);
  }
  for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) {
    await failure(sftp.download('f', folder.file('x'), { start: bad }), 'INVALID_ARGUMENT');
    await failure(sftp.readFile('f', { length: bad }), 'INVALID_ARGUMENT');
  }
  // A part of a file, resumed within that part.
  await writeFile(folder.file('part.wherry-part'), content.subarray(1000, 3000));
  await sftp.download('f', folder.file('part'), { start: 1000, length: 50_000, resume: true });
  assertSameBytes(await readFile(folder.file('part')), content.subarray(1000, 51_000));
});

test('targets: a folder, a missing folder, a device, a link, a pipe, one that must not be there', async () => {
  const content = pattern(300_000);
  const { sftp, fs } = await openMemory();
  fs.put('f', content);
  fs.mkdir('d');
  await using folder = await localFolder();
  await failure(sftp.download('f', folder.path), 'TRANSFER_TARGET');
  await failure(sftp.download('d', folder.file('x')), 'TRANSFER_TARGET', 'SFTP_FAILURE');
  const missing = await failure(sftp.download('f', folder.file('no/x')), 'TRANSFER_LOCAL_FILE');
  assert.equal(missing.details.errno, 'ENOENT');
  assert.deepEqual(await folder.names(), []);
  assert.equal((await sftp.download('f', '/dev/null')).bytes, 300_000);
  assert.ok((await stat('/dev/null')).isCharacterDevice());
  await writeFile(folder.file('real'), 'old');
  await symlink('real', folder.file('link'));
  await sftp.download('f', folder.file('link'));
  assertSameBytes(await readFile(folder.file('link')), content);

  await run('mkfifo', [folder.file('pipe')]);
  const reader = spawn('cat', [folder.file('pipe')], { stdio: ['ignore', 'pipe', 'ignore'] });
  const parts: Buffer[] = [];
  reader.stdout.on('data', (bytes) => parts.push(bytes));
  const closed = once(reader, 'close');
  await sftp.download('f', folder.file('pipe'));
  await closed;
  assertSameBytes(Buffer.concat(parts), content, 'through a pipe');

  await failure(sftp.download('f', folder.file('real'), { overwrite: false }), 'TRANSFER_TARGET');
  assert.equal(await readFile(folder.file('real'), 'utf8'), 'old');
  await sftp.download('f', folder.file('fresh'), { overwrite: false });
  assertSameBytes(await readFile(folder.file('fresh')), content);
});

test('overwrite false holds to the end: a target that appears meanwhile stays', async () => {
  for (const keepPartial of [false, true]) {
    const { sftp, fs, server } = await openMemory({ delay: 20 });
    fs.put('f', pattern(500_000));
    await using folder = await localFolder();
    const target = folder.file('t');
    const done = failure(sftp.download('f', target, { overwrite: false, keepPartial }), 'TRANSFER_TARGET');
    while (server.count(SFTP_PACKETS.SSH_FXP_READ) === 0) await sleep(1);
    await writeFile(target, 'somebody else');
    await done;
    assert.equal(await readFile(target, 'utf8'), 'somebody else');
    assert.deepEqual(await folder.names(), keepPartial ? ['t', 't.wherry-part'] : ['t']);
  }
});

const isRoot = process.getuid?.() === 0;

test('a full disk: TRANSFER_LOCAL_FILE with ENOSPC, the kept part is right', {
  skip: !isRoot && 'needs root to mount a tmpfs',
}, async (t) => {
  await using folder = await localFolder();
  const disk = folder.file('disk');
  await mkdir(disk);
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { allowFailure: true });
  if (mounted.code !== 0) return t.skip(`no tmpfs can be mounted here: ${mounted.stderr.trim()}`);
  try {
    const content = pattern(3_000_000);
    for (const keepPartial of [false, true]) {
      const { sftp, fs, server } = await openMemory();
      fs.put('f', content);
      const failed = sftp.download('f', `${disk}/t`, { keepPartial });
      const error = await within(5000, failure(failed, 'TRANSFER_LOCAL_FILE'));
      assert.equal(error.details.errno, 'ENOSPC');
      if (keepPartial) {
        const part = await readFile(`${disk}/t.wherry-part`);
        assert.equal(part.length, error.details.safeLength);
        assertSameBytes(part, content.subarray(0, part.length));
      } else await assert.rejects(stat(`${disk}/t`), { code: 'ENOENT' });
      await settleTurns();
      assert.equal(server.openHandles, 0);
      assert.equal((await sftp.stat('f')).size, 3_000_000, 'the session goes on');
    }
  } finally {
    await run('umount', [disk]);
  }
});

test('a folder that may not be written to: EACCES', async () => {
  await using folder = await localFolder();
  const { sftp, fs } = await openMemory();
  fs.put('f', pattern(10));
  await mkdir(folder.file('locked'));
  await chmod(folder.file('locked'), 0o500);
  const target = isRoot ? '/proc/wherry-test' : folder.file('locked/t');
  const error = await failure(sftp.download('f', target), 'TRANSFER_LOCAL_FILE');
  assert.ok(['EACCES', 'ENOENT', 'EPERM'].includes(error.details.errno!), error.details.errno);
});

test('abort at any time: ABORTED, nothing left, the session goes on', async () => {
  for (let round = 0; round < 60; round++) {
    const { sftp, fs, server } = await openMemory({ delay: 3, reorderReplies: round, extensions: [] });
    fs.put('f', pattern(1_500_000));
    await using folder = await localFolder();
    const abort = new AbortController();
    setTimeout(() => abort.abort(), round / 3);
    const done = sftp.download('f', folder.file('t'), { signal: abort.signal });
    const outcome = await within(
      5000,
      done.then(
        () => 'done',
        (error) => error.code,
      ),
      `round ${round}`,
    );
    assert.ok(outcome === 'done' || outcome === 'ABORTED', outcome);
    assert.deepEqual(await folder.names(), outcome === 'done' ? ['t'] : []);
    assert.equal((await sftp.stat('f')).size, 1_500_000);
    await sleep(10);
    assert.equal(server.openHandles, 0, `round ${round}: handles`);
  }
});

test('a silent server: TIMEOUT after the time of silence, not before while bytes flow', async () => {
  for (const silentAfter of [0, 1, 2, 5, 20]) {
    const { sftp, fs } = await openMemory({ silentAfter, extensions: [] }, { timeout: 60_000 });
    fs.put('f', pattern(1_000_000));
    await using folder = await localFolder();
    const began = performance.now();
    const error = await failure(sftp.download('f', folder.file('t'), { timeout: 100 }), 'TIMEOUT');
    assert.ok(performance.now() - began < 2000);
    assert.equal(error.details.path, 'f');
    assert.deepEqual(await folder.names(), []);
    await sftp.close();
  }
  const slow = await openMemory({ delay: 60, limits: [0, 20_000, 0, 0] }, { timeout: 300 });
  slow.fs.put('f', pattern(9_000_000));
  await within(20_000, slow.sftp.readFile('f'));
});

test('progress: rising, at most about ten a second, the last one says all; a handler that throws ends it', async () => {
  const { sftp, fs } = await openMemory({ delay: 30, limits: [0, 10_000, 0, 0] });
  fs.put('f', pattern(12_000_000));
  const seen: Progress[] = [];
  const began = performance.now();
  await sftp.readFile('f', { onProgress: (one) => seen.push(one) });
  const seconds = (performance.now() - began) / 1000;
  assert.ok(seen.length <= seconds * 10 + 2, `${seen.length} reports in ${seconds} s`);
  for (let i = 1; i < seen.length; i++) assert.ok(seen[i]!.transferred >= seen[i - 1]!.transferred);
  assert.deepEqual([seen.at(-1)!.transferred, seen.at(-1)!.total], [12_000_000, 12_000_000]);
  assert.ok(seen.at(-1)!.rate > 0);
  const thrower = {
    onProgress: () => {
      throw new Error('my bug');
    },
  };
  const error = await within(5000, failure(sftp.readFile('f', thrower), 'ABORTED'));
  assert.equal((error.cause as Error).message, 'my bug');
  await within(5000, failure(sftp.upload(pattern(100), 'g', thrower), 'ABORTED'));
  assert.equal((await sftp.stat('f')).size, 12_000_000, 'the session goes on');
});

/** Every method of Sftp and SftpFile against the in-memory server: success, refusal, and "not supported". */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sftp } from '../../src/api/sftp.ts';
import { SftpFile } from '../../src/api/sftp-file.ts';
import { SftpVerbs } from '../../src/api/sftp-verbs.ts';
import type { WaitOptions } from '../../src/base/deadline.ts';
import { HOME } from '../support/sftp/memory-fs.ts';
import { failure, type MemorySession, openMemory, settleTurns } from '../support/sftp/memory-session.ts';
import { NO_LIMITS_EXTENSION } from '../support/sftp/sins.ts';

async function opened(...args: Parameters<typeof openMemory>): Promise<MemorySession> {
  const memory = await openMemory(...args);
  memory.fs.put('file', Buffer.from('hello'));
  memory.fs.mkdir('folder');
  memory.fs.put('folder/inner', Buffer.from('x'));
  memory.fs.mkdir('empty');
  await memory.sftp.symlink('file', 'link');
  await settleTurns();
  memory.server.received.length = 0;
  return memory;
}

/** One row per method: its request type or extension, how it is called, and what is true afterwards. */
interface Verb {
  type: number | string;
  call: (sftp: Sftp, wait: WaitOptions) => Promise<unknown>;
  check?: (memory: MemorySession, result: unknown) => void;
}

const VERBS: Record<string, Verb> = {
  stat: {
    type: 17,
    call: (s, w) => s.stat('link', w),
    check: (_, result) =>
      assert.deepEqual(result, {
        size: 5,
        uid: 1000,
        gid: 1000,
        permissions: 0o100644,
        accessTime: 1_700_000_000,
        modifyTime: 1_700_000_001,
      }),
  },
  lstat: {
    type: 7,
    call: (s, w) => s.lstat('link', w),
    check: (_, result) => assert.equal((result as { permissions: number }).permissions, 0o120777),
  },
  exists: { type: 7, call: (s, w) => s.exists('link', w), check: (_, result) => assert.equal(result, true) },
  setAttributes: {
    type: 9,
    call: (s, w) => s.setAttributes('file', { accessTime: 1, modifyTime: 2 }, w),
    check: ({ fs }) => assert.deepEqual([fs.node('file').accessTime, fs.node('file').modifyTime], [1, 2]),
  },
  setLinkAttributes: {
    type: 'lsetstat@openssh.com',
    call: (s, w) => s.setLinkAttributes('link', { accessTime: 1, modifyTime: 2 }, w),
    check: ({ fs }) =>
      assert.deepEqual([fs.node('link', false).modifyTime, fs.node('file').modifyTime], [2, 1_700_000_001]),
  },
  chmod: {
    type: 9,
    call: (s, w) => s.chmod('link', 0o600, w),
    check: ({ fs }) => assert.equal(fs.node('file').mode, 0o600),
  },
  mkdir: {
    type: 14,
    call: (s, w) => s.mkdir('new', { permissions: 0o700 }, w),
    check: ({ fs }) => assert.equal(fs.node('new').mode, 0o700),
  },
  rmdir: { type: 15, call: (s, w) => s.rmdir('empty', w), check: ({ fs }) => assert.ok(!fs.has('empty')) },
  remove: {
    type: 13,
    call: (s, w) => s.remove('link', w),
    check: ({ fs }) => assert.deepEqual([fs.has('link'), fs.has('file')], [false, true]),
  },
  rename: {
    type: 18,
    call: (s, w) => s.rename('file', 'moved', w),
    check: ({ fs }) => assert.deepEqual([fs.has('file'), fs.get('moved').toString()], [false, 'hello']),
  },
  replace: {
    type: 'posix-rename@openssh.com',
    call: (s, w) => s.replace('file', 'folder/inner', w),
    check: ({ fs }) => assert.equal(fs.get('folder/inner').toString(), 'hello'),
  },
  symlink: {
    type: 20,
    call: (s, w) => s.symlink('file', 'second', w),
    check: ({ fs }) => assert.equal(fs.node('second', false).target, 'file'),
  },
  hardlink: {
    type: 'hardlink@openssh.com',
    call: (s, w) => s.hardlink('file', 'hard', w),
    check: ({ fs }) => assert.equal(fs.node('hard'), fs.node('file')),
  },
  readlink: {
    type: 19,
    call: (s, w) => s.readlink('link', w),
    check: (_, result) => assert.equal(result, 'file'),
  },
  realpath: {
    type: 16,
    call: (s, w) => s.realpath('folder/../x', w),
    check: (_, result) => assert.equal(result, `${HOME}/x`),
  },
  expandPath: {
    type: 'expand-path@openssh.com',
    call: (s, w) => s.expandPath('~/x', w),
    check: (_, result) => assert.equal(result, `${HOME}/x`),
  },
  homeDirectory: {
    type: 'home-directory',
    call: (s, w) => s.homeDirectory('', w),
    check: (_, result) => assert.equal(result, HOME),
  },
  space: {
    type: 'statvfs@openssh.com',
    call: (s, w) => s.space('file', w),
    check: (_, result) =>
      assert.deepEqual(result, {
        blockSize: 4096n,
        fragmentSize: 1024n,
        blocks: 1000n,
        blocksFree: 900n,
        blocksAvailable: 800n,
        files: 70n,
        filesFree: 60n,
        filesAvailable: 50n,
        id: 7n,
        readOnly: true,
        noSetuid: true,
        maxNameLength: 255n,
      }),
  },
  open: {
    type: 3,
    call: (s, w) => s.open('file', 'r', {}, w),
    check: (_, result) => assert.ok(result instanceof SftpFile),
  },
  list: {
    type: 11,
    call: async (s, w) => {
      const names: string[] = [];
      for await (const entry of s.list('.', w)) names.push(`${entry.type} ${entry.name}`);
      return names;
    },
    check: (_, result) =>
      assert.deepEqual(result, ['file file', 'directory folder', 'directory empty', 'symlink link']),
  },
};

const wanted = (verb: Verb): ((one: { type: number; body: Buffer }) => boolean) =>
  typeof verb.type === 'number'
    ? (one) => one.type === verb.type
    : (one) => one.type === 200 && one.body.subarray(4).toString().startsWith(String(verb.type));

for (const [name, verb] of Object.entries(VERBS)) {
  test(`${name} does its work with one request`, async () => {
    const memory = await opened();
    const result = await verb.call(memory.sftp, {});
    verb.check?.(memory, result);
    assert.equal(memory.server.received.filter(wanted(verb)).length, 1);
    await memory.sftp.close();
  });

  test(`${name} tells every status as its code, with operation and path`, async () => {
    const codes = ['EOF', 'NO_SUCH_FILE', 'PERMISSION_DENIED', 'FAILURE', 'BAD_MESSAGE', 'NO_CONNECTION'];
    for (const [i, code] of [...codes, 'CONNECTION_LOST', 'OP_UNSUPPORTED', 'INVALID_HANDLE'].entries()) {
      const status = i + 1;
      const memory = await opened();
      memory.server.sins.failOn = new Map([[verb.type, { status, message: 'because' }]]);
      if (name === 'exists' && code === 'NO_SUCH_FILE') {
        assert.equal(await memory.sftp.exists('link'), false);
        continue;
      }
      const error = await failure(verb.call(memory.sftp, {}), `SFTP_${code}` as 'SFTP_EOF');
      assert.equal(error.details.sftpStatus, status);
      assert.equal(error.details.serverMessage, 'because');
      assert.ok(error.details.operation !== undefined && error.details.path !== undefined);
      assert.equal(await memory.sftp.realpath('.').catch(() => HOME), HOME, 'the session goes on');
    }
  });

  test(`${name} is aborted and times out alone; the session goes on, nothing is left open`, async () => {
    const memory = await opened({ delay: 30 });
    const { sftp, server } = memory;
    const abort = new AbortController();
    const aborted = verb.call(sftp, { signal: abort.signal });
    setImmediate(() => abort.abort(new Error('my reason')));
    const error = await failure(aborted, 'ABORTED');
    assert.equal((error.cause as Error).message, 'my reason');
    await failure(verb.call(sftp, { signal: AbortSignal.abort() }), 'ABORTED');
    const late = await failure(
      verb.call(sftp, { timeout: 1 }).then(() => assert.fail('quick')),
      'TIMEOUT',
    );
    assert.ok(late.details.operation !== undefined, 'says what took too long');
    assert.equal(await sftp.realpath('.'), HOME);
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.equal(server.openHandles, 0, 'handles that came late are closed');
    await sftp.close();
  });

  test(`${name} rejects an answer of a wrong type, of no bytes, and one cut short`, async () => {
    const request = typeof verb.type === 'number' ? verb.type : 200;
    for (const reply of [2, 101, 102, 103, 104, 105, 201, 250]) {
      const memory = await opened();
      memory.server.sins.wrongReplyType = { request, reply, body: Buffer.alloc(0) };
      await failure(verb.call(memory.sftp, {}), 'SFTP_PROTOCOL', 'SFTP_EOF');
    }
    // A success where something else is the answer.
    const memory = await opened();
    const ok = Buffer.from('00000000000000026f6b00000000', 'hex');
    memory.server.sins.wrongReplyType = { request, reply: 101, body: ok };
    await verb.call(memory.sftp, {}).then(
      (result) => assert.equal(result, undefined),
      (error) => assert.equal(error.code, 'SFTP_PROTOCOL'),
    );
  });

  test(`${name} after the end fails with the cause`, async () => {
    const memory = await opened();
    await memory.sftp.close();
    await failure(verb.call(memory.sftp, {}), 'CLOSED');
    const other = await opened();
    other.server.sins.earlyClose = { after: 0, how: 'lost' };
    await failure(verb.call(other.sftp, {}), 'CONNECTION_LOST');
    await failure(verb.call(other.sftp, {}), 'CONNECTION_LOST');
    await other.sftp.close();
  });

  if (typeof verb.type === 'string') {
    for (const extensions of [[], [[verb.type, '99']] as const]) {
      if (verb.type === 'home-directory' && extensions.length > 0) continue;
      test(`${name} says that the server ${extensions.length > 0 ? 'speaks another version' : 'does not offer it'}, without asking`, async () => {
        const memory = await opened({ extensions });
        const error = await failure(verb.call(memory.sftp, {}), 'SFTP_OP_UNSUPPORTED');
        assert.equal(error.details.sftpStatus, undefined);
        assert.match(error.message, new RegExp(verb.type as string));
        await settleTurns();
        assert.equal(memory.server.received.length, 0);
      });
    }
  }
}

test('every verb of Sftp is in the table', () => {
  const elsewhere = ['constructor', 'version', 'timeout', 'extensions', 'features', 'folder', 'changeFolder'];
  for (const name of Object.getOwnPropertyNames(SftpVerbs.prototype))
    assert.ok(name in VERBS || elsewhere.includes(name), name);
});

test('the time-out of a session may be set while it lives, to a number of milliseconds', async () => {
  const { sftp } = await openMemory({ silentAfter: 1 }, { timeout: 60_000 });
  assert.equal(sftp.timeout, 60_000);
  for (const wrong of [-1, 1.5, Number.NaN]) {
    assert.throws(
      () => {
        sftp.timeout = wrong;
      },
      { code: 'INVALID_ARGUMENT' },
    );
  }
  sftp.timeout = 50;
  await failure(sftp.stat('f'), 'TIMEOUT');
});

test('limits are asked for once, and undefined where not offered', async () => {
  const { sftp, server } = await openMemory({ limits: [1, 2, 3, 4] });
  const limits = { maxPacketLength: 1, maxReadLength: 2, maxWriteLength: 3, maxOpenHandles: 4 };
  assert.deepEqual([await sftp.limits(), await sftp.limits()], [limits, limits]);
  assert.equal(server.received.length, 1);
  const without = await openMemory({ extensions: NO_LIMITS_EXTENSION });
  assert.equal(await without.sftp.limits(), undefined);
  const refusing = await openMemory({ failOn: new Map([['limits@openssh.com', { status: 4 }]]) });
  assert.equal(await refusing.sftp.limits(), undefined);
  assert.equal(refusing.sftp.version, 3);
  assert.equal(refusing.sftp.extensions.get('statvfs@openssh.com'), '2');
});

test('a file is read and written in pieces, told about, synced and closed once', async () => {
  const { sftp, fs, server } = await opened({ shortReads: 10_000 });
  fs.put('big', Buffer.alloc(100_000, 7));
  await using file = await sftp.open('big', 'r+');
  assert.equal((await file.read(0, 100_001)).length, 100_000);
  assert.deepEqual(await file.read(99_999, 10), Buffer.from([7]));
  assert.equal((await file.read(100_000, 10)).length, 0);
  assert.equal((await file.read(0, 0)).length, 0);
  await file.write(10, Buffer.alloc(70_000, 8));
  assert.equal(fs.get('big')[70_009], 8);
  assert.equal(fs.get('big')[70_010], 7);
  assert.equal((await file.stat()).size, 100_000);
  await file.setAttributes({ size: 3 });
  assert.equal(fs.get('big').length, 3);
  assert.equal(file.canSync, true);
  await file.sync();
  assert.equal((await file.space()).blockSize, 4096n);
  await Promise.all([file.close(), file.close()]);
  assert.equal(server.count(4), 1);
  await failure(file.read(0, 1), 'CLOSED');
  await failure(file.write(0, Buffer.from('x')), 'CLOSED');
  await failure((async () => file.stat())(), 'CLOSED');
});

test('a failing read or write of a file says where, and a wrong answer is no success', async () => {
  const { sftp, server } = await opened();
  const file = await sftp.open('file', 'r+');
  server.sins.failOn = new Map([
    [5, { status: 3 }],
    [6, { status: 4 }],
  ]);
  const read = await failure(file.read(7, 3), 'SFTP_PERMISSION_DENIED');
  assert.deepEqual([read.details.offset, read.details.path], [7, 'file']);
  const write = await failure(file.write(9, Buffer.from('abc')), 'SFTP_FAILURE');
  assert.deepEqual([write.details.offset, write.details.operation], [9, 'write']);
  server.sins.failOn = new Map();
  // ATTRS without fields begins with four zero bytes, as a success would.
  for (const reply of [102, 103, 104, 105, 201]) {
    server.sins.wrongReplyType = { request: 6, reply, body: Buffer.alloc(8) };
    await failure(file.write(0, Buffer.from('x')), 'SFTP_PROTOCOL');
    if (reply === 103) continue;
    server.sins.wrongReplyType = { request: 5, reply, body: Buffer.from('0000000100000000', 'hex') };
    await failure(file.read(0, 1), 'SFTP_PROTOCOL');
  }
  server.sins.wrongReplyType = { request: 5, reply: 101, body: Buffer.alloc(12) };
  await failure(file.read(0, 1), 'SFTP_PROTOCOL');
  for (const bad of [-1, 1.5, 2 ** 53, Number.NaN]) {
    await failure(file.read(bad, 1), 'INVALID_ARGUMENT');
    await failure(file.read(0, bad), 'INVALID_ARGUMENT');
    await failure(file.write(bad, Buffer.from('x')), 'INVALID_ARGUMENT');
  }
  const late = await failure(file.read(0, 1, { signal: AbortSignal.abort() }), 'ABORTED');
  assert.equal(late.details.path, 'file');
});

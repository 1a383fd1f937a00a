/**
 * Every request and extension in every version, as bytes put together by hand from the drafts: filexfer-02 (version 3),
 * -04 (4), -05 (5), -13 (6), filexfer-extensions-00 and OpenSSH's PROTOCOL.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sftp } from '../../src/api/sftp.ts';
import { SftpFile } from '../../src/api/sftp-file.ts';
import { SFTP_EXTENSIONS } from '../../src/sftp/extensions.ts';
import { openDirectory, openFile } from '../../src/sftp/open-file.ts';
import { OPEN_FLAGS, SFTP_PACKETS } from '../../src/sftp/packets.ts';
import * as requests from '../../src/sftp/requests.ts';
import { SftpSession } from '../../src/sftp/session.ts';
import { ALL_VERSIONS, type SftpVersion } from '../../src/sftp/versions.ts';
import { channelPair } from '../support/sftp/channel-pair.ts';
import { failure, settleTurns } from '../support/sftp/memory-session.ts';
import { packet, str, u32, u64 } from '../support/sftp/wire.ts';

const HANDLE = Buffer.from('0a00ff', 'hex');
const H = '000000030a00ff';
/** string "/a" and string "/b" */
const A = '000000022f61';
const B = '000000022f62';
const NONE = '00000000';

interface Wire {
  session: SftpSession;
  sftp: Sftp;
  file: SftpFile;
  sent(): Promise<string>;
}

type Announced = readonly (readonly [name: string, data: string | Uint8Array])[];

async function wire(version: SftpVersion, announced: Announced = []): Promise<Wire> {
  const pair = channelPair();
  const bytes: Uint8Array[] = [];
  pair.server.onData = (chunk) => bytes.push(chunk);
  const session = new SftpSession(pair.client, 0, { version });
  const started = session.start();
  const sent = async (): Promise<string> => {
    await settleTurns(4);
    return Buffer.concat(bytes.splice(0)).toString('hex');
  };
  assert.equal(await sent(), `0000000501${u32(version).toString('hex')}`, 'SSH_FXP_INIT');
  pair.server.send(packet(2, u32(version), ...announced.flatMap(([name, data]) => [str(name), str(data)])));
  await started;
  return { session, sftp: new Sftp(session), file: new SftpFile(session, HANDLE, '/a'), sent };
}

/** The attributes of OPEN and MKDIR that say nothing: since version 4 with a type byte. */
const noFile = (version: SftpVersion): string => (version === 3 ? NONE : `${NONE}01`);
const noFolder = (version: SftpVersion): string => (version === 3 ? NONE : `${NONE}02`);
/** What STAT asks for: every attribute of the version. */
const wanted = (version: SftpVersion): string =>
  version === 3 ? '' : { 4: '000001fd', 5: '000003fd', 6: '0000fffd' }[version];
const pflags = (version: SftpVersion, old: string, access: string, flags: string): string =>
  version < 5 ? old : access + flags;

type Body = (version: SftpVersion) => string;
interface Row {
  readonly ask: (w: Wire) => unknown;
  readonly type: string;
  readonly body: Body;
  readonly versions?: readonly SftpVersion[];
  readonly announced?: Announced;
}

const { SSH_FXF_READ, SSH_FXF_WRITE, SSH_FXF_CREAT, SSH_FXF_TRUNC, SSH_FXF_EXCL, SSH_FXF_APPEND } =
  OPEN_FLAGS;
const name = (text: string): string => str(text).toString('hex');
const open =
  (flags: number) =>
  (w: Wire): unknown =>
    openFile(w.session, '/a', flags);

const REQUESTS: readonly [kind: string, row: Row][] = [
  [
    'SSH_FXP_OPEN',
    {
      ask: open(SSH_FXF_READ),
      type: '03',
      body: (v) => `${A}${pflags(v, '00000001', '00000081', '00000002')}${noFile(v)}`,
    },
  ],
  [
    'SSH_FXP_OPEN',
    {
      ask: open(SSH_FXF_WRITE + SSH_FXF_CREAT + SSH_FXF_TRUNC),
      type: '03',
      body: (v) => `${A}${pflags(v, '0000001a', '00000102', '00000001')}${noFile(v)}`,
    },
  ],
  [
    'SSH_FXP_OPEN',
    {
      ask: open(SSH_FXF_WRITE + SSH_FXF_CREAT + SSH_FXF_EXCL),
      type: '03',
      body: (v) => `${A}${pflags(v, '0000002a', '00000102', '00000000')}${noFile(v)}`,
    },
  ],
  [
    'SSH_FXP_OPEN',
    {
      ask: open(SSH_FXF_WRITE + SSH_FXF_CREAT),
      type: '03',
      body: (v) => `${A}${pflags(v, '0000000a', '00000102', '00000003')}${noFile(v)}`,
    },
  ],
  [
    'SSH_FXP_OPEN',
    {
      ask: open(SSH_FXF_WRITE + SSH_FXF_TRUNC),
      type: '03',
      body: (v) => `${A}${pflags(v, '00000012', '00000102', '00000004')}${noFile(v)}`,
    },
  ],
  [
    'SSH_FXP_OPEN',
    {
      ask: open(SSH_FXF_WRITE + SSH_FXF_CREAT + SSH_FXF_APPEND),
      type: '03',
      body: (v) => `${A}${pflags(v, '0000000e', '00000106', '0000000b')}${noFile(v)}`,
    },
  ],
  [
    'SSH_FXP_OPEN',
    {
      ask: (w) => w.sftp.open('/a', 'r', {}, { text: true }),
      versions: [4, 5, 6],
      type: '03',
      body: (v) => `${A}${pflags(v, '00000041', '00000081', '00000022')}${noFile(v)}`,
    },
  ],
  [
    'SSH_FXP_OPEN',
    {
      ask: (w) => w.sftp.open('/a', 'r', {}, { lock: { write: true, delete: true } }),
      versions: [5, 6],
      type: '03',
      body: (v) => `${A}0000008100000182${noFile(v)}`,
    },
  ],
  [
    'SSH_FXP_OPEN',
    {
      ask: (w) => w.sftp.open('/a', 'r', {}, { noFollow: true, deleteOnClose: true }),
      versions: [6],
      type: '03',
      body: (v) => `${A}0000008100000c02${noFile(v)}`,
    },
  ],
  [
    'SSH_FXP_OPEN',
    {
      ask: (w) => w.sftp.open('/a', 'w', { permissions: 0o600 }),
      type: '03',
      body: (v) =>
        `${A}${pflags(v, '0000001a', '00000102', '00000001')}00000004${v === 3 ? '' : '01'}00000180`,
    },
  ],
  ['SSH_FXP_CLOSE', { ask: (w) => requests.closeHandle(w.session, HANDLE), type: '04', body: () => H }],
  [
    'SSH_FXP_READ',
    {
      ask: (w) => w.session.read(HANDLE, 0x1_0000_0005, 9, { reply() {}, fail() {} }),
      type: '05',
      body: () => `${H}000000010000000500000009`,
    },
  ],
  [
    'SSH_FXP_WRITE',
    {
      ask: (w) => w.session.write(HANDLE, 7, Buffer.from('hey'), { reply() {}, fail() {} }),
      type: '06',
      body: () => `${H}000000000000000700000003686579`,
    },
  ],
  ['SSH_FXP_LSTAT', { ask: (w) => w.sftp.lstat('/a'), type: '07', body: (v) => A + wanted(v) }],
  ['SSH_FXP_FSTAT', { ask: (w) => w.file.stat(), type: '08', body: (v) => H + wanted(v) }],
  [
    'SSH_FXP_SETSTAT',
    {
      ask: (w) => w.sftp.chmod('/a', 0o644),
      type: '09',
      body: (v) => `${A}00000004${v === 3 ? '' : '05'}000001a4`,
    },
  ],
  [
    'SSH_FXP_SETSTAT',
    {
      ask: (w) => w.sftp.setAttributes('/a', { accessTime: 1, modifyTime: 2 }),
      type: '09',
      body: (v) =>
        v === 3 ? `${A}000000080000000100000002` : `${A}000000280500000000000000010000000000000002`,
    },
  ],
  [
    'SSH_FXP_SETSTAT',
    {
      ask: (w) => w.sftp.setAttributes('/a', { uid: 1, gid: 2 }),
      type: '09',
      body: (v) => (v === 3 ? `${A}000000020000000100000002` : `${A}0000008005${name('1')}${name('2')}`),
    },
  ],
  [
    'SSH_FXP_FSETSTAT',
    {
      ask: (w) => w.file.setAttributes({ size: 5 }),
      type: '0a',
      body: (v) => `${H}00000001${v === 3 ? '' : '05'}0000000000000005`,
    },
  ],
  ['SSH_FXP_OPENDIR', { ask: (w) => openDirectory(w.session, '/a'), type: '0b', body: () => A }],
  ['SSH_FXP_READDIR', { ask: (w) => requests.askDirectory(w.session, HANDLE), type: '0c', body: () => H }],
  ['SSH_FXP_REMOVE', { ask: (w) => w.sftp.remove('/a'), type: '0d', body: () => A }],
  ['SSH_FXP_MKDIR', { ask: (w) => w.sftp.mkdir('/a'), type: '0e', body: (v) => A + noFolder(v) }],
  ['SSH_FXP_RMDIR', { ask: (w) => w.sftp.rmdir('/a'), type: '0f', body: () => A }],
  [
    'SSH_FXP_REALPATH',
    { ask: (w) => w.sftp.realpath('/a'), type: '10', body: (v) => (v === 6 ? `${A}01` : A) },
  ],
  [
    'SSH_FXP_REALPATH',
    {
      ask: (w) => w.sftp.realpath('/a', { check: 'must-exist', compose: ['/b'] }),
      versions: [6],
      type: '10',
      body: () => `${A}03${B}`,
    },
  ],
  ['SSH_FXP_STAT', { ask: (w) => w.sftp.stat('/a'), type: '11', body: (v) => A + wanted(v) }],
  [
    'SSH_FXP_RENAME',
    { ask: (w) => w.sftp.rename('/a', '/b'), type: '12', body: (v) => A + B + (v < 5 ? '' : NONE) },
  ],
  [
    'SSH_FXP_RENAME',
    {
      ask: (w) => w.sftp.rename('/a', '/b', { overwrite: true, native: true }),
      versions: [5, 6],
      type: '12',
      body: () => `${A}${B}00000005`,
    },
  ],
  [
    'SSH_FXP_RENAME',
    { ask: (w) => w.sftp.replace('/a', '/b'), versions: [5, 6], type: '12', body: () => `${A}${B}00000003` },
  ],
  ['SSH_FXP_READLINK', { ask: (w) => w.sftp.readlink('/a'), type: '13', body: () => A }],
  [
    'SSH_FXP_SYMLINK',
    { ask: (w) => w.sftp.symlink('/b', '/a'), versions: [3, 4, 5], type: '14', body: () => B + A },
  ],
  [
    'SSH_FXP_SYMLINK',
    {
      ask: (w) => w.sftp.symlink('/b', '/a'),
      versions: [3, 4, 5],
      announced: [['symlink-order@rjk.greenend.org.uk', 'linkpath-targetpath']],
      type: '14',
      body: () => A + B,
    },
  ],
  [
    'SSH_FXP_LINK',
    { ask: (w) => w.sftp.symlink('/b', '/a'), versions: [6], type: '15', body: () => `${A}${B}01` },
  ],
  [
    'SSH_FXP_LINK',
    { ask: (w) => w.sftp.hardlink('/b', '/a'), versions: [6], type: '15', body: () => `${A}${B}00` },
  ],
  [
    'SSH_FXP_BLOCK',
    {
      ask: (w) => w.file.lock(1, 2, { read: true, write: true }),
      versions: [6],
      type: '16',
      body: () => `${H}00000000000000010000000000000002000000c0`,
    },
  ],
  [
    'SSH_FXP_UNBLOCK',
    {
      ask: (w) => w.file.unlock(1, 2),
      versions: [6],
      type: '17',
      body: () => `${H}00000000000000010000000000000002`,
    },
  ],
];

const RANGE = '00000000000000010000000000000002';
const ALGORITHMS = name('sha256,sha224,sha384,sha512,sha1,md5');
/** Behind the extension's own name. */
const EXTENSIONS: readonly [
  extension: keyof typeof SFTP_EXTENSIONS,
  ask: (w: Wire) => unknown,
  body: Body,
  data?: string,
][] = [
  ['posix-rename@openssh.com', (w) => w.sftp.replace('/a', '/b'), () => A + B, '1'],
  ['statvfs@openssh.com', (w) => w.sftp.space('/a'), () => A, '2'],
  ['fstatvfs@openssh.com', (w) => w.file.space(), () => H, '2'],
  ['hardlink@openssh.com', (w) => w.sftp.hardlink('/a', '/b'), () => A + B, '1'],
  ['fsync@openssh.com', (w) => w.file.sync(), () => H, '1'],
  [
    'lsetstat@openssh.com',
    (w) => w.sftp.setLinkAttributes('/a', { permissions: 1 }),
    (v) => `${A}00000004${v === 3 ? '' : '05'}00000001`,
    '1',
  ],
  ['expand-path@openssh.com', (w) => w.sftp.expandPath('/a'), () => A, '1'],
  [
    'users-groups-by-id@openssh.com',
    (w) => w.sftp.namesOfIds({ users: [0, 1000], groups: [7] }),
    () => '0000000800000000000003e8' + '0000000400000007',
    '1',
  ],
  [
    'copy-data',
    (w) => w.file.copyTo(w.file, { start: 1, length: 2, at: 3 }),
    () => `${H}${RANGE}${H}0000000000000003`,
  ],
  ['copy-file', (w) => w.sftp.copy('/a', '/b'), () => `${A}${B}01`],
  ['copy-file', (w) => w.sftp.copy('/a', '/b', { overwrite: false }), () => `${A}${B}00`],
  ['home-directory', (w) => w.sftp.homeDirectory('me'), () => name('me')],
  ['get-temp-folder', (w) => w.sftp.temporaryFolder(), () => ''],
  ['make-temp-folder', (w) => w.sftp.makeTemporaryFolder(), () => ''],
  [
    'check-file-name',
    (w) => w.sftp.hash('/a', { start: 1, length: 2, blockSize: 256 }),
    () => `${A}${ALGORITHMS}${RANGE}00000100`,
  ],
  [
    'check-file-handle',
    (w) => w.file.hash({ algorithms: ['md5'] }),
    () => `${H}${name('md5')}${u64(0).toString('hex')}${u64(0).toString('hex')}${NONE}`,
  ],
  ['md5-hash', (w) => w.sftp.hash('/a', { start: 1, length: 2 }), () => `${A}${RANGE}${NONE}`],
  ['space-available', (w) => w.sftp.availableSpace('/a'), () => A],
  ['text-seek', (w) => w.file.seekLine(9), () => `${H}0000000000000009`],
  [
    'vendor-id',
    (w) => w.sftp.identify({ vendor: 'v', product: 'p', version: '1', build: 2n }),
    () => name('v') + name('p') + name('1') + u64(2).toString('hex'),
  ],
  ['filename-translation-control', (w) => w.sftp.translateNames(true), () => '01'],
];

/** Tested elsewhere: what is asked at the start, and what is only announced. */
const ELSEWHERE = new Set<string>(['limits@openssh.com', 'version-select', 'md5-hash-handle']);

function framed(type: string, id: number, body: string): string {
  const rest = type + u32(id).toString('hex') + body;
  return u32(rest.length / 2).toString('hex') + rest;
}

for (const version of ALL_VERSIONS) {
  for (const [i, [kind, { ask, type, body, versions, announced }]] of REQUESTS.entries()) {
    if (versions !== undefined && !versions.includes(version)) continue;
    test(`version ${version}: ${kind} is sent as written down (${i})`, async () => {
      const w = await wire(version, announced);
      Promise.resolve(ask(w)).catch(() => {});
      assert.equal(await w.sent(), framed(type, 0, body(version)));
    });
  }
  for (const [i, [extension, ask, body, data = '']] of EXTENSIONS.entries()) {
    test(`version ${version}: ${extension} is sent as written down (${i})`, async () => {
      const w = await wire(version, [[extension, data]]);
      Promise.resolve(ask(w)).catch(() => {});
      assert.equal(await w.sent(), framed('c8', 0, name(extension) + body(version)));
    });
  }
}

test('an extension that is not announced fails without a round trip', async () => {
  for (const [extension, ask] of EXTENSIONS) {
    const w = await wire(3);
    const error = await failure(Promise.resolve(ask(w)), 'SFTP_OP_UNSUPPORTED');
    assert.match(error.message, /not supported by this server/, extension);
    assert.equal(await w.sent(), '', extension);
  }
});

test('every request and every extension has a row above', () => {
  const tested = new Set<string>([
    ...REQUESTS.map(([kind]) => kind),
    ...EXTENSIONS.map(([extension]) => extension),
  ]);
  for (const [kind, number] of Object.entries(SFTP_PACKETS))
    if (number > 2 && number < 101) assert.ok(tested.has(kind), kind);
  for (const [extension, { reply }] of Object.entries(SFTP_EXTENSIONS))
    if (reply !== 'none' && !ELSEWHERE.has(extension)) assert.ok(tested.has(extension), extension);
});

const TOO_OLD: readonly [what: string, since: SftpVersion, ask: (w: Wire) => Promise<unknown>][] = [
  ['text', 4, (w) => w.sftp.open('/a', 'r', {}, { text: true })],
  ['lock', 5, (w) => w.sftp.open('/a', 'r', {}, { lock: { read: true } })],
  ['atomicAppend', 5, (w) => w.sftp.open('/a', 'a', {}, { atomicAppend: true })],
  ['noFollow', 6, (w) => w.sftp.open('/a', 'r', {}, { noFollow: true })],
  ['deleteOnClose', 6, (w) => w.sftp.open('/a', 'w', {}, { deleteOnClose: true })],
  ['block', 6, (w) => w.file.lock(0, 0, { read: true })],
  ['unblock', 6, (w) => w.file.unlock(0, 0)],
  ['hardlink', 6, (w) => w.sftp.hardlink('/a', '/b')],
  ['rename flags', 5, (w) => w.sftp.rename('/a', '/b', { native: true })],
  ['realpath check', 6, (w) => w.sftp.realpath('/a', { check: 'if-there' })],
  ['acl', 4, (w) => w.sftp.setAttributes('/a', { acl: '' })],
  ['owner by name', 4, (w) => w.sftp.setAttributes('/a', { owner: 'me', group: 'us' })],
  ['createTime', 4, (w) => w.sftp.setAttributes('/a', { createTime: 1 })],
  ['bits', 5, (w) => w.sftp.setAttributes('/a', { bits: 1 })],
  ['mimeType', 6, (w) => w.sftp.setAttributes('/a', { mimeType: 'text/plain' })],
];

for (const [what, since, ask] of TOO_OLD) {
  test(`${what} needs version ${since}: nothing is sent before it`, async () => {
    for (const version of ALL_VERSIONS) {
      const w = await wire(version);
      const asked = (async () => ask(w))();
      asked.catch(() => {});
      if (version < since) {
        await failure(asked, 'SFTP_OP_UNSUPPORTED');
        assert.equal(await w.sent(), '');
      } else assert.notEqual(await w.sent(), '');
    }
  });
}

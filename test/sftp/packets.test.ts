/** Every request as bytes, put together by hand from filexfer-02 section 6 and OpenSSH's PROTOCOL. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Sftp } from '../../src/api/sftp.ts';
import { openDirectory, openFile } from '../../src/sftp/open-file.ts';
import { OPEN_FLAGS } from '../../src/sftp/packets.ts';
import * as requests from '../../src/sftp/requests.ts';
import { SftpSession } from '../../src/sftp/session.ts';
import { channelPair } from '../support/sftp/channel-pair.ts';
import { settleTurns } from '../support/sftp/memory-session.ts';
import { OPENSSH_EXTENSIONS } from '../support/sftp/sins.ts';
import { packet, str, u32 } from '../support/sftp/wire.ts';

const HANDLE = Buffer.from('0a00ff', 'hex');

interface Wire {
  session: SftpSession;
  sftp: Sftp;
  /** What the client sent since the last call, in hex. */
  sent(): Promise<string>;
  send(bytes: Uint8Array): void;
}

/** A session whose other end only listens; `limits` is answered so that request ids are known. */
async function wire(extensions: readonly (readonly [string, string])[] = OPENSSH_EXTENSIONS): Promise<Wire> {
  const pair = channelPair();
  const bytes: Uint8Array[] = [];
  pair.server.onData = (chunk) => bytes.push(chunk);
  const session = new SftpSession(pair.client, 0);
  const started = session.start();
  const sent = async (): Promise<string> => {
    await settleTurns(4);
    return Buffer.concat(bytes.splice(0)).toString('hex');
  };
  assert.equal(await sent(), '00000005' + '01' + '00000003', 'SSH_FXP_INIT');
  pair.server.send(packet(2, u32(3), ...extensions.flatMap(([name, data]) => [str(name), str(data)])));
  await started;
  const sftp = new Sftp(session);
  return { session, sftp, sent, send: (chunk) => pair.server.send(chunk) };
}

const path = '/a\u00e9';
/** string "/aé" */
const PATH = '00000004' + '2f61c3a9';
const OTHER = '00000002' + '2f62';
const HANDLE_STRING = '00000003' + '0a00ff';
const ALL_ATTRIBUTES = {
  size: 0x1_0000_0002,
  uid: 1,
  gid: 2,
  permissions: 0o100644,
  accessTime: 3,
  modifyTime: 4,
};
/** flags f, size, uid, gid, permissions, atime, mtime */
const ALL = '0000000f' + '0000000100000002' + '00000001' + '00000002' + '000081a4' + '00000003' + '00000004';

/** Name of the packet or extension; what makes the client send it; the packet behind its length and id. */
const ROWS: readonly [name: string, ask: (w: Wire) => unknown, type: string, body: string][] = [
  ['SSH_FXP_OPEN', (w) => openFile(w.session, path, 0x1a), '03', `${PATH}0000001a00000000`],
  [
    'SSH_FXP_OPEN',
    (w) => openFile(w.session, path, OPEN_FLAGS.SSH_FXF_READ, { permissions: 0o600 }),
    '03',
    `${PATH}00000001${'00000004'}00000180`,
  ],
  ['SSH_FXP_CLOSE', (w) => requests.closeHandle(w.session, HANDLE), '04', HANDLE_STRING],
  [
    'SSH_FXP_READ',
    (w) => w.session.read(HANDLE, 0x1_0000_0005, 32_768, { reply() {}, fail() {} }),
    '05',
    `${HANDLE_STRING}000000010000000500008000`,
  ],
  [
    'SSH_FXP_WRITE',
    (w) => w.session.write(HANDLE, 0x20_0000_0007, Buffer.from('hey'), { reply() {}, fail() {} }),
    '06',
    `${HANDLE_STRING}0000002000000007${'00000003'}686579`,
  ],
  ['SSH_FXP_LSTAT', (w) => w.sftp.lstat(path), '07', PATH],
  ['SSH_FXP_FSTAT', (w) => requests.fstat(w.session, HANDLE), '08', HANDLE_STRING],
  ['SSH_FXP_SETSTAT', (w) => w.sftp.setAttributes(path, ALL_ATTRIBUTES), '09', PATH + ALL],
  ['SSH_FXP_SETSTAT', (w) => w.sftp.chmod(path, 0o644), '09', `${PATH}00000004000001a4`],
  [
    'SSH_FXP_FSETSTAT',
    (w) => requests.fsetstat(w.session, HANDLE, { size: 5 }),
    '0a',
    `${HANDLE_STRING}00000001${'0000000000000005'}`,
  ],
  ['SSH_FXP_OPENDIR', (w) => openDirectory(w.session, path), '0b', PATH],
  ['SSH_FXP_READDIR', (w) => requests.askDirectory(w.session, HANDLE), '0c', HANDLE_STRING],
  ['SSH_FXP_REMOVE', (w) => w.sftp.remove(path), '0d', PATH],
  ['SSH_FXP_MKDIR', (w) => w.sftp.mkdir(path), '0e', `${PATH}00000000`],
  ['SSH_FXP_MKDIR', (w) => w.sftp.mkdir(path, { permissions: 0o700 }), '0e', `${PATH}00000004000001c0`],
  ['SSH_FXP_RMDIR', (w) => w.sftp.rmdir(path), '0f', PATH],
  ['SSH_FXP_REALPATH', (w) => w.sftp.realpath(path), '10', PATH],
  ['SSH_FXP_STAT', (w) => w.sftp.stat(path), '11', PATH],
  ['SSH_FXP_RENAME', (w) => w.sftp.rename(path, '/b'), '12', PATH + OTHER],
  ['SSH_FXP_READLINK', (w) => w.sftp.readlink(path), '13', PATH],
  // OpenSSH's order: target, then the link's own path.
  ['SSH_FXP_SYMLINK', (w) => w.sftp.symlink(path, '/b'), '14', PATH + OTHER],
  [
    'posix-rename@openssh.com',
    (w) => w.sftp.replace(path, '/b'),
    'c8',
    named('posix-rename@openssh.com') + PATH + OTHER,
  ],
  ['statvfs@openssh.com', (w) => w.sftp.space(path), 'c8', named('statvfs@openssh.com') + PATH],
  [
    'hardlink@openssh.com',
    (w) => w.sftp.hardlink(path, '/b'),
    'c8',
    named('hardlink@openssh.com') + PATH + OTHER,
  ],
  [
    'lsetstat@openssh.com',
    (w) => w.sftp.setLinkAttributes(path, { accessTime: 1, modifyTime: 2 }),
    'c8',
    `${named('lsetstat@openssh.com') + PATH}000000080000000100000002`,
  ],
  ['expand-path@openssh.com', (w) => w.sftp.expandPath(path), 'c8', named('expand-path@openssh.com') + PATH],
  ['home-directory', (w) => w.sftp.homeDirectory('me'), 'c8', `${named('home-directory')}000000026d65`],
];

function named(name: string): string {
  return str(name).toString('hex');
}

/** A whole packet in hex: length, type, id, body. */
function framed(type: string, id: number, body: string): string {
  const rest = type + u32(id).toString('hex') + body;
  return u32(rest.length / 2).toString('hex') + rest;
}

for (const [name, ask, type, body] of ROWS) {
  test(`${name} is sent as written down`, async () => {
    const w = await wire(OPENSSH_EXTENSIONS.filter(([extension]) => extension !== 'limits@openssh.com'));
    Promise.resolve(ask(w)).catch(() => {});
    assert.equal(await w.sent(), framed(type, 0, body));
    Promise.resolve(ask(w)).catch(() => {});
    assert.equal(await w.sent(), framed(type, 1, body), 'the next request has the next id');
  });
}

test('limits@openssh.com is asked for at the start, fsync and fstatvfs on a handle', async () => {
  const w = await wire();
  assert.equal(await w.sent(), framed('c8', 0, named('limits@openssh.com')));
  const opening = w.sftp.open(path, 'r');
  assert.equal(await w.sent(), framed('03', 1, `${PATH}0000000100000000`));
  w.send(packet(102, u32(1), str(HANDLE)));
  const file = await opening;
  file.sync().catch(() => {});
  assert.equal(await w.sent(), framed('c8', 2, named('fsync@openssh.com') + HANDLE_STRING));
  file.space().catch(() => {});
  assert.equal(await w.sent(), framed('c8', 3, named('fstatvfs@openssh.com') + HANDLE_STRING));
  file.read(7, 100_000).catch(() => {});
  assert.equal(await w.sent(), framed('05', 4, `${HANDLE_STRING}000000000000000700008000`));
  file.write(8, Buffer.from('hey')).catch(() => {});
  assert.equal(await w.sent(), framed('06', 5, `${HANDLE_STRING}000000000000000800000003686579`));
});

test('requests of one turn share a channel message, a large one goes by itself, the order stays', async () => {
  const w = await wire(OPENSSH_EXTENSIONS.filter(([name]) => name !== 'limits@openssh.com'));
  const long = `/${'x'.repeat(20_000)}`;
  for (const name of ['/1', long, '/2']) w.sftp.stat(name).catch(() => {});
  const expected = ['/1', long, '/2'].map((name, id) => framed('11', id, str(name).toString('hex'))).join('');
  assert.equal(await w.sent(), expected);
});

test('open modes are the flags of fopen', async () => {
  const flags = { r: 1, 'r+': 3, w: 0x1a, wx: 0x2a, 'w+': 0x1b, a: 0x0e } as const;
  const w = await wire(OPENSSH_EXTENSIONS.filter(([name]) => name !== 'limits@openssh.com'));
  let id = 0;
  for (const [mode, number] of Object.entries(flags)) {
    w.sftp.open('/f', mode as keyof typeof flags).catch(() => {});
    const body = `${str('/f').toString('hex')}${u32(number).toString('hex')}00000000`;
    assert.equal(await w.sent(), framed('03', id++, body), mode);
  }
});

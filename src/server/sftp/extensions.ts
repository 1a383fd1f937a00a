import { posix } from 'node:path';
import type { SftpReader } from '../../sftp/reader.ts';
import { checkVersion, isSftpVersion } from '../../sftp/versions.ts';
import { WireWriter } from '../../ssh/wire/writer.ts';
import { FilesError } from '../files/served-files.ts';
import { copyBetween, copyFile } from './copies.ts';
import { checkFile } from './file-hashes.ts';
import { done, extended, path, type Reply, spaceAvailable, statvfs } from './replies.ts';
import { offset, type ServedSession } from './served-session.ts';
import type { SftpService } from './service.ts';

interface Row {
  /** What SSH_FXP_VERSION says of it; undefined where it names another row, or nothing. */
  readonly data?: string;
  readonly since?: number;
  /** The row that announces it. */
  readonly announcedBy?: string;
  readonly answer: (session: ServedSession, reader: SftpReader) => Reply;
}

/** Bytes of a file that text-seek looks at in one piece. */
const PIECE = 65_536;

/** The extensions that are served: OpenSSH's PROTOCOL, filexfer-13, draft-ietf-secsh-filexfer-extensions-00. */
export const SERVED_EXTENSIONS: Readonly<Record<string, Row>> = {
  'posix-rename@openssh.com': {
    data: '1',
    answer: (it, r) => it.change((files) => files.rename(it.path(r), it.path(r), true)),
  },
  'statvfs@openssh.com': { data: '2', answer: (it, r) => statvfs(it.files.space(it.path(r))) },
  'fstatvfs@openssh.com': { data: '2', answer: (it, r) => statvfs(it.files.space(it.handle(r).path)) },
  'hardlink@openssh.com': {
    data: '1',
    answer: (it, r) => it.change((files) => files.link(it.path(r), it.path(r))),
  },
  'fsync@openssh.com': {
    data: '1',
    answer: (it, r) => {
      it.file(r).file.sync();
      return done();
    },
  },
  'lsetstat@openssh.com': {
    data: '1',
    answer: (it, r) => it.change((files) => files.setAttributes(it.path(r), it.given(r), false)),
  },
  'limits@openssh.com': {
    data: '1',
    answer: ({ service }) => {
      const { packet, read, write, handles } = service.limits;
      return extended(new WireWriter().u64(packet).u64(read).u64(write).u64(handles));
    },
  },
  'expand-path@openssh.com': {
    data: '1',
    answer: (it, r) => {
      const asked = it.name(r);
      const [, user, rest] = /^~([^/]*)\/?(.*)$/s.exec(asked) ?? [];
      const expanded = user === undefined ? it.absolute(asked) : posix.join(homeOf(it, user), rest!);
      return path(it.version, posix.resolve('/', expanded));
    },
  },
  'home-directory': { data: '1', answer: (it, r) => path(it.version, homeOf(it, it.name(r))) },
  'users-groups-by-id@openssh.com': {
    data: '1',
    answer: ({ service }, r) => {
      const [users, groups] = [idsOf(r), idsOf(r)];
      const list = (names: ReadonlyMap<number, string>, ids: readonly number[]): Uint8Array =>
        ids.reduce((body, id) => body.text(names.get(id) ?? ''), new WireWriter()).finish();
      const { accounts } = service;
      return extended(
        new WireWriter().string(list(accounts.users, users)).string(list(accounts.groups, groups)),
      );
    },
  },
  'copy-data': { data: '1', answer: copyBetween },
  'copy-file': { data: '1', answer: copyFile },
  'check-file': { data: '', answer: notByItself },
  'check-file-name': { announcedBy: 'check-file', answer: (it, r) => checkFile(it, r, 'name') },
  'check-file-handle': { announcedBy: 'check-file', answer: (it, r) => checkFile(it, r, 'handle') },
  'space-available': { data: '', answer: (it, r) => spaceAvailable(it.files.space(it.path(r))) },
  'text-seek': {
    data: '',
    since: 4,
    answer: (it, r) => {
      const file = it.file(r);
      if (!file.text) throw new FilesError('SSH_FX_FAILURE', 'not open as text');
      file.seekLine(offset(r), PIECE);
      return done();
    },
  },
  // Who the client is makes no difference to anything.
  'vendor-id': { since: 4, answer: done },
};

/** Whether a session has an extension: its own row's version, and what the server is told to leave out. */
export function isServed(service: SftpService, version: number, name: string): boolean {
  if (!Object.hasOwn(SERVED_EXTENSIONS, name)) return false;
  const { since = 3, announcedBy = name } = SERVED_EXTENSIONS[name]!;
  return version >= since && service.offers(announcedBy);
}

export function answerExtension(session: ServedSession, reader: SftpReader): Reply {
  const name = reader.text();
  if (!isServed(session.service, session.version, name))
    throw new FilesError('SSH_FX_OP_UNSUPPORTED', 'no such extension');
  return SERVED_EXTENSIONS[name]!.answer(session, reader);
}

/** version-select, filexfer-13 section 5.5: only of use as the first request. */
export function selectVersion(session: ServedSession, reader: SftpReader): Reply {
  const version = Number(reader.text());
  if (!isSftpVersion(version) || !session.service.versions.includes(version))
    throw new FilesError('SSH_FX_INVALID_PARAMETER', 'not one of the versions');
  session.version = checkVersion(version);
  return done();
}

/** Everybody has the same. */
function homeOf({ service }: ServedSession, user: string): string {
  if (user !== '' && ![...service.accounts.users.values()].includes(user))
    throw new FilesError('SSH_FX_FAILURE', 'no such user');
  return service.home;
}

function idsOf(reader: SftpReader): number[] {
  const bytes = Buffer.from(reader.string());
  if (bytes.length % 4 !== 0) throw new FilesError('SSH_FX_BAD_MESSAGE', 'not a list of numbers');
  return Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readUInt32BE(i * 4));
}

function notByItself(): Reply {
  throw new FilesError('SSH_FX_OP_UNSUPPORTED', 'an announcement, no request');
}

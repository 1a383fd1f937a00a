import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import {
  ask,
  askStatus,
  expect,
  type NameEntry,
  readNames,
  replyError,
  type Subject,
  subject,
} from './ask.ts';
import { decodeAttributes, encodeAttributes, type FileAttributes } from './attributes.ts';
import { SFTP_PACKETS } from './packets.ts';
import type { PendingRequest, SftpSession } from './session.ts';

/** A handle that arrives after its request was given up is closed again. */
function closeLate(session: SftpSession): PendingRequest {
  return {
    reply(type, body) {
      if (type !== SFTP_PACKETS.SSH_FXP_HANDLE) return;
      const handle = body.string();
      session.send(SFTP_PACKETS.SSH_FXP_CLOSE, new WireWriter().string(handle).finish(), {
        reply() {},
        fail() {},
      });
    },
    fail() {},
  };
}

async function askHandle(
  session: SftpSession,
  type: number,
  body: WireWriter,
  about: Subject,
  wait: WaitOptions,
): Promise<Uint8Array> {
  const reply = await ask(session, type, body, about, wait, closeLate(session));
  const handle = expect(reply, SFTP_PACKETS.SSH_FXP_HANDLE, about).string();
  if (handle.length > 256)
    throw new WherryError('SFTP_PROTOCOL', `a handle of ${handle.length} bytes`, about);
  return Uint8Array.from(handle);
}

/** SSH_FXP_OPEN, filexfer-02 section 6.3; `flags` of OPEN_FLAGS. Only given attributes are sent. */
export function openFile(
  session: SftpSession,
  path: string,
  flags: number,
  attributes: FileAttributes = {},
  wait: WaitOptions = {},
): Promise<Uint8Array> {
  const body = new WireWriter().text(path).u32(flags);
  encodeAttributes(body, attributes);
  return askHandle(session, SFTP_PACKETS.SSH_FXP_OPEN, body, subject('open', path), wait);
}

export function closeHandle(
  session: SftpSession,
  handle: Uint8Array,
  path?: string,
  wait: WaitOptions = {},
): Promise<void> {
  return askStatus(
    session,
    SFTP_PACKETS.SSH_FXP_CLOSE,
    new WireWriter().string(handle),
    subject('close', path),
    wait,
  );
}

async function askAttributes(
  session: SftpSession,
  type: number,
  body: WireWriter,
  about: Subject,
  wait: WaitOptions,
): Promise<FileAttributes> {
  const reply = await ask(session, type, body, about, wait);
  return decodeAttributes(expect(reply, SFTP_PACKETS.SSH_FXP_ATTRS, about));
}

/** SSH_FXP_STAT: follows symbolic links. */
export function stat(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<FileAttributes> {
  return askAttributes(
    session,
    SFTP_PACKETS.SSH_FXP_STAT,
    new WireWriter().text(path),
    subject('stat', path),
    wait,
  );
}

/** SSH_FXP_LSTAT: the link itself. */
export function lstat(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<FileAttributes> {
  return askAttributes(
    session,
    SFTP_PACKETS.SSH_FXP_LSTAT,
    new WireWriter().text(path),
    subject('lstat', path),
    wait,
  );
}

export function fstat(
  session: SftpSession,
  handle: Uint8Array,
  path?: string,
  wait: WaitOptions = {},
): Promise<FileAttributes> {
  return askAttributes(
    session,
    SFTP_PACKETS.SSH_FXP_FSTAT,
    new WireWriter().string(handle),
    subject('fstat', path),
    wait,
  );
}

export function setstat(
  session: SftpSession,
  path: string,
  attributes: FileAttributes,
  wait: WaitOptions = {},
): Promise<void> {
  const body = new WireWriter().text(path);
  encodeAttributes(body, attributes);
  return askStatus(session, SFTP_PACKETS.SSH_FXP_SETSTAT, body, subject('setstat', path), wait);
}

export function fsetstat(
  session: SftpSession,
  handle: Uint8Array,
  attributes: FileAttributes,
  path?: string,
  wait: WaitOptions = {},
): Promise<void> {
  const body = new WireWriter().string(handle);
  encodeAttributes(body, attributes);
  return askStatus(session, SFTP_PACKETS.SSH_FXP_FSETSTAT, body, subject('fsetstat', path), wait);
}

export function openDirectory(
  session: SftpSession,
  path: string,
  wait: WaitOptions = {},
): Promise<Uint8Array> {
  const body = new WireWriter().text(path);
  return askHandle(session, SFTP_PACKETS.SSH_FXP_OPENDIR, body, subject('opendir', path), wait);
}

/** SSH_FXP_READDIR: the next entries; undefined at the end, which an answer of no entries counts as too. */
export async function readDirectory(
  session: SftpSession,
  handle: Uint8Array,
  path?: string,
  wait: WaitOptions = {},
): Promise<NameEntry[] | undefined> {
  const about = subject('readdir', path);
  const reply = await ask(
    session,
    SFTP_PACKETS.SSH_FXP_READDIR,
    new WireWriter().string(handle),
    about,
    wait,
  );
  if (reply.type === SFTP_PACKETS.SSH_FXP_NAME) {
    const names = readNames(reply.body);
    return names.length === 0 ? undefined : names;
  }
  const error = replyError(reply, SFTP_PACKETS.SSH_FXP_NAME, about);
  if (error.code === 'SFTP_EOF') return undefined;
  throw error;
}

async function askName(
  session: SftpSession,
  type: number,
  body: WireWriter,
  about: Subject,
  wait: WaitOptions,
): Promise<string> {
  const reply = await ask(session, type, body, about, wait);
  const [entry] = readNames(expect(reply, SFTP_PACKETS.SSH_FXP_NAME, about));
  if (entry === undefined) {
    throw new WherryError('SFTP_PROTOCOL', `${about.operation}: an empty answer`, about);
  }
  return entry.name;
}

/** SSH_FXP_REALPATH: the absolute form of a path. */
export function realpath(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<string> {
  return askName(
    session,
    SFTP_PACKETS.SSH_FXP_REALPATH,
    new WireWriter().text(path),
    subject('realpath', path),
    wait,
  );
}

export function readlink(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<string> {
  return askName(
    session,
    SFTP_PACKETS.SSH_FXP_READLINK,
    new WireWriter().text(path),
    subject('readlink', path),
    wait,
  );
}

/** SSH_FXP_REMOVE: a file, not a folder. */
export function remove(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<void> {
  return askStatus(
    session,
    SFTP_PACKETS.SSH_FXP_REMOVE,
    new WireWriter().text(path),
    subject('remove', path),
    wait,
  );
}

export function mkdir(
  session: SftpSession,
  path: string,
  attributes: FileAttributes = {},
  wait: WaitOptions = {},
): Promise<void> {
  const body = new WireWriter().text(path);
  encodeAttributes(body, attributes);
  return askStatus(session, SFTP_PACKETS.SSH_FXP_MKDIR, body, subject('mkdir', path), wait);
}

export function rmdir(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<void> {
  return askStatus(
    session,
    SFTP_PACKETS.SSH_FXP_RMDIR,
    new WireWriter().text(path),
    subject('rmdir', path),
    wait,
  );
}

/** SSH_FXP_RENAME: version 3 leaves open what happens to an existing target; OpenSSH refuses. */
export function rename(
  session: SftpSession,
  from: string,
  to: string,
  wait: WaitOptions = {},
): Promise<void> {
  const body = new WireWriter().text(from).text(to);
  return askStatus(session, SFTP_PACKETS.SSH_FXP_RENAME, body, subject('rename', from), wait);
}

/**
 * SSH_FXP_SYMLINK. The draft has the link's path first, OpenSSH the target (OpenSSH PROTOCOL section 4.1), and
 * nearly every server since has followed OpenSSH.
 */
export function symlink(
  session: SftpSession,
  target: string,
  linkPath: string,
  wait: WaitOptions = {},
): Promise<void> {
  const body = new WireWriter().text(target).text(linkPath);
  return askStatus(session, SFTP_PACKETS.SSH_FXP_SYMLINK, body, subject('symlink', linkPath), wait);
}

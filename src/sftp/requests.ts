import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import {
  ask,
  askName,
  askStatus,
  expect,
  type NameEntry,
  pathBody,
  readNames,
  replyError,
  type Subject,
  subject,
} from './ask.ts';
import {
  decodeAttributes,
  encodeAttributes,
  type FileAttributes,
  fileType,
  WANTED_ATTRIBUTES,
} from './attributes.ts';
import { REALPATH_CONTROL, RENAME_FLAGS, SFTP_PACKETS } from './packets.ts';
import type { PendingRequest, SftpReply, SftpSession } from './session.ts';

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

/** SSH_FXP_CLOSE, once for a handle, where nobody waits for the answer: of a file that was only read, or given up. */
export function dropHandle(session: SftpSession, handle: Uint8Array): void {
  session.send(SFTP_PACKETS.SSH_FXP_CLOSE, new WireWriter().string(handle).finish(), UNHEARD);
}

const UNHEARD: PendingRequest = { reply() {}, fail() {} };

/** Since version 4 the request says which attributes are wanted: all of them. */
async function askAttributes(
  session: SftpSession,
  type: number,
  body: WireWriter,
  about: Subject,
  wait: WaitOptions,
): Promise<FileAttributes> {
  const { version } = session;
  if (version >= 4) body.u32(WANTED_ATTRIBUTES[version]);
  const reply = await ask(session, type, body, about, wait);
  return decodeAttributes(expect(reply, SFTP_PACKETS.SSH_FXP_ATTRS, about), version);
}

/** SSH_FXP_STAT: follows symbolic links. */
export async function stat(
  session: SftpSession,
  path: string,
  wait: WaitOptions = {},
): Promise<FileAttributes> {
  const body = pathBody(session, path);
  return askAttributes(session, SFTP_PACKETS.SSH_FXP_STAT, body, subject('stat', path), wait);
}

/** SSH_FXP_LSTAT: the link itself. */
export async function lstat(
  session: SftpSession,
  path: string,
  wait: WaitOptions = {},
): Promise<FileAttributes> {
  const body = pathBody(session, path);
  return askAttributes(session, SFTP_PACKETS.SSH_FXP_LSTAT, body, subject('lstat', path), wait);
}

/** Fails with SFTP_NOT_A_DIRECTORY for something else; a server that does not tell what it is is believed. */
export async function checkFolder(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<void> {
  const type = fileType(await stat(session, path, wait));
  if (type === 'directory' || type === 'unknown') return;
  const about = subject('stat', path);
  throw new WherryError('SFTP_NOT_A_DIRECTORY', `${about.path} is not a folder`, about);
}

export function fstat(
  session: SftpSession,
  handle: Uint8Array,
  path?: string,
  wait: WaitOptions = {},
): Promise<FileAttributes> {
  const body = new WireWriter().string(handle);
  return askAttributes(session, SFTP_PACKETS.SSH_FXP_FSTAT, body, subject('fstat', path), wait);
}

export async function setstat(
  session: SftpSession,
  path: string,
  attributes: FileAttributes,
  wait: WaitOptions = {},
): Promise<void> {
  const body = pathBody(session, path);
  encodeAttributes(body, attributes, session.version);
  return askStatus(session, SFTP_PACKETS.SSH_FXP_SETSTAT, body, subject('setstat', path), wait);
}

export async function fsetstat(
  session: SftpSession,
  handle: Uint8Array,
  attributes: FileAttributes,
  path?: string,
  wait: WaitOptions = {},
): Promise<void> {
  const body = new WireWriter().string(handle);
  encodeAttributes(body, attributes, session.version);
  return askStatus(session, SFTP_PACKETS.SSH_FXP_FSETSTAT, body, subject('fsetstat', path), wait);
}

/** Some entries of a folder. */
export interface DirectoryPage {
  readonly entries: NameEntry[];
  /** Version 6: the server says that there are no more. */
  readonly last: boolean;
}

/** SSH_FXP_READDIR: asks for the next entries. */
export async function askDirectory(
  session: SftpSession,
  handle: Uint8Array,
  path?: string,
  wait: WaitOptions = {},
): Promise<SftpReply> {
  const body = new WireWriter().string(handle);
  return ask(session, SFTP_PACKETS.SSH_FXP_READDIR, body, subject('readdir', path), wait);
}

/**
 * The entries of an answer to READDIR; undefined at the end, which an answer of no entries counts as too. Read when its
 * turn comes, for entries take up more memory than the answer they stand in.
 */
export function readPage(session: SftpSession, reply: SftpReply, path?: string): DirectoryPage | undefined {
  const about = subject('readdir', path);
  if (reply.type === SFTP_PACKETS.SSH_FXP_NAME) {
    const entries = readNames(session, reply.body, 'nameBytes');
    // end-of-list is optional, filexfer-13 section 9.4.
    const last = session.version >= 6 && reply.body.remaining > 0 && reply.body.bool();
    return entries.length === 0 ? undefined : { entries, last };
  }
  const error = replyError(reply, SFTP_PACKETS.SSH_FXP_NAME, about);
  if (error.code === 'SFTP_EOF') return undefined;
  throw error;
}

/** What version 6 can do beside making a path absolute. */
export interface RealpathOptions extends WaitOptions {
  /** Whether the path has to exist: not looked at (the default), looked at, or an error if not. Version 6. */
  readonly check?: 'none' | 'if-there' | 'must-exist' | undefined;
  /** Paths to walk on from there, one after the other. Version 6. */
  readonly compose?: readonly string[] | undefined;
}

const CHECKS = {
  none: REALPATH_CONTROL.SSH_FXP_REALPATH_NO_CHECK,
  'if-there': REALPATH_CONTROL.SSH_FXP_REALPATH_STAT_IF,
  'must-exist': REALPATH_CONTROL.SSH_FXP_REALPATH_STAT_ALWAYS,
} as const;

/**
 * SSH_FXP_REALPATH: the absolute form of a path. The control byte of version 6 is optional in filexfer-13 section 8.9,
 * but asyncssh refuses a request without it.
 */
export async function realpath(
  session: SftpSession,
  path: string,
  options: RealpathOptions = {},
): Promise<NameEntry> {
  const about = subject('realpath', path);
  const body = pathBody(session, path);
  const { check = 'none', compose = [] } = options;
  if (session.version >= 6) {
    body.u8(CHECKS[check]);
    for (const step of compose) body.string(session.names.encode(step));
  } else if (check !== 'none' || compose.length > 0)
    throw new WherryError(
      'SFTP_OP_UNSUPPORTED',
      'realpath with check or compose needs SFTP version 6',
      about,
    );
  return askName(session, SFTP_PACKETS.SSH_FXP_REALPATH, body, about, options);
}

/** SSH_FXP_REMOVE: a file, not a folder. */
export async function remove(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<void> {
  const body = pathBody(session, path);
  await askStatus(session, SFTP_PACKETS.SSH_FXP_REMOVE, body, subject('remove', path), wait);
}

export async function mkdir(
  session: SftpSession,
  path: string,
  attributes: FileAttributes = {},
  wait: WaitOptions = {},
): Promise<void> {
  const body = pathBody(session, path);
  encodeAttributes(body, attributes, session.version, 'directory');
  await askStatus(session, SFTP_PACKETS.SSH_FXP_MKDIR, body, subject('mkdir', path), wait);
}

export async function rmdir(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<void> {
  const body = pathBody(session, path);
  await askStatus(session, SFTP_PACKETS.SSH_FXP_RMDIR, body, subject('rmdir', path), wait);
}

/** How version 5 and later rename. */
export interface RenameOptions extends WaitOptions {
  /** Replace what is at the target. */
  readonly overwrite?: boolean | undefined;
  /** At any moment there is a file at the target, the old or the new one. */
  readonly atomic?: boolean | undefined;
  /** As the server's system does by itself, whatever that is. */
  readonly native?: boolean | undefined;
}

/**
 * SSH_FXP_RENAME. Versions 3 and 4 leave open what happens to an existing target, and OpenSSH refuses; version 5 and
 * later have flags for it.
 */
export async function rename(
  session: SftpSession,
  from: string,
  to: string,
  options: RenameOptions = {},
): Promise<void> {
  const about = subject('rename', from);
  const { overwrite, atomic, native } = options;
  const flags =
    (overwrite ? RENAME_FLAGS.SSH_FXF_RENAME_OVERWRITE : 0) |
    (atomic ? RENAME_FLAGS.SSH_FXF_RENAME_ATOMIC : 0) |
    (native ? RENAME_FLAGS.SSH_FXF_RENAME_NATIVE : 0);
  const body = pathBody(session, from).string(session.encodePath(to));
  if (session.version >= 5) body.u32(flags);
  else if (flags !== 0)
    throw new WherryError('SFTP_OP_UNSUPPORTED', 'rename has flags since SFTP version 5', about);
  await askStatus(session, SFTP_PACKETS.SSH_FXP_RENAME, body, about, options);
}

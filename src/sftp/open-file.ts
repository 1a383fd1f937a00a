import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import type { WireWriter } from '../ssh/wire/writer.ts';
import { ask, expect, pathBody, type Subject, subject } from './ask.ts';
import { encodeAttributes, type FileAttributes } from './attributes.ts';
import { ACCESS_MASK, OPEN_DISPOSITIONS, OPEN_FLAGS, OPEN_FLAGS_5, SFTP_PACKETS } from './packets.ts';
import { dropHandle, lstat } from './requests.ts';
import type { PendingRequest, SftpSession } from './session.ts';

/** What version 5 and later can say beyond OPEN_FLAGS: more rights of ACCESS_MASK, more flags of OPEN_FLAGS_5. */
export interface OpenMore {
  readonly access?: number | undefined;
  readonly flags?: number | undefined;
}

/** A handle that arrives after its request was given up is closed again. */
function closeLate(session: SftpSession): PendingRequest {
  return {
    reply(type, body) {
      if (type !== SFTP_PACKETS.SSH_FXP_HANDLE) return;
      dropHandle(session, body.string());
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

/**
 * SSH_FXP_OPEN: filexfer-02 section 6.3, filexfer-13 section 8.1. `flags` of OPEN_FLAGS say what is meant in every
 * version. Only given attributes are sent. A file that must not be there and is fails with SFTP_FILE_ALREADY_EXISTS.
 */
export async function openFile(
  session: SftpSession,
  path: string,
  flags: number,
  attributes: FileAttributes = {},
  wait: WaitOptions = {},
  more: OpenMore = {},
): Promise<Uint8Array> {
  const { version } = session;
  const body = pathBody(session, path);
  if (version >= 5) {
    body.u32((accessOf(flags) | (more.access ?? 0)) >>> 0).u32((flagsOf(flags) | (more.flags ?? 0)) >>> 0);
  } else {
    const { SSH_FXF_TEXT } = OPEN_FLAGS;
    body.u32(version === 3 ? flags & ~SSH_FXF_TEXT : flags);
  }
  encodeAttributes(body, attributes, version, 'file');
  const about = subject('open', path);
  try {
    return await askHandle(session, SFTP_PACKETS.SSH_FXP_OPEN, body, about, wait);
  } catch (error) {
    throw await whetherItExists(session, path, flags, wait, error);
  }
}

/** The rights that flags of version 3 stand for. */
export function accessOf(flags: number): number {
  const { ACE4_READ_DATA, ACE4_READ_ATTRIBUTES, ACE4_WRITE_DATA, ACE4_WRITE_ATTRIBUTES, ACE4_APPEND_DATA } =
    ACCESS_MASK;
  return (
    ((flags & OPEN_FLAGS.SSH_FXF_READ) === 0 ? 0 : ACE4_READ_DATA | ACE4_READ_ATTRIBUTES) |
    ((flags & OPEN_FLAGS.SSH_FXF_WRITE) === 0 ? 0 : ACE4_WRITE_DATA | ACE4_WRITE_ATTRIBUTES) |
    ((flags & OPEN_FLAGS.SSH_FXF_APPEND) === 0 ? 0 : ACE4_APPEND_DATA)
  );
}

/** The disposition and flags of version 5 that flags of version 3 stand for. */
export function flagsOf(flags: number): number {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const { SSH_FXF_CREAT, SSH_FXF_EXCL, SSH_FXF_TRUNC, SSH_FXF_APPEND, SSH_FXF_TEXT } = OPEN_FLAGS;
  const create = has(SSH_FXF_EXCL)
    ? OPEN_DISPOSITIONS.SSH_FXF_CREATE_NEW
    : has(SSH_FXF_TRUNC)
      ? OPEN_DISPOSITIONS.SSH_FXF_CREATE_TRUNCATE
      : OPEN_DISPOSITIONS.SSH_FXF_OPEN_OR_CREATE;
  const keep = has(SSH_FXF_TRUNC)
    ? OPEN_DISPOSITIONS.SSH_FXF_TRUNCATE_EXISTING
    : OPEN_DISPOSITIONS.SSH_FXF_OPEN_EXISTING;
  return (
    (has(SSH_FXF_CREAT) ? create : keep) |
    (has(SSH_FXF_APPEND) ? OPEN_FLAGS_5.SSH_FXF_APPEND_DATA : 0) |
    (has(SSH_FXF_TEXT) ? OPEN_FLAGS_5.SSH_FXF_TEXT_MODE : 0)
  );
}

/** Version 3 has no status for a file that exists: where one was not to, SSH_FX_FAILURE is looked into. */
async function whetherItExists(
  session: SftpSession,
  path: string,
  flags: number,
  wait: WaitOptions,
  error: unknown,
): Promise<unknown> {
  const exclusive = (flags & OPEN_FLAGS.SSH_FXF_EXCL) !== 0;
  if (!exclusive || !(error instanceof WherryError) || error.code !== 'SFTP_FAILURE') return error;
  const there = await lstat(session, path, wait).then(
    () => true,
    () => false,
  );
  if (!there) return error;
  const { operation, path: shown } = subject('open', path);
  return new WherryError(
    'SFTP_FILE_ALREADY_EXISTS',
    `${operation} ${shown}: file already exists`,
    error.details,
    error,
  );
}

/** SSH_FXP_OPENDIR. */
export function openDirectory(
  session: SftpSession,
  path: string,
  wait: WaitOptions = {},
): Promise<Uint8Array> {
  const body = pathBody(session, path);
  return askHandle(session, SFTP_PACKETS.SSH_FXP_OPENDIR, body, subject('opendir', path), wait);
}

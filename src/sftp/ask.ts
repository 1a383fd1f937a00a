import type { WaitOptions } from '../base/deadline.ts';
import { WherryError, withDetails } from '../base/errors.ts';
import { checkLimit, LIMITS, type LimitName } from '../base/limits.ts';
import { sanitize } from '../base/text.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { decodeAttributes, type FileAttributes } from './attributes.ts';
import { SFTP_PACKETS, sftpPacketName } from './packets.ts';
import type { PendingRequest, SftpReply, SftpSession } from './session.ts';
import { readStatus, SFTP_STATUS, statusError } from './status.ts';

export { readStatus };

/** What an error says about the request. */
export interface Subject {
  readonly operation: string;
  readonly path?: string;
}

/** One entry of a SSH_FXP_NAME reply. */
export interface NameEntry {
  readonly name: string;
  /** The server's own line for people, in version 3; never parsed. */
  readonly longname: string;
  readonly attributes: FileAttributes;
}

export function subject(operation: string, path?: string): Subject {
  return path === undefined ? { operation } : { operation, path: sanitize(path) };
}

export async function ask(
  session: SftpSession,
  type: number,
  body: WireWriter,
  about: Subject,
  wait: WaitOptions,
  late?: PendingRequest,
): Promise<SftpReply> {
  try {
    return await session.request(type, body.finish(), about.operation, wait, late);
  } catch (error) {
    if (!(error instanceof WherryError)) throw error;
    throw withDetails(error, about);
  }
}

export function replyError(reply: SftpReply, wanted: number, about: Subject): WherryError {
  if (reply.type !== SFTP_PACKETS.SSH_FXP_STATUS) {
    const text = `${about.operation}: ${sftpPacketName(reply.type)} where ${sftpPacketName(wanted)} was expected`;
    return new WherryError('SFTP_PROTOCOL', text, about);
  }
  const { status, message } = readStatus(reply.body);
  if (status === SFTP_STATUS.SSH_FX_OK.number && wanted !== SFTP_PACKETS.SSH_FXP_STATUS) {
    return new WherryError(
      'SFTP_PROTOCOL',
      `${about.operation}: success without the ${sftpPacketName(wanted)}`,
      about,
    );
  }
  return statusError(status, message, about);
}

export function expect(reply: SftpReply, type: number, about: Subject): WireReader {
  if (reply.type !== type) throw replyError(reply, type, about);
  return reply.body;
}

export async function askStatus(
  session: SftpSession,
  type: number,
  body: WireWriter,
  about: Subject,
  wait: WaitOptions,
): Promise<void> {
  const reply = await ask(session, type, body, about, wait);
  if (reply.type === SFTP_PACKETS.SSH_FXP_STATUS) {
    const { status, message } = readStatus(reply.body);
    if (status === SFTP_STATUS.SSH_FX_OK.number) return;
    throw statusError(status, message, about);
  }
  throw replyError(reply, SFTP_PACKETS.SSH_FXP_STATUS, about);
}

/** A body that begins with a path, as most do. */
export function pathBody(session: SftpSession, path: string): WireWriter {
  return new WireWriter().string(session.encodePath(path));
}

/** No character of a text takes more bytes. */
const LONGNAME_BYTES = 4 * LIMITS.peerTextChars.value + 4;

/** `limit` is for the names that have one. */
export function readNames(session: SftpSession, body: WireReader, limit?: LimitName): NameEntry[] {
  const count = body.u32();
  checkLimit('namesPerReply', count);
  const { names, version } = session;
  const name = (): string => {
    const bytes = body.string();
    if (limit !== undefined) checkLimit(limit, bytes.length);
    return names.decode(bytes);
  };
  return Array.from({ length: count }, () => ({
    name: name(),
    // More of it is never shown.
    longname: version === 3 ? names.decode(body.string().subarray(0, LONGNAME_BYTES)) : '',
    attributes: decodeAttributes(body, version),
  }));
}

/** The one name of an answer that has one. */
export async function askName(
  session: SftpSession,
  type: number,
  body: WireWriter,
  about: Subject,
  wait: WaitOptions,
): Promise<NameEntry> {
  const reply = await ask(session, type, body, about, wait);
  const [entry] = readNames(session, expect(reply, SFTP_PACKETS.SSH_FXP_NAME, about));
  if (entry === undefined)
    throw new WherryError('SFTP_PROTOCOL', `${about.operation}: an empty answer`, about);
  return entry;
}

/** For what the version in use has no request for: fails without a round trip. */
export function unsupported(about: Subject, why: string): WherryError {
  return new WherryError(
    'SFTP_OP_UNSUPPORTED',
    `${about.operation} is not supported by this server: ${why}`,
    about,
  );
}

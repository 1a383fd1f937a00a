import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { ask, expect, readNames, readStatus, subject, unsupported } from './ask.ts';
import { isAnnounced, type SftpExtensionName } from './extensions.ts';
import { SFTP_PACKETS } from './packets.ts';
import type { SftpReply, SftpSession } from './session.ts';
import { SFTP_STATUS, statusError } from './status.ts';

/** An extension request; fails at once, without a round trip, where the server does not announce it. */
async function extended(
  session: SftpSession,
  name: SftpExtensionName,
  body: WireWriter,
  path: string | undefined,
  wait: WaitOptions,
): Promise<SftpReply> {
  const about = subject(name, path);
  if (!isAnnounced(session.announced, name)) {
    throw unsupported(about, 'it does not announce it');
  }
  const request = new WireWriter().text(name).raw(body.finish());
  return ask(session, SFTP_PACKETS.SSH_FXP_EXTENDED, request, about, wait);
}

/** For extensions answered by SSH_FXP_STATUS. */
export async function extendedStatus(
  session: SftpSession,
  name: SftpExtensionName,
  body: WireWriter,
  path: string | undefined,
  wait: WaitOptions,
): Promise<void> {
  const reply = await extended(session, name, body, path, wait);
  const about = subject(name, path);
  const reader = expect(reply, SFTP_PACKETS.SSH_FXP_STATUS, about);
  const { status, message } = readStatus(reader);
  if (status !== SFTP_STATUS.SSH_FX_OK.number) throw statusError(status, message, about);
}

/** For extensions answered by SSH_FXP_EXTENDED_REPLY. */
export async function extendedReply(
  session: SftpSession,
  name: SftpExtensionName,
  body: WireWriter,
  path: string | undefined,
  wait: WaitOptions,
): Promise<WireReader> {
  const reply = await extended(session, name, body, path, wait);
  return expect(reply, SFTP_PACKETS.SSH_FXP_EXTENDED_REPLY, subject(name, path));
}

/** For extensions answered by SSH_FXP_NAME with one entry. */
export async function extendedPath(
  session: SftpSession,
  name: SftpExtensionName,
  body: WireWriter,
  path: string,
  wait: WaitOptions,
): Promise<string> {
  const about = subject(name, path);
  const reply = await extended(session, name, body, path, wait);
  const [entry] = readNames(session, expect(reply, SFTP_PACKETS.SSH_FXP_NAME, about));
  if (entry === undefined) throw new WherryError('SFTP_PROTOCOL', `${name}: an empty answer`, about);
  return entry.name;
}

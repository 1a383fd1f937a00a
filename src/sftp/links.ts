import type { WaitOptions } from '../base/deadline.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { askName, askStatus, pathBody, subject, unsupported } from './ask.ts';
import { extendedStatus } from './extended-requests.ts';
import { isAnnounced } from './extensions.ts';
import { SFTP_PACKETS } from './packets.ts';
import type { SftpSession } from './session.ts';

/** SSH_FXP_READLINK. */
export async function readlink(session: SftpSession, path: string, wait: WaitOptions = {}): Promise<string> {
  const body = pathBody(session, path);
  return (await askName(session, SFTP_PACKETS.SSH_FXP_READLINK, body, subject('readlink', path), wait)).name;
}

/**
 * SSH_FXP_SYMLINK (filexfer-02 section 6.10), or SSH_FXP_LINK in version 6 (filexfer-13 section 8.7). Which path comes
 * first is up to the server: see SFTP_QUIRKS. The target is sent as it is.
 */
export function symlink(
  session: SftpSession,
  target: string,
  linkPath: string,
  wait: WaitOptions = {},
): Promise<void> {
  const existing = session.names.encode(target);
  const link = session.encodePath(linkPath);
  const about = subject('symlink', linkPath);
  if (session.version >= 6)
    return askStatus(
      session,
      SFTP_PACKETS.SSH_FXP_LINK,
      linkBody(session, existing, link, true),
      about,
      wait,
    );
  const [first, second] =
    session.quirks.symlinkOrder === 'target first' ? [existing, link] : [link, existing];
  const body = new WireWriter().string(first).string(second);
  return askStatus(session, SFTP_PACKETS.SSH_FXP_SYMLINK, body, about, wait);
}

/** hardlink@openssh.com, or SSH_FXP_LINK in version 6. */
export async function hardlink(
  session: SftpSession,
  target: string,
  path: string,
  wait: WaitOptions = {},
): Promise<void> {
  const about = subject('hardlink', path);
  const existing = session.encodePath(target);
  const link = session.encodePath(path);
  if (isAnnounced(session.announced, 'hardlink@openssh.com')) {
    const body = new WireWriter().string(existing).string(link);
    await extendedStatus(session, 'hardlink@openssh.com', body, target, wait);
    return;
  }
  if (session.version < 6)
    throw unsupported(about, 'it announces no hardlink@openssh.com, and SFTP before version 6 has none');
  const body = linkBody(session, existing, link, false);
  await askStatus(session, SFTP_PACKETS.SSH_FXP_LINK, body, about, wait);
}

function linkBody(
  session: SftpSession,
  existing: Uint8Array,
  link: Uint8Array,
  symbolic: boolean,
): WireWriter {
  const [first, second] = session.quirks.linkOrder === 'target first' ? [existing, link] : [link, existing];
  return new WireWriter().string(first).string(second).bool(symbolic);
}

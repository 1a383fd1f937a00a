import { Deadline, type WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { SftpSession } from '../sftp/session.ts';
import { textRequest } from '../ssh/connection/channel.ts';
import type { Connection } from './connection.ts';
import { Sftp } from './sftp.ts';

/** What the server may send ahead; how much is asked for bounds what really is on its way. */
const WINDOW_BYTES = 67_108_864;

/**
 * Opens an SFTP session on a connection. Several may be open at a time, each on a channel of its own.
 *
 * Rejects with CHANNEL_OPEN_FAILED or CHANNEL_REQUEST_FAILED when the server has no SFTP, SFTP_PROTOCOL when it
 * answers something else, TIMEOUT, ABORTED, or the cause when the connection is over.
 *
 * @example
 * ```ts
 * import { connect, openSftp } from 'wherry';
 *
 * await using ssh = await connect({ host, port, username, privateKey, trust });
 * await using sftp = await openSftp(ssh);
 * await sftp.mkdir(`${remoteFolder}/inbox`);
 * ```
 */
export async function openSftp(connection: Connection, wait: WaitOptions = {}): Promise<Sftp> {
  const timeout = wait.timeout ?? connection.timeout;
  let giveUp: (error: WherryError) => void = () => {};
  const expired = new Promise<never>((_, reject) => {
    giveUp = reject;
  });
  const deadline = new Deadline({ signal: wait.signal, timeout }, 'open sftp', (error) => giveUp(error));
  const opening = open(connection);
  try {
    return await Promise.race([opening, expired]);
  } catch (error) {
    opening.then((late) => late.close()).catch(() => {});
    throw error;
  } finally {
    deadline.clear();
  }
}

async function open(connection: Connection): Promise<Sftp> {
  const session = await openSession(connection);
  return new Sftp(session, {
    serverVersion: connection.serverVersion,
    openSession: () => openSession(connection),
  });
}

/** The subsystem request and SSH_FXP_INIT travel together: one round trip instead of two. */
async function openSession(connection: Connection): Promise<SftpSession> {
  const channel = await connection.ssh.openChannel('session', WINDOW_BYTES);
  const session = new SftpSession(channel, connection.timeout);
  const accepted = channel.request('subsystem', textRequest('sftp'), true);
  const started = session.start();
  started.catch(() => {});
  if (!(await accepted)) {
    channel.close();
    throw new WherryError('CHANNEL_REQUEST_FAILED', 'the server refused the sftp subsystem', {
      operation: 'subsystem',
    });
  }
  await started;
  return session;
}

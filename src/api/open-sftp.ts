import { inTime, type WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { codePageNames } from '../sftp/names.ts';
import { type SessionOptions, SftpSession } from '../sftp/session.ts';
import { checkVersion, type SftpVersion } from '../sftp/versions.ts';
import { textRequest } from '../ssh/connection/channel.ts';
import type { Connection } from './connection.ts';
import { Sftp } from './sftp.ts';

/** How an SFTP session is opened. */
export interface OpenSftpOptions extends WaitOptions {
  /**
   * The highest SFTP version to offer, 3 to 6; the server answers that one or a lower one (`sftp.version`). Default 3,
   * which every server has. Later ones add names of owners, nanoseconds, access control lists, locks, closer errors.
   */
  readonly version?: SftpVersion | undefined;
  /**
   * The encoding of file names in version 3, such as `windows-1251` or `shift_jis`. Default UTF-8; a name that is not
   * valid keeps its bytes either way. Later versions have UTF-8 always.
   */
  readonly nameEncoding?: string | undefined;
  /** The folder that relative paths begin in: see `changeFolder`. Default: where the server begins. */
  readonly folder?: string | undefined;
  /** Take `.`, `..`, double and trailing slashes out of paths before they are sent. Default false: sent as they are. */
  readonly normalizePaths?: boolean | undefined;
  /** A backslash separates folders and is no part of a name. Default false. */
  readonly backslashSeparates?: boolean | undefined;
  /** Whether `folder` and `changeFolder` ask the server for the absolute form of a path. Default true. */
  readonly realpath?: boolean | undefined;
}

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
export async function openSftp(connection: Connection, options: OpenSftpOptions = {}): Promise<Sftp> {
  const timeout = options.timeout ?? connection.timeout;
  const version = options.version === undefined ? undefined : checkVersion(options.version);
  const wait = { signal: options.signal, timeout };
  return await inTime(open(connection, options, version), wait, 'open sftp', (late) => late.close());
}

async function open(
  connection: Connection,
  options: OpenSftpOptions,
  version: SftpVersion | undefined,
): Promise<Sftp> {
  const { nameEncoding, folder, normalizePaths, backslashSeparates, realpath } = options;
  const spoken: SessionOptions = {
    version,
    names: nameEncoding === undefined ? undefined : await codePageNames(nameEncoding),
    paths: { normalize: normalizePaths, backslashSeparates, askServer: realpath },
    software: connection.serverVersion.replace(/^SSH-[^-]*-/, ''),
  };
  const { session, roundTrip, ready } = await startSession(connection, spoken);
  await ready;
  const sftp = new Sftp(session, {
    serverVersion: connection.serverVersion,
    startSession: async () => (await startSession(connection, spoken)).session,
    roundTrip,
  });
  if (folder !== undefined) {
    await sftp.changeFolder(folder).catch(async (error: unknown) => {
      await sftp.close();
      throw error;
    });
  }
  return sftp;
}

/** The subsystem request and SSH_FXP_INIT travel together: one round trip instead of two. Both are answered in `ready`. */
async function startSession(
  connection: Connection,
  spoken: SessionOptions,
): Promise<{ readonly session: SftpSession; readonly roundTrip: number; readonly ready: Promise<void> }> {
  const began = performance.now();
  const channel = await connection.ssh.openChannel('session', WINDOW_BYTES);
  const roundTrip = performance.now() - began;
  const session = new SftpSession(channel, connection.timeout, spoken);
  const accepted = channel.request('subsystem', textRequest('sftp'), true);
  const started = session.start();
  started.catch(() => {});
  const ready = accepted.then((yes) => {
    if (yes) return started;
    channel.close();
    throw new WherryError('CHANNEL_REQUEST_FAILED', 'the server refused the sftp subsystem', {
      operation: 'subsystem',
    });
  });
  ready.catch(() => {});
  return { session, roundTrip, ready };
}

import { posix } from 'node:path';
import { inTime } from '../base/deadline.ts';
import { isWherryError } from '../base/errors.ts';
import { scpCommand } from '../scp/quote.ts';
import { type Channel, textRequest } from '../ssh/connection/channel.ts';
import { receiveInto } from '../transfer/scp-download.ts';
import type { ScpOptions, ScpResult } from '../transfer/scp-options.ts';
import { runScp } from '../transfer/scp-run.ts';
import { sendFrom } from '../transfer/scp-upload.ts';
import type { Connection } from './connection.ts';
import { openSftp } from './open-sftp.ts';
import { downloadBySftp, uploadBySftp } from './scp-by-sftp.ts';
import type { Sftp } from './sftp.ts';

/** Received and not yet taken; the server waits beyond it. */
const WINDOW_BYTES = 8_388_608;

/**
 * Copies a remote file, or with `recursive` a folder, to a local path, by the scp protocol. Where the server
 * refuses to run `scp` it is done by SFTP, and the result says so in `protocol`.
 *
 * The server's names are not trusted: a name that was not asked for, or that would leave the folder, fails with
 * TRANSFER_UNSAFE_NAME. SCP_FAILED carries the remote program's own words.
 *
 * @example
 * ```ts
 * import { scpDownload } from 'wherry';
 *
 * const { bytes, protocol } = await scpDownload(ssh, remoteFile, `${localFolder}/copy.txt`);
 * console.log(bytes, protocol);
 * ```
 */
export function scpDownload(
  connection: Connection,
  remote: string,
  local: string,
  options: ScpOptions = {},
): Promise<ScpResult> {
  const command = scpCommand('from', remote, flagsOf(options));
  const byScp = (channel: Channel): Promise<ScpResult> =>
    runScp(channel, options, connection.timeout, 'scp download', (link, tally, touch) =>
      receiveInto(link, remote, local, options, tally, touch),
    );
  return copy(connection, command, options, byScp, (sftp) => downloadBySftp(sftp, remote, local, options));
}

/**
 * Copies a local file, bytes, or with `recursive` a folder, to a remote path, by the scp protocol; into the path
 * where it is a folder. Where the server refuses to run `scp` it is done by SFTP, and the result says so.
 *
 * @example
 * ```ts
 * import { scpUpload } from 'wherry';
 *
 * await scpUpload(ssh, localFile, remoteFile, { preserve: true });
 * ```
 */
export function scpUpload(
  connection: Connection,
  source: string | Uint8Array,
  remote: string,
  options: ScpOptions = {},
): Promise<ScpResult> {
  const command = scpCommand('to', remote, flagsOf(options));
  const byScp = (channel: Channel): Promise<ScpResult> =>
    runScp(channel, options, connection.timeout, 'scp upload', (link, tally, touch) =>
      sendFrom(link, source, posix.basename(remote) || 'file', options, tally, touch),
    );
  return copy(connection, command, options, byScp, (sftp) => uploadBySftp(sftp, source, remote, options));
}

function flagsOf(options: ScpOptions): { recursive: boolean; preserve: boolean; intoFolder: boolean } {
  return {
    recursive: options.recursive === true,
    preserve: options.preserve === true,
    intoFolder: options.intoFolder === true,
  };
}

async function copy(
  connection: Connection,
  command: string,
  options: ScpOptions,
  byScp: (channel: Channel) => Promise<ScpResult>,
  bySftp: (sftp: Sftp) => Promise<ScpResult>,
): Promise<ScpResult> {
  const wait = { signal: options.signal, timeout: options.timeout ?? connection.timeout };
  const opening = connection.ssh.openChannel('session', WINDOW_BYTES);
  const channel = await inTime(opening, wait, 'open scp', (late) => late.close());
  const accepted = channel.request('exec', textRequest(command), true);
  const copied = byScp(channel).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  // A server that says nothing at all leaves the request open; the copy has its time-out.
  const refused = !(await Promise.race([accepted.catch(() => true), copied.then(() => true)]));
  if (refused) channel.close();
  const outcome = await copied;
  if ('result' in outcome) return outcome.result;
  if (!refused && !(isWherryError(outcome.error) && outcome.error.code === 'SCP_UNAVAILABLE'))
    throw outcome.error;
  connection.log.event({ kind: 'sftp', text: 'the server does not run scp: copying by SFTP' });
  const sftp = await openSftp(connection, { signal: options.signal, timeout: options.timeout });
  try {
    return await bySftp(sftp);
  } finally {
    await sftp.close();
  }
}

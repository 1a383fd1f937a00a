import { extendedReply } from '../sftp/extended-requests.ts';
import { isAnnounced } from '../sftp/extensions.ts';
import { readLimits, type SftpLimits } from '../sftp/replies.ts';
import type { SftpSession } from '../sftp/session.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { SftpExtras } from './sftp-extras.ts';
import type { SftpRoad } from './sftp-transfers.ts';

/**
 * An SFTP session: the verbs of the protocol, its extensions, and transfers. Paths are absolute or relative to where the
 * server starts, usually the home folder, or to `folder`. Every method rejects with SFTP_* for what the server refuses,
 * TIMEOUT after the connection's time of silence, ABORTED for its signal, CLOSED or CONNECTION_LOST when the session is
 * over.
 *
 * @example
 * ```ts
 * console.log(sftp.version, await sftp.realpath('.'), await sftp.limits());
 * ```
 */
export class Sftp extends SftpExtras {
  readonly #limits: Promise<SftpLimits | undefined>;

  /** @internal */
  constructor(session: SftpSession, road: SftpRoad = {}) {
    const limits = askLimits(session);
    super(session, limits, road);
    this.#limits = limits;
  }

  /**
   * What the server says of its limits (limits@openssh.com, or the READ size of `supported`); undefined where it says
   * nothing.
   */
  limits(): Promise<SftpLimits | undefined> {
    return this.#limits;
  }
}

function askLimits(session: SftpSession): Promise<SftpLimits | undefined> {
  if (isAnnounced(session.announced, 'limits@openssh.com')) {
    return extendedReply(session, 'limits@openssh.com', new WireWriter(), undefined, {})
      .then(readLimits)
      .catch(() => undefined);
  }
  const maxReadLength = session.features.supported?.maxReadSize ?? 0;
  if (maxReadLength === 0) return Promise.resolve(undefined);
  return Promise.resolve({ maxPacketLength: 0, maxReadLength, maxWriteLength: 0, maxOpenHandles: 0 });
}

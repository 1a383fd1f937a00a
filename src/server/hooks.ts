import type { SftpStatusName } from '../sftp/status.ts';

/** A request on an SFTP session, as `onRequest` sees it before it is answered. */
export interface ServedRequest {
  /** Its packet, such as `SSH_FXP_READ`; for an extension its name, such as `posix-rename@openssh.com`. */
  readonly name: string;
  /** The path it names, made absolute, or the one its handle was opened by; absent where it has neither. */
  readonly path?: string;
  /** The range of a READ or WRITE, in bytes. */
  readonly offset?: number;
  readonly length?: number;
  /** How many requests came before it on its session. */
  readonly number: number;
  /** The SFTP version of its session. */
  readonly version: number;
}

/** What `onRequest` may have the server do instead of simply answering. What is absent stays as it is. */
export interface RequestFault {
  /** Refuse it: nothing is done, and this is the answer. A status of a later version becomes the nearest there is. */
  readonly status?: SftpStatusName;
  /** The words that go with `status`. */
  readonly message?: string;
  /** Milliseconds the answer waits; what comes behind it is worked on meanwhile. */
  readonly delay?: number;
  /**
   * Bytes a READ gives at most, or a WRITE keeps at most: one that was longer is then answered with SSH_FX_FAILURE, as
   * by a disk that is full.
   */
  readonly atMost?: number;
  /** Do it, and never answer; `true` with `status`: do not do it either. */
  readonly silent?: boolean;
  /** Instead of answering, close the SFTP session, or break the connection with a TCP reset. */
  readonly end?: 'session' | 'connection';
}

/** A connection that was made, as `onConnection` sees it. */
export interface ServedConnection {
  /** How many connections the server had before it. */
  readonly number: number;
  readonly address: string;
  readonly port: number;
}

/** How a connection misbehaves. Bytes are those of the TCP connection, encrypted packets and all. */
export interface ConnectionFault {
  /** It is broken at once. */
  readonly refuse?: boolean;
  /** It breaks, with a TCP reset, when so many bytes were received, or sent. */
  readonly cutAfterReceived?: number;
  readonly cutAfterSent?: number;
  /** Milliseconds that everything the server sends is on its way. */
  readonly latency?: number;
}

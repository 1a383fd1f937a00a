import type { StrictKexLevel } from '../ssh/transport/strict-kex.ts';

/** Rules of the SSH transport on a connection. Every one has a sound default. */
export interface TransportRules {
  /**
   * Strict key exchange, the defence against prefix truncation (Terrapin, CVE-2023-48795), which works only where the
   * server does it too: `off` does not offer it; `offer` goes on without it; `protect` goes on only with a cipher and MAC
   * that the attack does not touch (neither chacha20-poly1305 nor CBC with an -etm MAC); `require` never goes on. Default
   * `offer`. Whether it is in use: `connection.algorithms.strictKex`.
   */
  readonly strictKex?: StrictKexLevel;
  /** Bytes in one direction after which keys are exchanged anew. Default 1 GiB; at least 65536; 0 for no such limit. */
  readonly rekeyBytes?: number;
  /** The same in packets, 16 to 2147483648, which is the default and as far as RFC 4344 section 3.1 allows. */
  readonly rekeyPackets?: number;
  /** Milliseconds after which keys are exchanged anew, at least 1000. Default 0: no matter how long. */
  readonly rekeyInterval?: number;
  /**
   * Our identification line: `SSH-2.0-` and a name, then perhaps a space and a comment; printable ASCII, at most 253
   * characters. Default `SSH-2.0-wherry_` and the version.
   */
  readonly clientVersion?: string;
  /**
   * Patterns of which the server's identification line must match one; `*` stands for any run of characters, `?` for one.
   * Fails with SSH_VERSION_EXCHANGE. Default `SSH-2.0-*` and `SSH-1.99-*`.
   */
  readonly serverVersionPattern?: string | readonly string[];
  /** Size of the group to ask for in diffie-hellman-group-exchange-*, in bits, 2048 to 8192. Default 3072. */
  readonly preferredGroupBits?: number;
  /**
   * Ask a server that was silent for `interval` milliseconds whether it is there, again every `interval`; the connection
   * ends with CONNECTION_LOST when `count` requests (default 3) found no answer. `interval` 0, the default, asks nothing.
   */
  readonly keepAlive?: { readonly interval: number; readonly count?: number };
  /** The largest data message the server may send us, 4096 to 261120 bytes. Default 65536. */
  readonly maxPacketSize?: number;
  /**
   * How far the server may send ahead on a channel, 32768 to 2147483647 bytes; `connection.growWindow` makes it larger
   * later. Default 64 MiB for SFTP, where what was asked for bounds what comes, and 8 MiB for scp.
   */
  readonly maxWindowSize?: number;
  /** `close()` waits until the server has closed its side of the channels. Default true. */
  readonly waitForChannelClose?: boolean;
  /**
   * After our SSH_MSG_DISCONNECT the server closes the TCP connection, not we: the TIME_WAIT of many connections is
   * then on its side. Default false.
   */
  readonly waitForServerDisconnect?: boolean;
  /** Milliseconds that `close()` waits for the server, at each of these two points. Default 2000. */
  readonly closeTimeout?: number;
}

import { Deadline, type WaitOptions } from '../base/deadline.ts';
import type { WherryError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { SshConnection } from '../ssh/connection/ssh-connection.ts';
import { checkWindowSize } from './check-options.ts';
import { type NegotiatedAlgorithms, negotiatedAlgorithms } from './negotiated-algorithms.ts';

/**
 * A connection that is logged in. Get one from `connect`; end it with `close()` or `await using`.
 *
 * @example
 * ```ts
 * import { connect } from 'wherry';
 *
 * const ssh = await connect({ host, port, username, privateKey, trust });
 * console.log(ssh.serverVersion, ssh.algorithms.cipherFromServer);
 * await ssh.close();
 * ```
 */
export class Connection {
  readonly host: string;
  readonly port: number;
  /** Milliseconds of silence an operation on this connection bears by default. */
  readonly timeout: number;
  /** @internal */
  readonly ssh: SshConnection;
  /** @internal */
  readonly log: Log;

  readonly #closeRoad: () => Promise<void>;

  /** @internal `closeRoad` ends what the connection runs over, such as jump hosts. */
  constructor(
    ssh: SshConnection,
    host: string,
    port: number,
    timeout: number,
    log: Log,
    closeRoad: () => Promise<void> = async () => {},
  ) {
    this.ssh = ssh;
    this.log = log;
    this.host = host;
    this.port = port;
    this.timeout = timeout;
    this.#closeRoad = closeRoad;
    ssh.onClosed(() => void closeRoad());
  }

  /** The server's identification line, such as `SSH-2.0-OpenSSH_9.2p1`. */
  get serverVersion(): string {
    return this.ssh.transport.peerVersion;
  }

  get algorithms(): NegotiatedAlgorithms {
    return negotiatedAlgorithms(this.ssh.transport);
  }

  /** Whether the connection is over. */
  get closed(): boolean {
    return this.ssh.closed;
  }

  /** Calls `listener` once when the connection ends, with the cause: code CLOSED after `close()`. */
  onClosed(listener: (cause: WherryError) => void): void {
    this.ssh.onClosed(listener);
  }

  /**
   * Resolves when the server has answered a keep-alive request; rejects with the cause when the connection is over,
   * with TIMEOUT when no answer comes (tinysshd gives none), or with ABORTED.
   */
  ping(wait: WaitOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const timeout = wait.timeout ?? this.timeout;
      const deadline = new Deadline({ signal: wait.signal, timeout }, 'ping', reject);
      this.ssh
        .ping()
        .then(resolve, reject)
        .finally(() => deadline.clear());
    });
  }

  /**
   * Exchanges new keys now, while everything else goes on (RFC 4253 section 9). Resolves when they are in use both ways;
   * rejects with the cause when the connection ends before. It need not be awaited.
   */
  rekey(): Promise<void> {
    this.ssh.rekey();
    const done = this.ssh.transport.exchangeDone();
    done.catch(() => {});
    return done;
  }

  /**
   * Lets the server send `size` bytes ahead on every channel, open ones included: the option `maxWindowSize`, changed
   * while connected. A window can grow but not shrink; INVALID_ARGUMENT outside of 32768 to 2147483647.
   */
  growWindow(size: number): void {
    checkWindowSize(size);
    this.ssh.growWindows(size);
  }

  /** Ends the connection and everything on it, with code CLOSED. May be called more than once. */
  async close(): Promise<void> {
    await this.ssh.close();
    await this.#closeRoad();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

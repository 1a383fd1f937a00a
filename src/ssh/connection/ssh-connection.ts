import { Deadline, type WaitOptions } from '../../base/deadline.ts';
import { WherryError } from '../../base/errors.ts';
import type { ByteStream } from '../../net/byte-stream.ts';
import { Login, type LoginOptions } from '../auth/login.ts';
import type { LoginPlanRules } from '../auth/login-plan.ts';
import { prepareCipher } from '../crypto/packet/packet-ciphers.ts';
import type { PublicKey } from '../keys/public-key.ts';
import type { TransportOptions } from '../transport/options.ts';
import { CLOSE_WAIT_MS, Transport } from '../transport/transport.ts';
import { encode } from '../wire/message.ts';
import { TRANSPORT } from '../wire/messages.ts';
import type { Channel } from './channel.ts';
import { hostKeyNotices } from './host-key-notices.ts';
import { KeepAlive, type KeepAliveOptions } from './keep-alive.ts';
import { type ChannelOptions, Mux } from './mux.ts';

export interface SshConnectionOptions {
  readonly transport: Omit<TransportOptions, 'role' | 'verifyHostKey'> &
    Pick<TransportOptions, 'verifyHostKey'>;
  readonly login: Omit<LoginOptions, 'deadline' | 'log'>;
  /** Waited for when the keys are in use and nothing secret has been sent; what it gives replaces parts of `login`. */
  readonly beforeLogin?:
    | ((transport: Transport) => Promise<Partial<Pick<LoginOptions, 'user' | keyof LoginPlanRules>>>)
    | undefined;
  /** Hears of the host keys the server has proved to own (hostkeys-00@openssh.com). */
  readonly onHostKeys?: ((keys: readonly PublicKey[]) => Promise<void>) | undefined;
  readonly keepAlive: KeepAliveOptions;
  readonly channels?: ChannelOptions;
  /** Before the DISCONNECT of `close()`, wait until the server has closed the channels too. Default true. */
  readonly waitForChannelClose?: boolean | undefined;
}

/** An SSH connection of the client's, logged in: transport, login and channels as one. */
export class SshConnection {
  readonly transport: Transport;
  readonly #mux: Mux;
  readonly #newLogin: () => Promise<Login>;
  #login: Login | undefined;
  readonly #keepAlive: KeepAlive;
  #ready: { resolve(): void; reject(error: WherryError): void } | undefined;
  #closedListeners: ((error: WherryError) => void)[] = [];
  #deadline: Deadline | undefined;
  readonly #waitForChannelClose: boolean;
  readonly #closeTimeout: number;
  #closing: Promise<void> | undefined;

  private constructor(stream: ByteStream, options: SshConnectionOptions, deadline: Deadline) {
    const { log } = options.transport;
    this.#deadline = deadline;
    const trusting = async (
      presented: Parameters<NonNullable<TransportOptions['verifyHostKey']>>[0],
    ): Promise<void> => {
      deadline.pause();
      await options.transport.verifyHostKey!(presented);
      deadline.resume();
    };
    this.transport = new Transport(
      stream,
      { ...options.transport, role: 'client', verifyHostKey: trusting },
      {
        ready: () => this.#ready?.resolve(),
        auth: (payload) => this.#onLoginMessage(payload),
        connection: (payload) => this.#mux.onMessage(payload),
        writable: () => this.#mux.onWritable(),
        unimplemented: (number) => this.#mux.onUnimplemented(number),
        activity: () => {
          this.#deadline?.touch();
          this.#keepAlive.touch();
        },
        closed: (error) => this.#onClosed(error),
      },
    );
    this.#waitForChannelClose = options.waitForChannelClose ?? true;
    this.#closeTimeout = options.transport.closeTimeout ?? CLOSE_WAIT_MS;
    this.#mux = new Mux(this.transport, undefined, options.channels);
    const { onHostKeys } = options;
    if (onHostKeys !== undefined)
      this.#mux.onNotice = hostKeyNotices(this.transport, this.#mux, onHostKeys, log);
    this.#newLogin = async () => {
      deadline.pause();
      const more = await options.beforeLogin?.(this.transport);
      deadline.resume();
      return new Login(this.transport, { ...options.login, ...more, log, deadline });
    };
    this.#keepAlive = new KeepAlive(options.keepAlive, {
      probe: () => this.#mux.globalRequest('keepalive@openssh.com').then(() => undefined),
      dead: (error) => this.transport.fail(error),
    });
  }

  /**
   * Runs version exchange, key exchange and login over `stream`. On any failure the stream is closed and the
   * promise rejects with the first cause.
   */
  static async open(
    stream: ByteStream,
    options: SshConnectionOptions,
    wait: WaitOptions,
  ): Promise<SshConnection> {
    let connection: SshConnection | undefined;
    const phase = (): string => connection?.transport.phase ?? 'connect';
    const deadline = new Deadline(wait, phase, (error) => connection?.transport.fail(error));
    try {
      connection = new SshConnection(stream, options, deadline);
      await connection.#handshake(options.transport.algorithms.ciphers[0]);
      connection.#keepAlive.start();
      return connection;
    } catch (error) {
      if (connection === undefined) stream.destroy();
      const cause =
        error instanceof WherryError ? error : new WherryError('AUTH_FAILED', String(error), {}, error);
      connection?.transport.fail(cause);
      if (connection === undefined) throw cause;
      const first = connection.transport.error ?? cause;
      throw connection.#login?.explain(first) ?? first;
    } finally {
      deadline.clear();
      if (connection !== undefined) connection.#deadline = undefined;
    }
  }

  /** Called once, with the first cause, when the connection ends; at once where it already has. */
  onClosed(listener: (error: WherryError) => void): void {
    const { error } = this.transport;
    if (error !== undefined) listener(error);
    else this.#closedListeners.push(listener);
  }

  openChannel(type: string, windowSize: number, specific?: Uint8Array): Promise<Channel> {
    return this.#mux.open(type, windowSize, specific);
  }

  /** Resolves when the peer has answered: proof that the connection lives. */
  async ping(): Promise<void> {
    await this.#mux.globalRequest('keepalive@openssh.com');
  }

  /** Sends SSH_MSG_IGNORE: keeps a connection busy without asking for an answer. */
  ignore(): void {
    this.transport.send(encode(TRANSPORT.SSH_MSG_IGNORE, { data: new Uint8Array(4) }));
  }

  rekey(): void {
    this.transport.rekey('asked for');
  }

  /** Lets the server send further ahead on every channel, open ones included. */
  growWindows(size: number): void {
    this.#mux.growWindows(size);
  }

  /** `close()` has been called, or the connection has ended. */
  get closed(): boolean {
    return this.#closing !== undefined || this.transport.error !== undefined;
  }

  /** Closes the channels, says goodbye, and waits until the stream is closed. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    if (this.transport.error === undefined) {
      this.transport.expectEnd();
      const closed = this.#mux.closeAll(new WherryError('CLOSED', 'the connection was closed by close()'));
      if (this.#waitForChannelClose) {
        let timer: ReturnType<typeof setTimeout> | undefined;
        const late = new Promise<void>((resolve) => {
          timer = setTimeout(resolve, this.#closeTimeout);
        });
        await Promise.race([closed, late]);
        clearTimeout(timer);
      }
    }
    await this.transport.disconnect();
  }

  async #handshake(likelyCipher: string | undefined): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#ready = { resolve, reject };
      this.transport.start();
      prepareCipher(likelyCipher);
    });
    // A login may wait for a person or an agent: the end of the connection must not wait with it.
    await new Promise<void>((resolve, reject) => {
      this.#ready = { resolve, reject };
      this.#runLogin().then(resolve, reject);
    });
  }

  async #runLogin(): Promise<void> {
    this.#login = await this.#newLogin();
    await this.#login.run();
  }

  #onLoginMessage(payload: Uint8Array): void {
    if (this.#login === undefined) throw new WherryError('SSH_PROTOCOL', 'SERVICE_ACCEPT without a request');
    this.#login.onMessage(payload);
  }

  #onClosed(error: WherryError): void {
    this.#keepAlive.stop();
    this.#ready?.reject(error);
    this.#login?.onClosed(error);
    this.#mux.onClosed(error);
    const listeners = this.#closedListeners;
    this.#closedListeners = [];
    for (const listener of listeners) listener(error);
  }
}

import type { WherryError } from '../base/errors.ts';
import type { ByteStream } from '../net/byte-stream.ts';
import type { Channel } from '../ssh/connection/channel.ts';
import { Mux } from '../ssh/connection/mux.ts';
import type { TransportOptions } from '../ssh/transport/options.ts';
import { Transport } from '../ssh/transport/transport.ts';
import { WireReader } from '../ssh/wire/reader.ts';
import { LoginPolicy, type LoginPolicyOptions } from './login-policy.ts';

export interface SshHalfOptions {
  readonly transport: Omit<TransportOptions, 'role' | 'verifyHostKey'>;
  readonly login: LoginPolicyOptions;
  /**
   * A `subsystem` request on a session: returns whether there is such a subsystem, having attached handlers to the
   * channel if so. Whatever the client sends behind its request reaches these handlers.
   */
  readonly onSubsystem?: ((name: string, channel: Channel) => boolean) | undefined;
  /** An `exec` request, in the same way. */
  readonly onExec?: ((command: string, channel: Channel) => boolean) | undefined;
}

/** The server half of one connection. */
export class SshServerHalf {
  readonly transport: Transport;
  readonly mux: Mux;
  readonly login: LoginPolicy;
  /** Every channel a client has opened, in order. */
  readonly channels: Channel[] = [];
  /** Resolves with the cause when the connection is over. */
  readonly closed: Promise<WherryError>;

  constructor(stream: ByteStream, options: SshHalfOptions) {
    let ended: (error: WherryError) => void = () => {};
    this.closed = new Promise((resolve) => {
      ended = resolve;
    });
    this.transport = new Transport(
      stream,
      { ...options.transport, role: 'server' },
      {
        ready: () => {},
        auth: (payload) => this.login.onMessage(payload),
        connection: (payload) => this.mux.onMessage(payload),
        writable: () => this.mux.onWritable(),
        unimplemented: () => {},
        activity: () => {},
        closed: (error) => {
          this.mux.onClosed(error);
          ended(error);
        },
      },
    );
    this.login = new LoginPolicy(this.transport, options.login);
    this.mux = new Mux(this.transport, (type) =>
      type === 'session' ? (channel) => this.#serve(channel, options) : undefined,
    );
    this.transport.start();
  }

  /** Ends the connection in order. */
  close(): Promise<void> {
    return this.transport.disconnect();
  }

  #serve(channel: Channel, options: SshHalfOptions): void {
    this.channels.push(channel);
    const callbacks = new Map([
      ['subsystem', options.onSubsystem],
      ['exec', options.onExec],
    ]);
    channel.attach({
      data: () => {},
      closed: () => {},
      request: (name, specific) =>
        callbacks.get(name)?.(new WireReader(specific, 0, name).text(), channel) ?? false,
    });
  }
}

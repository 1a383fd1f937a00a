import { createServer, type Server, type Socket } from 'node:net';
import { WherryError } from '../../../src/base/errors.ts';
import type { ByteStream } from '../../../src/net/byte-stream.ts';
import { duplexStream } from '../../../src/net/duplex.ts';
import type { Channel } from '../../../src/ssh/connection/channel.ts';
import { Mux } from '../../../src/ssh/connection/mux.ts';
import type { PrivateKey } from '../../../src/ssh/keys/key-pair.ts';
import { Transport } from '../../../src/ssh/transport/transport.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { type HalfOptions, transportOptions } from './defaults.ts';
import { testKey } from './host-keys.ts';
import { LoginPolicy, type LoginPolicyOptions } from './login-policy.ts';

export interface SshServerOptions extends HalfOptions, Partial<LoginPolicyOptions> {
  /** Default: one Ed25519 key of the test run. */
  readonly hostKeys?: readonly PrivateKey[];
  /**
   * A `subsystem` request on a session: returns whether there is such a subsystem, having attached handlers to the
   * channel if so. Whatever the client sends behind its request reaches these handlers.
   */
  readonly onSubsystem?: (name: string, channel: Channel) => boolean;
  /** An `exec` request, in the same way. */
  readonly onExec?: (command: string, channel: Channel) => boolean;
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

  constructor(stream: ByteStream, options: SshServerOptions) {
    let ended: (error: WherryError) => void = () => {};
    this.closed = new Promise((resolve) => {
      ended = resolve;
    });
    const hostKeys = options.hostKeys ?? [testKey('ssh-ed25519')];
    this.transport = new Transport(
      stream,
      { ...transportOptions(options), role: 'server', hostKeys },
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
    this.login = new LoginPolicy(this.transport, { users: { user: { none: true } }, ...options });
    this.mux = new Mux(this.transport, (type) =>
      type === 'session' ? (channel) => this.#serve(channel, options) : undefined,
    );
    this.transport.start();
  }

  /** Ends the connection in order. */
  close(): Promise<void> {
    return this.transport.disconnect();
  }

  #serve(channel: Channel, options: SshServerOptions): void {
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

/** Serves SSH over a stream, such as one end of a memory pair. Without `users` there is one, `user`, who needs no proof. */
export function serveSsh(stream: ByteStream, options: SshServerOptions = {}): SshServerHalf {
  return new SshServerHalf(stream, options);
}

/** An SSH server on a free port of 127.0.0.1. */
export interface ListeningSsh extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly connections: readonly SshServerHalf[];
  /** Breaks all connections with a TCP reset, as a server that is killed does. */
  kill(): void;
  close(): Promise<void>;
}

export async function listenSsh(options: SshServerOptions = {}): Promise<ListeningSsh> {
  const connections: SshServerHalf[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    connections.push(serveSsh(duplexStream(socket, '127.0.0.1', socket.remotePort ?? 0), options));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const kill = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const close = async (): Promise<void> => {
    const down = new Promise<void>((resolve) => server.close(() => resolve()));
    const gone = new WherryError('CLOSED', 'the test server stops');
    for (const one of connections) one.transport.fail(gone);
    for (const socket of sockets) socket.destroy();
    await down;
  };
  return { host: '127.0.0.1', port: address.port, connections, kill, close, [Symbol.asyncDispose]: close };
}

import { createServer, type Server, type Socket } from 'node:net';
import { WherryError } from '../../../src/base/errors.ts';
import type { ByteStream } from '../../../src/net/byte-stream.ts';
import { duplexStream } from '../../../src/net/duplex.ts';
import type { LoginPolicyOptions } from '../../../src/server/login-policy.ts';
import { type SshHalfOptions, SshServerHalf } from '../../../src/server/ssh-half.ts';
import type { PrivateKey } from '../../../src/ssh/keys/key-pair.ts';
import { type HalfOptions, transportOptions } from './defaults.ts';
import { testKey } from './host-keys.ts';

export type { SshServerHalf };

export interface SshServerOptions
  extends HalfOptions,
    Partial<LoginPolicyOptions>,
    Pick<SshHalfOptions, 'onSubsystem' | 'onExec'> {
  /** Default: one Ed25519 key of the test run. */
  readonly hostKeys?: readonly PrivateKey[];
}

/** Serves SSH over a stream, such as one end of a memory pair. Without `users` there is one, `user`, who needs no proof. */
export function serveSsh(stream: ByteStream, options: SshServerOptions = {}): SshServerHalf {
  const hostKeys = options.hostKeys ?? [testKey('ssh-ed25519')];
  return new SshServerHalf(stream, {
    transport: { ...transportOptions(options), hostKeys },
    login: { users: { user: { none: true } }, ...options },
    onSubsystem: options.onSubsystem,
    onExec: options.onExec,
  });
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

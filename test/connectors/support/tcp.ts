import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface TestListener {
  readonly port: number;
  /** How many connections were made so far. */
  readonly connections: number;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Listens on the loopback address; `serve` gets every connection, and without it none is ever answered. */
export async function listen(serve: (socket: Socket) => void = () => {}): Promise<TestListener> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Passed on at a time, every few milliseconds: progress is told while there is some. */
const PIECE_BYTES = 65_536;
const PIECE_MS = 40;

/** A way to `port` that passes on `bytes` from the server, not too fast, and after that nothing more. */
export function stallingRelay(port: number, bytes: number): Promise<TestListener> {
  return listen((client) => {
    const server = connect({ port, host: '127.0.0.1' });
    let waiting = Buffer.alloc(0);
    let left = bytes;
    const timer = setInterval(() => {
      const piece = waiting.subarray(0, Math.min(left, PIECE_BYTES));
      waiting = waiting.subarray(piece.length);
      left -= piece.length;
      if (piece.length > 0) client.write(piece);
    }, PIECE_MS);
    server.on('error', () => client.destroy());
    server.on('close', () => client.destroy());
    client.on('close', () => {
      clearInterval(timer);
      server.destroy();
    });
    client.on('data', (chunk) => server.write(chunk));
    server.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
    });
  });
}

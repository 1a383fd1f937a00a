/** A TCP relay on loopback that counts what passes, both ways together, and tells somebody. */
import { type AddressInfo, createServer, connect as dial, type Socket } from 'node:net';

export interface CountingRelay extends AsyncDisposable {
  readonly port: number;
  /** Bytes since the beginning. */
  readonly bytes: number;
}

/** `passed` hears the count after every piece, before the piece goes on. */
export async function countingRelay(port: number, passed: (bytes: number) => void): Promise<CountingRelay> {
  let bytes = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const there = dial({ port, host: '127.0.0.1' });
    for (const [from, to] of [
      [client, there],
      [there, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.on('data', (piece: Buffer) => {
        bytes += piece.length;
        passed(bytes);
        to.write(piece);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get bytes() {
      return bytes;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** A relay in front of a server that sees who connects, what is said in the clear, how much is said, and who ends it. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface WatchedRelay extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Where the last client came from. */
  readonly from: { address: string; port: number };
  /** Bytes of all connections, from the clients and from the server. */
  readonly bytes: { up: number; down: number };
  /** Who has ended the last connection first. */
  readonly endedBy: 'client' | 'server' | undefined;
  /** The first kilobytes that the client of the last connection has said. */
  said(): Buffer;
  /** From now on nothing is passed on; nobody is told. */
  freeze(): void;
  /** Ends every connection without a farewell, when so many more bytes have come down or gone up. */
  cutAfter(bytes: number): void;
}

export async function watchedRelay(port: number): Promise<WatchedRelay> {
  const sockets = new Set<Socket>();
  const bytes = { up: 0, down: 0 };
  let from = { address: '', port: 0 };
  let endedBy: WatchedRelay['endedBy'];
  let said: Buffer[] = [];
  let frozen = false;
  let left = Number.POSITIVE_INFINITY;
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const there = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    from = { address: client.remoteAddress ?? '', port: client.remotePort ?? 0 };
    endedBy = undefined;
    said = [];
    for (const [name, source, target] of [
      ['client', client, there],
      ['server', there, client],
    ] as const) {
      sockets.add(source);
      source.on('error', () => target.destroy());
      source.on('close', () => sockets.delete(source));
      source.on('end', () => {
        endedBy ??= name;
        if (!frozen) target.end();
      });
      source.on('data', (chunk: Buffer) => {
        bytes[name === 'client' ? 'up' : 'down'] += chunk.length;
        if (name === 'client' && said.length < 16) said.push(chunk);
        if (frozen) return;
        target.write(chunk);
        left -= chunk.length;
        if (left <= 0) cut();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    get from() {
      return from;
    },
    bytes,
    get endedBy() {
      return endedBy;
    },
    said: () => Buffer.concat(said),
    freeze() {
      frozen = true;
    },
    cutAfter(count) {
      left = count;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The clear packets that follow the version line. */
export function clearPackets(said: Buffer): Buffer[] {
  const found: Buffer[] = [];
  let at = said.indexOf('\n') + 1;
  while (at + 6 <= said.length) {
    const length = said.readUInt32BE(at);
    if (length > 35_000 || at + 4 + length > said.length) break;
    found.push(said.subarray(at + 5, at + 4 + length - said[at + 4]!));
    at += 4 + length;
  }
  return found;
}

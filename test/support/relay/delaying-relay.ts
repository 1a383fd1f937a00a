/** A relay that delays every byte by the same time and counts the round trips that depend on each other. */
import { connect, createServer, type Socket } from 'node:net';

export interface DelayingRelay extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /**
   * Round trips since the connection was made: what a client says belongs to one more than all that it has heard before,
   * and what the server says to as many as all it has heard. The making of the TCP connection itself is not among them.
   */
  heard(): number;
}

/** `latency`: milliseconds in each direction, longer than the two ends take to answer. */
export async function delayingRelay(port: number, latency: number): Promise<DelayingRelay> {
  const sockets = new Set<Socket>();
  /** The largest number among what has arrived at the client, and at the server. */
  let atClient = 0;
  let atServer = 0;
  const relay = createServer({ noDelay: true }, (client) => {
    const server = connect({ port, host: '127.0.0.1', noDelay: true });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    const later = (work: () => void): void => void setTimeout(work, latency);
    client.on('data', (chunk) => {
      const trip = atClient + 1;
      later(() => {
        atServer = Math.max(atServer, trip);
        server.write(chunk);
      });
    });
    server.on('data', (chunk) => {
      const trip = atServer;
      later(() => {
        atClient = Math.max(atClient, trip);
        client.write(chunk);
      });
    });
    client.on('end', () => later(() => server.end()));
    server.on('end', () => later(() => client.end()));
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const address = relay.address() as { port: number };
  return {
    host: '127.0.0.1',
    port: address.port,
    heard: () => atClient,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => relay.close(() => resolve()));
    },
  };
}

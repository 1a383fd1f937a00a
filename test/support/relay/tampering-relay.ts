/**
 * A relay between a client and an SSH server that changes the clear packets of the first key exchange: the man in the
 * middle of the Terrapin attack (CVE-2023-48795).
 */
import { connect, createServer, type Socket } from 'node:net';

const NEWKEYS = 21;
/** How long the server's last flight of the handshake is collected, to be sure to have what follows NEWKEYS. */
const FLIGHT_MS = 60;

export interface Tampering {
  /** What is passed on in place of a packet; `type` is its message number. */
  readonly toClient?: (packet: Buffer, type: number) => readonly Buffer[];
  readonly toServer?: (packet: Buffer, type: number) => readonly Buffer[];
  /** What is passed on in place of the server's sealed bytes right behind its NEWKEYS: EXT_INFO, from OpenSSH. */
  readonly behindNewKeys?: (sealed: Buffer) => Buffer;
}

export interface Relay extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
}

/** A clear packet with that payload. */
export function clearPacket(...payload: number[]): Buffer {
  const padding = 16 - ((5 + payload.length) % 8);
  const packet = Buffer.alloc(5 + payload.length + padding);
  packet.writeUInt32BE(packet.length - 4);
  packet[4] = padding;
  packet.set(payload, 5);
  return packet;
}

export async function tamperingRelay(port: number, tampering: Tampering): Promise<Relay> {
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    const toServer = new ClearPackets(tampering.toServer);
    const toClient = new ClearPackets(tampering.toClient);
    client.on('data', (chunk) => {
      const { clear, sealed } = toServer.push(chunk);
      server.write(Buffer.concat([clear, sealed]));
    });
    client.on('end', () => server.end());
    server.on('end', () => client.end());
    let flight: Buffer | undefined;
    server.on('data', (chunk) => {
      if (flight !== undefined) {
        flight = Buffer.concat([flight, chunk]);
        return;
      }
      if (toClient.done) {
        client.write(chunk);
        return;
      }
      const { clear, sealed } = toClient.push(chunk);
      if (!toClient.done || tampering.behindNewKeys === undefined) {
        client.write(Buffer.concat([clear, sealed]));
        return;
      }
      // The client says nothing under the new keys before it has seen NEWKEYS, so all of this is the server's own.
      flight = sealed;
      setTimeout(() => {
        client.write(Buffer.concat([clear, tampering.behindNewKeys!(flight!)]));
        flight = undefined;
      }, FLIGHT_MS);
    });
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const address = relay.address() as { port: number };
  return {
    host: '127.0.0.1',
    port: address.port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => relay.close(() => resolve()));
    },
  };
}

/** Cuts one direction into the version line, clear packets, and what follows NEWKEYS. */
class ClearPackets {
  done = false;
  readonly #change: NonNullable<Tampering['toClient']>;
  #rest: Buffer = Buffer.alloc(0);
  #versionSeen = false;

  constructor(change: Tampering['toClient']) {
    this.#change = change ?? ((packet) => [packet]);
  }

  push(chunk: Buffer): { clear: Buffer; sealed: Buffer } {
    if (this.done) return { clear: chunk, sealed: Buffer.alloc(0) };
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const out: Buffer[] = [];
    if (!this.#versionSeen) {
      const end = this.#rest.indexOf('\n') + 1;
      if (end === 0) return { clear: Buffer.alloc(0), sealed: Buffer.alloc(0) };
      out.push(this.#take(end));
      this.#versionSeen = true;
    }
    while (!this.done && this.#rest.length >= 6) {
      const length = 4 + this.#rest.readUInt32BE();
      if (this.#rest.length < length) break;
      const packet = this.#take(length);
      const type = packet[5]!;
      out.push(...this.#change(packet, type));
      this.done = type === NEWKEYS;
    }
    const sealed = this.done ? this.#take(this.#rest.length) : Buffer.alloc(0);
    return { clear: Buffer.concat(out), sealed };
  }

  #take(length: number): Buffer {
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }
}

/** What a client and its server say to each other, read from the client's own log, packet by packet. */
import assert from 'node:assert/strict';
import type { SFTPClient } from '../../../src/client/index.ts';

export interface WirePacket {
  readonly out: boolean;
  readonly name: string;
  /** Message number and what follows; empty where the log hides it. */
  readonly payload: Buffer;
}

/** Requests and answers of SFTP, in the order of the log. */
export interface SftpPacket {
  readonly out: boolean;
  readonly type: number;
  readonly id: number;
  readonly body: Buffer;
}

export interface Wire {
  readonly packets: WirePacket[];
  /** The SFTP packets in them. */
  sftp(): SftpPacket[];
  /** Packets of one name that went out, or came in. */
  named(out: boolean, name: string): WirePacket[];
  clear(): void;
}

/** Turns the log of everything on, file data included, and collects it; before the client connects. */
export async function wireOf(client: SFTPClient): Promise<Wire> {
  const packets: WirePacket[] = [];
  await client.config('LogLevel=3');
  await client.config('LogSFTPFileData=True');
  client.on('log', ({ message }) => {
    const parts = /^([<>]) (\S+) \d+(?: ([0-9a-f]*|\*\*\*))?$/.exec(message);
    if (parts === null) return;
    const [, direction, name = '', hex = ''] = parts;
    packets.push({ out: direction === '>', name, payload: Buffer.from(hex === '***' ? '' : hex, 'hex') });
  });
  return {
    packets,
    sftp: () => sftpPackets(packets),
    named: (out, name) => packets.filter((packet) => packet.out === out && packet.name === name),
    clear: () => void packets.splice(0),
  };
}

/** CHANNEL_DATA carries a stream in each direction: uint32 length, byte type, uint32 id, the rest. */
function sftpPackets(packets: readonly WirePacket[]): SftpPacket[] {
  const found: SftpPacket[] = [];
  const streams = { out: Buffer.alloc(0), in: Buffer.alloc(0) };
  for (const { out, name, payload } of packets) {
    if (name !== 'SSH_MSG_CHANNEL_DATA') continue;
    const key = out ? 'out' : 'in';
    let stream = Buffer.concat([streams[key], payload.subarray(9)]);
    while (stream.length >= 4 && stream.length >= 4 + stream.readUInt32BE(0)) {
      const packet = stream.subarray(4, 4 + stream.readUInt32BE(0));
      found.push({ out, type: packet[0]!, id: packet.readUInt32BE(1), body: packet.subarray(5) });
      stream = stream.subarray(4 + packet.length);
    }
    streams[key] = stream;
  }
  return found;
}

/** How many requests of `type` were without an answer at most. */
export function mostUnderWay(packets: readonly SftpPacket[], type: number): number {
  const open = new Set<number>();
  let most = 0;
  for (const { out, type: kind, id } of packets) {
    if (out && kind === type) open.add(id);
    else if (!out) open.delete(id);
    most = Math.max(most, open.size);
  }
  assert.ok(most > 0, `no request of type ${type}`);
  return most;
}

/** Scripted SSH agents and the frames they send. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';

/** A server on a socket of its own for the time of `work`; `answer` gets each connection. */
export async function withFake(
  answer: (socket: Socket) => void,
  work: (path: string) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'wherry-fake-agent-'));
  const path = join(folder, 'socket');
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    answer(socket);
  });
  server.listen(path);
  await once(server, 'listening');
  try {
    await work(path);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

export function silent(socket: Socket): void {
  socket.resume();
}

export function eachRequest(socket: Socket, act: (request: Uint8Array) => void): void {
  let seen = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    while (seen.length >= 4 && seen.length >= 4 + seen.readUInt32BE()) {
      const end = 4 + seen.readUInt32BE();
      const request = seen.subarray(4, end);
      seen = seen.subarray(end);
      act(request);
    }
  });
}

export function u32(value: number): Uint8Array {
  return new WireWriter().u32(value).finish();
}

export function frame(payload: Uint8Array): Uint8Array {
  return new WireWriter().string(payload).finish();
}

export function identitiesFrame(keys: readonly [Uint8Array, string][]): Uint8Array {
  const writer = new WireWriter().u8(12).u32(keys.length);
  for (const [blob, comment] of keys) writer.string(blob).text(comment);
  return frame(writer.finish());
}

import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** Listens with the shortest backlog and then sleeps for ever, so that nothing is ever accepted. */
const CODE = `
const { createServer } = require('node:net');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer();
server.listen({ ...workerData, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
});
`;

/** A port whose backlog is full: a connection to it is neither made nor refused. */
export interface DeafListener {
  readonly port: number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Undefined where the kernel takes any number of connections. */
export async function deafListener(
  where: { host: string; port?: number } = { host: '127.0.0.1' },
): Promise<DeafListener | undefined> {
  const { host } = where;
  const worker = new Worker(CODE, { eval: true, workerData: { port: 0, ...where } });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  const sockets: Socket[] = [];
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    await worker.terminate();
  };
  for (let i = 0; i < 12; i++) {
    const socket = connect({ port, host });
    socket.on('error', () => {});
    sockets.push(socket);
    await sleep(15);
    // On a busy machine a connection that will be made may take longer than that.
    if (socket.connecting) await sleep(150);
    if (socket.connecting) return { port, close, [Symbol.asyncDispose]: close };
  }
  await close();
  return undefined;
}

/**
 * A TCP relay with a delay and a rate, in a process of its own: `node --import tsx bench/relay.ts HOST PORT MS MBIT`. Prints
 * the port it listens on. MS is the round trip, half of it each way; MBIT the rate each way, 0 for none.
 */
import { connect, createServer, type Socket } from 'node:net';

/** Held by the relay beyond what is on its way, before it stops reading: a router's queue. */
const QUEUE_BYTES = 1_048_576;

/** Copies what comes from one side to the other, late and no faster than the rate. */
export function forward(from: Socket, to: Socket, delayMs: number, bytesPerMs: number): void {
  const queue: { readonly due: number; readonly bytes: Buffer }[] = [];
  let held = 0;
  let free = 0;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const most = QUEUE_BYTES + (Number.isFinite(bytesPerMs) ? bytesPerMs * delayMs : 64 * QUEUE_BYTES);
  const flush = (): void => {
    timer = undefined;
    const now = performance.now();
    while (queue.length > 0 && queue[0]!.due <= now) {
      const { bytes } = queue.shift()!;
      held -= bytes.length;
      to.write(bytes);
    }
    if (held < most && from.isPaused()) from.resume();
    if (queue.length > 0) timer = setTimeout(flush, Math.max(0, queue[0]!.due - performance.now()));
    else if (ended) to.end();
  };
  from.on('data', (bytes: Buffer) => {
    const now = performance.now();
    free = Math.max(free, now) + bytes.length / bytesPerMs;
    queue.push({ due: free + delayMs, bytes });
    held += bytes.length;
    if (held >= most) from.pause();
    if (timer === undefined) timer = setTimeout(flush, Math.max(0, queue[0]!.due - now));
  });
  from.on('end', () => {
    ended = true;
    if (queue.length === 0) to.end();
  });
  from.on('error', () => to.destroy());
  from.on('close', () => setTimeout(() => to.destroy(), 2 * delayMs + 100).unref());
}

const [host, port, roundTrip, mbit] = process.argv.slice(2);
if (host !== undefined && process.argv[1]?.endsWith('relay.ts')) {
  const delay = Number(roundTrip) / 2;
  const rate = Number(mbit) === 0 ? Number.POSITIVE_INFINITY : (Number(mbit) * 1e6) / 8 / 1000;
  const server = createServer({ noDelay: true }, (client) => {
    const there = connect({ host, port: Number(port), noDelay: true });
    forward(client, there, delay, rate);
    forward(there, client, delay, rate);
  });
  server.listen(0, '127.0.0.1', () => {
    console.log((server.address() as { port: number }).port);
  });
}

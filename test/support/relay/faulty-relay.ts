/** A relay that passes bytes on until it is told to misbehave: cut, end, stall, crumble or delay what goes one way. */
import { connect, createServer, type Socket } from 'node:net';

/** What becomes of the bytes of one direction, counted from `misbehave` on. */
export interface Fault {
  /** After so many bytes both ends see a TCP reset. */
  readonly cutAt?: number;
  /** After so many bytes both ends see an orderly end. */
  readonly endAt?: number;
  /** After so many bytes nothing more gets through, and nothing is said about it. */
  readonly stallAt?: number;
  /** Bytes that are passed on one at a time; what is behind them in pieces of `pieces`. */
  readonly singly?: number;
  readonly pieces?: number;
  /** Milliseconds that each piece is on its way. */
  readonly delay?: number;
}

export interface FaultyRelay extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** From now on, for the connections there are and those to come. */
  misbehave(faults: { readonly down?: Fault; readonly up?: Fault }): void;
}

/** One direction of one connection. */
class Way {
  readonly #to: Socket;
  readonly #reset: () => void;
  readonly #waiting: (Buffer | null)[] = [];
  #fault: Fault = {};
  #passed = 0;
  #busy = false;

  constructor(from: Socket, to: Socket, reset: () => void) {
    this.#to = to;
    this.#reset = reset;
    from.on('data', (chunk: Buffer) => this.#take(chunk));
    from.on('end', () => this.#take(null));
  }

  set fault(fault: Fault) {
    this.#fault = fault;
    this.#passed = 0;
    const { cutAt, endAt } = fault;
    if (cutAt === 0) this.#reset();
    if (endAt === 0) this.#to.end();
  }

  #take(chunk: Buffer | null): void {
    this.#waiting.push(chunk);
    if (this.#busy) return;
    this.#busy = true;
    this.#pass();
  }

  #pass(): void {
    const chunk = this.#waiting.shift();
    if (chunk === undefined || this.#to.destroyed) {
      this.#busy = false;
      return;
    }
    const { cutAt, endAt, stallAt, singly = 0, pieces, delay } = this.#fault;
    if (chunk === null) {
      if (stallAt === undefined) this.#to.end();
      this.#pass();
      return;
    }
    const stop = Math.min(cutAt ?? Infinity, endAt ?? Infinity, stallAt ?? Infinity);
    const most = this.#passed < singly ? 1 : (pieces ?? chunk.length);
    const taken = Math.min(chunk.length, most, stop - this.#passed);
    if (taken < chunk.length) this.#waiting.unshift(chunk.subarray(taken));
    this.#passed += taken;
    const go = (): void => {
      if (taken > 0 && !this.#to.writableEnded) this.#to.write(chunk.subarray(0, taken));
      if (this.#passed < stop) {
        if (pieces === undefined) this.#pass();
        else setImmediate(() => this.#pass());
        return;
      }
      if (stop === cutAt) this.#reset();
      else if (stop === endAt) this.#to.end();
      // What waits is never passed on: the way stays busy.
    };
    if (delay === undefined) go();
    else setTimeout(go, delay);
  }
}

export async function faultyRelay(port: number): Promise<FaultyRelay> {
  const sockets = new Set<Socket>();
  const ways = new Set<{ readonly down: Way; readonly up: Way }>();
  let faults: { readonly down?: Fault; readonly up?: Fault } = {};
  const relay = createServer({ noDelay: true, allowHalfOpen: true }, (client) => {
    const server = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true });
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        for (const other of [client, server]) if (!other.destroyed) other.destroySoon();
      });
    }
    const reset = (): void => {
      for (const socket of [client, server]) socket.resetAndDestroy();
    };
    const both = { down: new Way(server, client, reset), up: new Way(client, server, reset) };
    ways.add(both);
    client.once('close', () => ways.delete(both));
    both.down.fault = faults.down ?? {};
    both.up.fault = faults.up ?? {};
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const address = relay.address() as { port: number };
  return {
    host: '127.0.0.1',
    port: address.port,
    misbehave(next) {
      faults = next;
      for (const { down, up } of ways) {
        down.fault = next.down ?? {};
        up.fault = next.up ?? {};
      }
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => relay.close(() => resolve()));
    },
  };
}

import type { ByteStream, StreamHandlers } from '../../../src/net/byte-stream.ts';
import { MemoryPipe, type PipeOptions } from './memory-pipe.ts';

export type { PipeOptions } from './memory-pipe.ts';

/** `latency` and `chunk` go for both directions; what a direction says for itself comes first. */
export interface MemoryPairOptions {
  readonly latency?: number;
  readonly chunk?: number | (() => number);
  readonly clientToServer?: PipeOptions;
  readonly serverToClient?: PipeOptions;
  /** Keep all bytes delivered, for `transcript`. */
  readonly record?: boolean;
}

/** Two joined streams and what can be done to the line between them. */
export interface MemoryPair {
  readonly client: MemoryStream;
  readonly server: MemoryStream;
  readonly clientToServer: MemoryPipe;
  readonly serverToClient: MemoryPipe;
  /** Breaks the line now: both ends close with ECONNRESET. */
  cut(): void;
}

/** One end of the pair. */
export class MemoryStream implements ByteStream {
  readonly host = 'memory';
  readonly port = 22;
  /** Writes after `end` or `destroy`: a socket would report an error for each. */
  lateWrites = 0;
  /** `close` has been called, with this cause. */
  closed: { error: Error | undefined } | undefined;
  readonly #out: MemoryPipe;
  readonly #in: MemoryPipe;
  #handlers: StreamHandlers | undefined;
  #finished = false;

  constructor(out: MemoryPipe, into: MemoryPipe) {
    this.#out = out;
    this.#in = into;
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    this.#in.open({
      data: (chunk) => handlers.data(chunk),
      end: () => {
        handlers.end();
        if (this.#finished) this.#close(undefined);
      },
      close: () => {},
    });
    if (this.closed !== undefined) handlers.close(this.closed.error);
  }

  write(bytes: Uint8Array, done: () => void): void {
    if (this.#finished || this.closed !== undefined) {
      this.lateWrites++;
      setImmediate(done);
    } else {
      this.#out.write(bytes, done);
    }
  }

  /** True while the owner has asked for quiet. */
  get paused(): boolean {
    return this.#in.paused;
  }

  pause(): void {
    this.#in.pause();
  }

  resume(): void {
    this.#in.resume();
  }

  end(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#out.finish();
    if (this.#in.ended) setImmediate(() => this.#close(undefined));
  }

  /** What was written still arrives, then the end, as a kernel would have it. */
  destroy(): void {
    this.end();
    this.#in.kill();
    setImmediate(() => this.#close(undefined));
  }

  break(error: Error): void {
    this.#finished = true;
    this.#in.kill();
    this.#out.kill();
    setImmediate(() => this.#close(error));
  }

  #close(error: Error | undefined): void {
    if (this.closed !== undefined) return;
    this.closed = { error };
    this.#handlers?.close(error);
  }
}

/** Two streams joined in memory, in pieces of any size, with delay, breaks and stalls where they are asked for. */
export function memoryPair(options: MemoryPairOptions = {}): MemoryPair {
  const common = {
    ...(options.latency === undefined ? {} : { latency: options.latency }),
    ...(options.chunk === undefined ? {} : { chunk: options.chunk }),
  };
  const record = options.record ?? false;
  const clientToServer = new MemoryPipe({ ...common, ...options.clientToServer }, record);
  const serverToClient = new MemoryPipe({ ...common, ...options.serverToClient }, record);
  const client = new MemoryStream(clientToServer, serverToClient);
  const server = new MemoryStream(serverToClient, clientToServer);
  const cut = (): void => {
    for (const end of [client, server]) {
      end.break(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }));
    }
  };
  clientToServer.onCut = cut;
  serverToClient.onCut = cut;
  return { client, server, clientToServer, serverToClient, cut };
}

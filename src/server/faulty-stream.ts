import type { ByteStream, StreamHandlers } from '../net/byte-stream.ts';
import type { ConnectionFault } from './hooks.ts';

/** A stream that breaks where it is told to, and on which what is sent is a while on its way. */
export class FaultyStream implements ByteStream {
  readonly host: string;
  readonly port: number;
  readonly #inner: ByteStream;
  readonly #break: () => void;
  readonly #latency: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #receivable: number;
  #sendable: number;

  /** `reset` breaks the connection under `inner`. */
  constructor(inner: ByteStream, fault: ConnectionFault, reset: () => void) {
    this.host = inner.host;
    this.port = inner.port;
    this.#inner = inner;
    this.#latency = fault.latency ?? 0;
    this.#receivable = fault.cutAfterReceived ?? Number.POSITIVE_INFINITY;
    this.#sendable = fault.cutAfterSent ?? Number.POSITIVE_INFINITY;
    this.#break = reset;
  }

  start(handlers: StreamHandlers): void {
    this.#inner.start({
      data: (chunk) => {
        const taken = Math.min(chunk.length, this.#receivable);
        this.#receivable -= taken;
        handlers.data(chunk.subarray(0, taken));
        if (this.#receivable === 0) this.#break();
      },
      end: () => handlers.end(),
      close: (error) => {
        for (const timer of this.#timers) clearTimeout(timer);
        handlers.close(error);
      },
    });
  }

  write(bytes: Uint8Array, done: () => void): void {
    const taken = Math.min(bytes.length, this.#sendable);
    this.#sendable -= taken;
    const cut = this.#sendable === 0;
    this.#later(() => this.#inner.write(bytes.subarray(0, taken), () => (cut ? this.#break() : done())));
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  end(): void {
    this.#later(() => this.#inner.end());
  }

  destroy(): void {
    this.#inner.destroy();
  }

  /** In order: timers of one length fire in the order they were set. */
  #later(work: () => void): void {
    if (this.#latency <= 0) {
      work();
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, this.#latency);
    this.#timers.add(timer);
  }
}

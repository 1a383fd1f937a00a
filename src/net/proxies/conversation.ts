import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { ByteStream, StreamHandlers } from '../byte-stream.ts';

/**
 * A stream whose first bytes are an exchange with a proxy. When that is done it is a ByteStream like any other, and
 * what arrived behind the proxy's answer is delivered first.
 */
export class Conversation implements ByteStream {
  readonly host: string;
  readonly port: number;
  readonly #stream: ByteStream;
  #handlers: StreamHandlers | undefined;
  #bytes: Buffer = Buffer.alloc(0);
  #waiter:
    | { take(): Uint8Array | undefined; resolve(bytes: Uint8Array): void; reject(e: Error): void }
    | undefined;
  #failure: Error | undefined;
  #ended = false;
  #closed = false;
  #paused = false;

  /** `host` and `port`: what lies behind the proxy. */
  constructor(stream: ByteStream, host: string, port: number) {
    this.#stream = stream;
    this.host = host;
    this.port = port;
    stream.start({
      data: (chunk) => this.#onData(chunk),
      end: () => {
        this.#ended = true;
        if (this.#handlers !== undefined) this.#handlers.end();
        else this.#fail();
      },
      close: (error) => {
        this.#closed = true;
        this.#failure ??= error;
        if (this.#handlers !== undefined) this.#handlers.close(error);
        else this.#fail();
      },
    });
  }

  /** A message to the proxy. */
  say(bytes: Uint8Array): void {
    this.#stream.write(bytes, () => {});
  }

  /** The next `length` bytes of the proxy's. */
  read(length: number): Promise<Uint8Array> {
    return this.#wait(() => (this.#bytes.length < length ? undefined : this.#take(length)));
  }

  /** Everything up to and with `mark`, which must come within LIMITS.proxyReplyBytes. */
  readUntil(mark: string): Promise<Uint8Array> {
    const limit = LIMITS.proxyReplyBytes.value;
    return this.#wait(() => {
      const end = this.#bytes.subarray(0, limit).indexOf(mark);
      if (end >= 0) return this.#take(end + mark.length);
      if (this.#bytes.length < limit) return undefined;
      throw new WherryError('PROXY_FAILED', `the answer of the proxy has no end within ${limit} bytes`, {
        limit: 'proxyReplyBytes',
      });
    });
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    queueMicrotask(() => {
      if (this.#bytes.length > 0) handlers.data(this.#take(this.#bytes.length));
      if (this.#ended) handlers.end();
      if (this.#closed) handlers.close(this.#failure);
      else if (!this.#paused) this.#stream.resume();
    });
  }

  write(bytes: Uint8Array, done: () => void): void {
    this.#stream.write(bytes, done);
  }

  pause(): void {
    this.#paused = true;
    this.#stream.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#stream.resume();
  }

  end(): void {
    this.#stream.end();
  }

  destroy(): void {
    this.#stream.destroy();
  }

  #onData(chunk: Uint8Array): void {
    if (this.#handlers !== undefined && this.#bytes.length === 0) {
      this.#handlers.data(chunk);
      return;
    }
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#serve();
    // Nobody asks: the proxy's answer is complete, or the exchange has not begun.
    if (this.#waiter === undefined) this.#stream.pause();
  }

  #wait(take: () => Uint8Array | undefined): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#waiter = { take, resolve, reject };
      this.#serve();
      if (this.#waiter === undefined) return;
      if (this.#ended || this.#closed) this.#fail();
      else this.#stream.resume();
    });
  }

  #serve(): void {
    const waiter = this.#waiter;
    if (waiter === undefined) return;
    try {
      const bytes = waiter.take();
      if (bytes === undefined) return;
      this.#waiter = undefined;
      waiter.resolve(bytes);
    } catch (error) {
      this.#waiter = undefined;
      waiter.reject(error as Error);
    }
  }

  #take(length: number): Uint8Array {
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  #fail(): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    const errno = (this.#failure as NodeJS.ErrnoException | undefined)?.code;
    const text = `the proxy ended the connection instead of answering${errno === undefined ? '' : ` (${errno})`}`;
    const details = errno === undefined ? {} : { errno };
    waiter?.reject(new WherryError('PROXY_FAILED', text, details, this.#failure));
  }
}

import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { WherryError } from '../base/errors.ts';
import { keep } from '../base/lent-memory.ts';
import type { Sink } from './sink.ts';

/** What takes bytes one after the other: a Node stream, a web stream, a buffer. */
export interface OrderedTarget {
  /** Takes the next bytes; calls `done` when they are no longer held. */
  put(bytes: Uint8Array, done: () => void): void;
  /** Calls back when the target fails by itself. */
  onError(failed: (error: unknown) => void): void;
  end(): Promise<void>;
  abort(reason: unknown): Promise<void>;
}

/** Puts pieces that arrive in any order back into order; what waits for its turn counts as pending. */
export class OrderedSink implements Sink {
  pending = 0;
  readonly lost: number = Number.POSITIVE_INFINITY;
  readonly #target: OrderedTarget;
  readonly #early = new Map<number, Uint8Array>();
  #next = 0;
  #drained: () => void = () => {};
  /** Rejects when the target fails by itself, so that nobody waits for its end. */
  readonly #broken: Promise<never>;
  #breaks: (error: unknown) => void = () => {};

  constructor(target: OrderedTarget) {
    this.#target = target;
    this.#broken = new Promise((_, reject) => {
      this.#breaks = reject;
    });
    this.#broken.catch(() => {});
  }

  listen(handlers: { drained(): void; failed(error: unknown): void }): void {
    this.#drained = handlers.drained;
    this.#target.onError((error) => {
      this.#breaks(error);
      handlers.failed(error);
    });
  }

  write(offset: number, bytes: Uint8Array): void {
    this.pending += bytes.length;
    let piece: Uint8Array | undefined = keep(bytes);
    if (offset !== this.#next) {
      this.#early.set(offset, piece);
      return;
    }
    while (piece !== undefined) {
      this.#put(piece);
      piece = this.#early.get(this.#next);
      this.#early.delete(this.#next);
    }
  }

  async finish(): Promise<void> {
    if (this.#early.size > 0)
      throw new WherryError('TRANSFER_SIZE_CHANGED', `no data at offset ${this.#next}`);
    await Promise.race([this.#target.end(), this.#broken]);
  }

  abort(reason: unknown): Promise<void> {
    this.#early.clear();
    return this.#target.abort(reason);
  }

  #put(bytes: Uint8Array): void {
    this.#next += bytes.length;
    this.#target.put(bytes, () => {
      this.pending -= bytes.length;
      this.#drained();
    });
  }
}

/** A Node stream; it is ended when the download is complete, and destroyed with the reason when it fails. */
export function nodeTarget(stream: Writable): OrderedTarget {
  let fail: (error: unknown) => void = () => {};
  // Our own destroy(reason) is an error event too, and nobody else may be listening.
  stream.on('error', (error) => fail(error));
  return {
    put: (bytes, done) => {
      stream.write(bytes, (error) => (error ? fail(error) : done()));
    },
    onError: (failed) => {
      fail = failed;
      if (stream.destroyed) failed(new Error('the target stream was closed'));
      stream.once('close', () => {
        if (!stream.writableFinished) failed(new Error('the target stream was closed'));
      });
    },
    end: () =>
      new Promise((resolve, reject) => {
        // Newer types than Node 20's say that the callback gets an error; Node 20 passes one as well.
        stream.end((error?: Error | null) => (error ? reject(error) : resolve()));
      }),
    abort: async (reason) => {
      if (!stream.destroyed) stream.destroy(reason instanceof Error ? reason : undefined);
    },
  };
}

/** An open device or pipe, where bytes have no positions. */
export function handleTarget(file: FileHandle): OrderedTarget {
  let fail: (error: unknown) => void = () => {};
  let written: Promise<void> = Promise.resolve();
  return {
    put: (bytes, done) => {
      written = written.then(() => file.writeFile(bytes));
      written.then(done, (error: unknown) => fail(error));
    },
    onError: (failed) => {
      fail = failed;
    },
    end: () => written,
    abort: () => Promise.resolve(),
  };
}

/** A web stream: closed when complete, aborted with the reason when the download fails. */
export function webTarget(stream: WritableStream<Uint8Array>): OrderedTarget {
  if (stream.locked) throw new WherryError('INVALID_ARGUMENT', 'the target stream is locked');
  const writer = stream.getWriter();
  let fail: (error: unknown) => void = () => {};
  return {
    put: (bytes, done) => {
      writer.write(bytes).then(done, (error: unknown) => fail(error));
    },
    onError: (failed) => {
      fail = failed;
      writer.closed.catch(failed);
    },
    end: () => writer.close(),
    // Not waited for: abort() waits for a write or close under way, which may never end.
    abort: async (reason) => {
      writer.abort(reason).catch(() => {});
    },
  };
}

/** Memory: at most `max` bytes, so that no server can fill ours. */
export function memoryTarget(max: number): OrderedTarget & { take(): Uint8Array } {
  let chunks: Uint8Array[] = [];
  let size = 0;
  let fail: (error: unknown) => void = () => {};
  return {
    put: (bytes, done) => {
      size += bytes.length;
      if (size > max) {
        chunks = [];
        fail(
          new WherryError('LIMIT_EXCEEDED', `the file is larger than the ${max} bytes allowed`, {
            expected: max,
          }),
        );
      } else chunks.push(bytes);
      done();
    },
    onError: (failed) => {
      fail = failed;
    },
    end: () => Promise.resolve(),
    abort: () => {
      chunks = [];
      return Promise.resolve();
    },
    take: () => Buffer.concat(chunks, size),
  };
}

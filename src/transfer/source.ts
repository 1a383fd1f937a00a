import { read, readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { WherryError } from '../base/errors.ts';
import { QuickPace } from './quick-pace.ts';

/** Where uploaded bytes come from, in order. */
export interface Source {
  /** Bytes in all, as far as it is known before reading. */
  readonly size: number | undefined;
  /** The next bytes, which stay as they are until `release`; undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** The bytes of a `next` are no longer needed. */
  release(bytes: Uint8Array): void;
  /** Stops reading early. */
  cancel(reason: unknown): Promise<void>;
}

/** What an upload can be read from besides a path. */
export type UploadStream = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>;

/** A file may grow, or tell no size, as those in /proc: it is never read in smaller pieces than this. */
const SMALLEST_BLOCK = 4096;

/**
 * An open local file from `start` on, read in blocks whose memory is used again. What is in the page cache is read at
 * once, for the thread pool takes longer to be asked than to answer.
 */
export class FileSource implements Source {
  readonly size: number;
  readonly #fd: number;
  readonly #block: number;
  readonly #local: boolean;
  readonly #pace: QuickPace = new QuickPace();
  #offset: number;
  /** A read that stops short of its block right where the file is said to end has seen the end. */
  #ended = false;
  readonly #free: Uint8Array[] = [];

  /** `local`: a regular file on a file system of this machine. */
  constructor(fd: number, size: number, start: number, block: number, local: boolean) {
    this.#fd = fd;
    this.#local = local;
    this.size = size;
    this.#offset = start;
    this.#block = Math.min(block, Math.max(SMALLEST_BLOCK, size + 1 - start));
  }

  next(): Promise<Uint8Array | undefined> {
    if (this.#ended) return Promise.resolve(undefined);
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#block);
    if (this.#local && this.#pace.quick) return this.#readNow(buffer);
    return new Promise((resolve, reject) => {
      read(this.#fd, buffer, 0, buffer.length, this.#offset, (error, length) => {
        if (error !== null) reject(error);
        else {
          this.#pace.passed(length);
          resolve(this.#took(buffer, length));
        }
      });
    });
  }

  async #readNow(buffer: Uint8Array): Promise<Uint8Array | undefined> {
    const began = performance.now();
    const length = readSync(this.#fd, buffer, 0, buffer.length, this.#offset);
    this.#pace.took(performance.now() - began, length);
    return this.#took(buffer, length);
  }

  #took(buffer: Uint8Array, length: number): Uint8Array | undefined {
    if (length === 0) return undefined;
    this.#offset += length;
    this.#ended = length < buffer.length && this.#offset === this.size;
    return length === buffer.length ? buffer : buffer.subarray(0, length);
  }

  release(bytes: Uint8Array): void {
    if (bytes.length === this.#block) this.#free.push(bytes);
  }

  cancel(): Promise<void> {
    return Promise.resolve();
  }
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): Source {
  let done = bytes.length === 0;
  return {
    size: bytes.length,
    next: () => {
      const give = done ? undefined : bytes;
      done = true;
      return Promise.resolve(give);
    },
    release: () => {},
    cancel: () => Promise.resolve(),
  };
}

/** A Node stream, a web stream or any iterable of bytes; strings count as UTF-8. */
export function streamSource(stream: UploadStream): Source {
  const iterator = iterate(stream);
  return {
    size: undefined,
    async next() {
      for (;;) {
        const { value, done } = await iterator.next();
        if (done === true) return undefined;
        const bytes = typeof value === 'string' ? Buffer.from(value, 'utf8') : value;
        if (!(bytes instanceof Uint8Array)) {
          throw new WherryError(
            'INVALID_ARGUMENT',
            `the source stream gave ${typeof value} where bytes were expected`,
          );
        }
        if (bytes.length > 0) return bytes;
      }
    },
    release: () => {},
    // Not waited for: an iterator that waits for its next bytes ends when they come, which may be never.
    async cancel(reason) {
      if (!(stream instanceof Readable)) void Promise.resolve(iterator.return?.(reason)).catch(() => {});
    },
  };
}

/** A stream that is not read any further is told so, also when reading never began. */
export function abandon(stream: UploadStream, reason: unknown): void {
  // Without the reason: as an error event it would end a process that does not listen.
  if (stream instanceof Readable) stream.destroy();
  else if (stream instanceof ReadableStream && !stream.locked) stream.cancel(reason).catch(() => {});
}

type Bytes = Uint8Array | string;
type Pulled = { value?: Bytes | undefined; done?: boolean | undefined };
interface Puller {
  next(): Promise<Pulled> | Pulled;
  return?(reason?: unknown): unknown;
}

function iterate(stream: UploadStream): Puller {
  if (stream instanceof ReadableStream) {
    // Not by its iterator, whose return() waits for a read under way; cancel() ends that read.
    const reader = (stream as ReadableStream<Bytes>).getReader();
    return { next: () => reader.read(), return: (reason) => reader.cancel(reason) };
  }
  return Symbol.asyncIterator in stream
    ? stream[Symbol.asyncIterator]()
    : (stream as Iterable<Uint8Array>)[Symbol.iterator]();
}

/** The same source without its first `count` bytes, which are read and dropped. */
export function skipping(source: Source, count: number): Source {
  let left = count;
  return {
    size: source.size,
    async next() {
      for (;;) {
        const bytes = await source.next();
        if (bytes === undefined || left === 0) return bytes;
        if (bytes.length > left) {
          const rest = bytes.subarray(left);
          left = 0;
          return rest;
        }
        left -= bytes.length;
        source.release(bytes);
      }
    },
    release: (bytes) => source.release(bytes),
    cancel: (reason) => source.cancel(reason),
  };
}

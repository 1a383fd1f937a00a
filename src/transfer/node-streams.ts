import { Readable, Writable } from 'node:stream';
import type { OrderedTarget } from './ordered-sink.ts';
import type { Source } from './source.ts';

/** Bytes that wait in a stream before the transfer behind it pauses. */
const HIGH_WATER_BYTES = 1_048_576;

/** One WRITE to OpenSSH. */
const BLOCK_BYTES = 261_120;
/** Blocks under way: 64 MiB, as much as a budget grows to. */
const MOST_BLOCKS = 256;

/** A Node stream that a download runs into: read from it, and destroy it to end the download. */
export class DownloadReadable extends Readable implements OrderedTarget {
  readonly #stop: AbortController;
  #done: (() => void)[] = [];
  #begin: (() => void) | undefined;

  /** `begin` is called when somebody reads. */
  constructor(begin: (target: OrderedTarget) => void, stop: AbortController) {
    super({ highWaterMark: HIGH_WATER_BYTES });
    this.#stop = stop;
    this.#begin = () => begin(this);
  }

  override _read(): void {
    const begin = this.#begin;
    this.#begin = undefined;
    begin?.();
    for (const done of this.#done.splice(0)) done();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stop.abort(error ?? undefined);
    callback(error);
  }

  put(bytes: Uint8Array, done: () => void): void {
    if (this.push(bytes)) done();
    else this.#done.push(done);
  }

  onError(): void {}

  async end(): Promise<void> {
    this.push(null);
  }

  /** Whoever runs the download destroys the stream with its error. */
  async abort(): Promise<void> {}
}

/**
 * A Node stream that is uploaded as it is written. Bytes are copied together into blocks, so that small writes make
 * large requests and a buffer may be used again once its write has been called back.
 */
export class UploadWritable extends Writable implements Source {
  readonly size = undefined;
  readonly #free: Uint8Array[] = [];
  readonly #full: Uint8Array[] = [];
  readonly #stop: AbortController;
  #blocks = 0;
  #filling: Uint8Array | undefined;
  #filled = 0;
  #ended = false;
  #waiting: ((bytes: Uint8Array | undefined) => void) | undefined;
  /** A write that waits for a free block: goes on with it. */
  #resume: (() => void) | undefined;
  #uploaded: Promise<unknown> = Promise.resolve();

  constructor(stop: AbortController) {
    super({ highWaterMark: HIGH_WATER_BYTES });
    this.#stop = stop;
  }

  /** `uploaded` settles when everything is on the server. */
  follow(uploaded: Promise<unknown>): void {
    this.#uploaded = uploaded;
    uploaded.catch((error: Error) => this.destroy(error));
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    let at = 0;
    const go = (): void => {
      while (at < chunk.length) {
        const block = this.#room();
        if (block === undefined) {
          this.#resume = go;
          return;
        }
        const size = Math.min(chunk.length - at, block.length - this.#filled);
        block.set(chunk.subarray(at, at + size), this.#filled);
        this.#filled += size;
        at += size;
        if (this.#filled === block.length) this.#flush();
      }
      this.#offer();
      callback();
    };
    go();
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#ended = true;
    this.#flush();
    this.#offer();
    this.#uploaded.then(
      () => callback(),
      (error: Error) => callback(error),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#stop.abort(error ?? undefined);
    callback(error);
  }

  next(): Promise<Uint8Array | undefined> {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#offer();
    });
  }

  release(bytes: Uint8Array): void {
    this.#free.push(new Uint8Array(bytes.buffer, 0, BLOCK_BYTES));
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  async cancel(reason: unknown): Promise<void> {
    this.destroy(reason instanceof Error ? reason : undefined);
  }

  /** The block that is being filled; undefined when all there may be are under way. */
  #room(): Uint8Array | undefined {
    if (this.#filling !== undefined) return this.#filling;
    let block = this.#free.pop();
    if (block === undefined && this.#blocks < MOST_BLOCKS) {
      this.#blocks++;
      block = new Uint8Array(BLOCK_BYTES);
    }
    this.#filling = block;
    this.#filled = 0;
    return block;
  }

  #flush(): void {
    if (this.#filling === undefined || this.#filled === 0) return;
    this.#full.push(this.#filling.subarray(0, this.#filled));
    this.#filling = undefined;
    this.#filled = 0;
  }

  /** Hands out what there is to whoever waits, also a block that is not full yet. */
  #offer(): void {
    if (this.#waiting === undefined) return;
    if (this.#full.length === 0) this.#flush();
    const bytes = this.#full.shift();
    if (bytes === undefined && !this.#ended) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting(bytes);
  }
}

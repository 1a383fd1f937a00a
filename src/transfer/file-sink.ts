import { writev, writevSync } from 'node:fs';
import { beforeReuse, keep } from '../base/lent-memory.ts';
import { QuickPace } from './quick-pace.ts';
import type { Sink } from './sink.ts';

/** Contiguous bytes that go out in one system call. */
interface Batch {
  offset: number;
  end: number;
  buffers: Uint8Array[];
}

const MAX_BUFFERS = 256;
/** Of 32 KiB each: what has just been decrypted is written while the processor's cache still has it. */
const QUICK_BUFFERS = 8;

/**
 * Writes to an open file, each piece at its place, in any order.
 *
 * On a local file system a write is a copy into the page cache: shorter than handing it to the thread pool, which
 * costs a third of the speed of a download. So it is made at once there, as long as it is quick. Elsewhere (network
 * file systems can block for ever), and when the disk falls behind, the thread pool writes; what arrives while one
 * write is under way is gathered, so that there are few large ones.
 */
export class FileSink implements Sink {
  pending = 0;
  lost: number = Number.POSITIVE_INFINITY;
  readonly #fd: number;
  readonly #local: boolean;
  readonly #pace: QuickPace = new QuickPace();
  /** What came in one piece of network traffic and goes out in one system call. */
  #quick: Batch | undefined;
  #queue: Batch[] = [];
  #writing = false;
  #failure: { error: unknown } | undefined;
  #drained: () => void = () => {};
  #onFailed: (error: unknown) => void = () => {};
  #whenIdle: (() => void)[] = [];

  /** `local`: the file is on a file system of this machine. */
  constructor(fd: number, local: boolean) {
    this.#fd = fd;
    this.#local = local;
  }

  listen(handlers: { drained(): void; failed(error: unknown): void }): void {
    this.#drained = handlers.drained;
    this.#onFailed = handlers.failed;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (this.#failure !== undefined) this.lost = Math.min(this.lost, offset);
    else if (this.#local && this.#pace.quick && !this.#writing) this.#takeQuickly(offset, bytes);
    else this.#enqueue(offset, keep(bytes));
  }

  async finish(): Promise<void> {
    this.#writeQuickly();
    await this.#idle();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** What was taken is still written, for it counts as safe. */
  abort(): Promise<void> {
    this.#writeQuickly();
    return this.#idle();
  }

  #takeQuickly(offset: number, bytes: Uint8Array): void {
    const batch = this.#quick;
    if (batch !== undefined && batch.end === offset) {
      batch.buffers.push(bytes);
      batch.end += bytes.length;
      if (batch.buffers.length === QUICK_BUFFERS) this.#writeQuickly();
      return;
    }
    this.#writeQuickly();
    this.#quick = { offset, end: offset + bytes.length, buffers: [bytes] };
    if (!beforeReuse(this.#returned)) this.#writeQuickly();
  }

  readonly #returned = (): void => this.#writeQuickly();

  #writeQuickly(): void {
    const batch = this.#quick;
    if (batch === undefined) return;
    this.#quick = undefined;
    if (this.#failure !== undefined) {
      this.lost = Math.min(this.lost, batch.offset);
      return;
    }
    const began = performance.now();
    try {
      const written = writevSync(this.#fd, batch.buffers, batch.offset);
      let offset = batch.offset + written;
      for (const buffer of rest(batch, written).buffers) {
        this.#enqueue(offset, keep(buffer));
        offset += buffer.length;
      }
    } catch (error) {
      this.#fail(error, batch.offset);
    }
    this.#pace.took(performance.now() - began, batch.end - batch.offset);
  }

  #enqueue(offset: number, bytes: Uint8Array): void {
    this.pending += bytes.length;
    const last = this.#queue.at(-1);
    if (last !== undefined && last.end === offset && last.buffers.length < MAX_BUFFERS) {
      last.buffers.push(bytes);
      last.end += bytes.length;
    } else this.#queue.push({ offset, end: offset + bytes.length, buffers: [bytes] });
    if (!this.#writing) {
      this.#writing = true;
      setImmediate(() => this.#next());
    }
  }

  #fail(error: unknown, offset: number): void {
    this.#failure ??= { error };
    this.lost = this.#queue.reduce(
      (first, batch) => Math.min(first, batch.offset),
      Math.min(this.lost, offset),
    );
    this.#queue = [];
    this.#onFailed(error);
  }

  #idle(): Promise<void> {
    if (!this.#writing) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle.push(resolve);
    });
  }

  #next(): void {
    const batch = this.#queue.shift();
    if (batch !== undefined) this.#writeBatch(batch);
    else {
      this.#writing = false;
      for (const idle of this.#whenIdle.splice(0)) idle();
    }
  }

  #writeBatch(batch: Batch): void {
    writev(this.#fd, batch.buffers, batch.offset, (error, written) => {
      if (error !== null) {
        this.#fail(error, batch.offset);
        this.#next();
        return;
      }
      this.pending -= written;
      this.#pace.passed(written);
      this.#drained();
      if (batch.offset + written < batch.end) this.#writeBatch(rest(batch, written));
      else this.#next();
    });
  }
}

/** What a short write left. */
function rest(batch: Batch, written: number): Batch {
  let skip = written;
  const buffers: Uint8Array[] = [];
  for (const buffer of batch.buffers) {
    if (skip >= buffer.length) skip -= buffer.length;
    else {
      buffers.push(buffer.subarray(skip));
      skip = 0;
    }
  }
  return { offset: batch.offset + written, end: batch.end, buffers };
}

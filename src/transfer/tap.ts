import { isWherryError, WherryError } from '../base/errors.ts';
import { keep } from '../base/lent-memory.ts';
import type { Sink } from './sink.ts';
import type { Source } from './source.ts';

/** Sees the bytes of a transfer in the order of the file; a promise holds the transfer until it settles. */
export type DataHandler = (
  bytes: Uint8Array,
  offset: number,
  size: number | undefined,
) => void | Promise<void>;

/** Where the bytes lie in the remote file, and how large that is as far as it is known. */
export interface TapPlace {
  readonly base: number;
  readonly start: number;
  readonly size: number | undefined;
}

/**
 * Shows every piece to `handler`, where there is one, before it goes on to `inner`, in order; what waits counts as
 * pending.
 */
export class TapSink implements Sink {
  readonly #inner: Sink;
  readonly #handler: DataHandler | undefined;
  readonly #place: TapPlace;
  readonly #early = new Map<number, Uint8Array>();
  /** Offset in the sink up to which everything was shown and handed on. */
  #next: number;
  #held = 0;
  #asking = false;
  #cut = false;
  #failure: { error: unknown } | undefined;
  #drained: () => void = () => {};
  #failed: (error: unknown) => void = () => {};
  #whenQuiet: (() => void)[] = [];

  constructor(inner: Sink, handler: DataHandler | undefined, place: TapPlace) {
    this.#inner = inner;
    this.#handler = handler;
    this.#place = place;
    this.#next = place.start - place.base;
  }

  get pending(): number {
    return this.#inner.pending + this.#held;
  }

  get lost(): number {
    return this.#cut ? Math.min(this.#inner.lost, this.#next) : this.#inner.lost;
  }

  listen(handlers: { drained(): void; failed(error: unknown): void }): void {
    this.#drained = () => handlers.drained();
    this.#failed = (error) => handlers.failed(error);
    this.#inner.listen(handlers);
  }

  write(offset: number, bytes: Uint8Array): void {
    if (this.#cut || this.#failure !== undefined) return;
    if (offset !== this.#next || this.#asking) {
      this.#early.set(offset, keep(bytes));
      this.#held += bytes.length;
      return;
    }
    this.#show(this.#handler === undefined ? bytes : keep(bytes));
    this.#showEarly();
  }

  async finish(): Promise<void> {
    while (this.#asking) {
      await new Promise<void>((resolve) => {
        this.#whenQuiet.push(resolve);
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#early.size > 0)
      throw new WherryError('TRANSFER_SIZE_CHANGED', `no data at offset ${this.#next}`);
    await this.#inner.finish();
  }

  abort(reason: unknown): Promise<void> {
    if (this.#held > 0 || this.#asking || this.#failure !== undefined) this.#cut = true;
    this.#early.clear();
    return this.#inner.abort(reason);
  }

  #showEarly(): void {
    while (!this.#asking && this.#failure === undefined) {
      const bytes = this.#early.get(this.#next);
      if (bytes === undefined) break;
      this.#early.delete(this.#next);
      this.#held -= bytes.length;
      this.#show(bytes);
    }
  }

  #show(bytes: Uint8Array): void {
    const offset = this.#next;
    let answer: unknown;
    try {
      answer = this.#handler?.(bytes, this.#place.base + offset, this.#place.size);
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (answer instanceof Promise) {
      this.#asking = true;
      this.#held += bytes.length;
      answer.then(
        () => this.#shown(bytes),
        (error: unknown) => this.#fail(error),
      );
    } else this.#handOn(bytes);
  }

  #shown(bytes: Uint8Array): void {
    this.#asking = false;
    this.#held -= bytes.length;
    if (!this.#cut) {
      this.#handOn(bytes);
      this.#showEarly();
    }
    this.#drained();
    if (!this.#asking) this.#quiet();
  }

  #handOn(bytes: Uint8Array): void {
    const offset = this.#next;
    this.#next += bytes.length;
    this.#inner.write(offset, bytes);
  }

  #fail(error: unknown): void {
    this.#asking = false;
    this.#failure ??= { error: handlerError(error) };
    this.#failed(this.#failure.error);
    this.#quiet();
  }

  #quiet(): void {
    for (const resolve of this.#whenQuiet.splice(0)) resolve();
  }
}

/** Shows every block to `handler` before it is sent. */
export function tapSource(
  source: Source,
  handler: DataHandler,
  start: number,
  size: number | undefined,
): Source {
  let offset = start;
  return {
    size: source.size,
    async next() {
      const bytes = await source.next();
      if (bytes === undefined) return undefined;
      try {
        await handler(bytes, offset, size);
      } catch (error) {
        throw handlerError(error);
      }
      offset += bytes.length;
      return bytes;
    },
    release: (bytes) => source.release(bytes),
    cancel: (reason) => source.cancel(reason),
  };
}

function handlerError(error: unknown): WherryError {
  if (isWherryError(error)) return error;
  return new WherryError('ABORTED', 'the transfer was ended by an error in onData', {}, error);
}

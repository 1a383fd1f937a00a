import { WherryError } from '../base/errors.ts';
import { keep } from '../base/lent-memory.ts';
import { LineEndConverter, type LineEnds } from './line-ends.ts';
import type { Sending } from './sending.ts';
import type { Sink } from './sink.ts';
import type { Source } from './source.ts';

/** Turns the line ends of what is downloaded, in the order of the file; what waits for its turn counts as pending. */
export class TextSink implements Sink {
  readonly #inner: Sink;
  readonly #converter: LineEndConverter;
  readonly #early = new Map<number, Uint8Array>();
  #next: number;
  #held = 0;
  #written = 0;

  /** `start` is the offset of the first piece. */
  constructor(inner: Sink, { local, remote }: LineEnds, start: number) {
    this.#inner = inner;
    this.#converter = new LineEndConverter(remote, local);
    this.#next = start;
  }

  get pending(): number {
    return this.#inner.pending + this.#held;
  }

  /** Offsets there are not those here: after a failure nothing can be gone on with, and the target has what was written. */
  get lost(): number {
    return Math.min(this.#inner.lost, this.#written);
  }

  /** Bytes that the target has. */
  get written(): number {
    return this.#written;
  }

  listen(handlers: { drained(): void; failed(error: unknown): void }): void {
    this.#inner.listen(handlers);
  }

  write(offset: number, bytes: Uint8Array): void {
    if (offset !== this.#next) {
      this.#early.set(offset, keep(bytes));
      this.#held += bytes.length;
      return;
    }
    for (let piece: Uint8Array | undefined = bytes; piece !== undefined; ) {
      this.#next += piece.length;
      this.#put(this.#converter.push(piece));
      piece = this.#early.get(this.#next);
      this.#early.delete(this.#next);
      this.#held -= piece?.length ?? 0;
    }
  }

  async finish(): Promise<void> {
    if (this.#early.size > 0)
      throw new WherryError('TRANSFER_SIZE_CHANGED', `no data at offset ${this.#next}`);
    this.#put(this.#converter.end());
    await this.#inner.finish();
  }

  abort(reason: unknown): Promise<void> {
    this.#early.clear();
    return this.#inner.abort(reason);
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#inner.write(this.#written, bytes);
    this.#written += bytes.length;
  }
}

/** The same, its line ends turned; how long it will be shows only at the end. */
export function textSending(sending: Sending, { local, remote }: LineEnds): Sending {
  return {
    ...sending,
    size: undefined,
    read: undefined,
    make: (start, chunk) => textSource(sending.make(start, chunk), new LineEndConverter(local, remote)),
  };
}

function textSource(source: Source, converter: LineEndConverter): Source {
  let ended = false;
  return {
    size: undefined,
    async next() {
      while (!ended) {
        const bytes = await source.next();
        ended = bytes === undefined;
        const text = bytes === undefined ? converter.end() : converter.push(bytes);
        if (bytes !== undefined) source.release(bytes);
        if (text.length > 0) return text;
      }
      return undefined;
    },
    release() {},
    cancel: (reason) => source.cancel(reason),
  };
}

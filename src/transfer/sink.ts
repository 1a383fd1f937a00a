/** Where downloaded bytes go. Offsets count from the start of the target. */
export interface Sink {
  /** Bytes taken and not written yet: they count against the budget of the transfer. */
  readonly pending: number;
  /** Offset of the first byte that was taken and could not be written; Infinity while there is none. */
  readonly lost: number;
  /** Takes `bytes`, which may be lent (src/base/lent-memory.ts) and are otherwise the sink's from now on. */
  write(offset: number, bytes: Uint8Array): void;
  /** Tells whom to call when `pending` has gone down, and when writing has failed. */
  listen(handlers: { drained(): void; failed(error: unknown): void }): void;
  /** All bytes were given: resolves when they are written, rejects when they could not be. */
  finish(): Promise<void>;
  /** Nothing more is given: resolves when nothing is being written any more. */
  abort(reason: unknown): Promise<void>;
}

/** What a download can be written to besides a path. */
export type DownloadStream = NodeJS.WritableStream | WritableStream<Uint8Array>;

import type { TransferResult } from '../options.ts';
import type { JournalEntry } from './journal.ts';
import type { QueueDownloadOptions, QueueState, QueueUploadOptions } from './queue-options.ts';

/**
 * One file of a queue.
 *
 * @example
 * ```ts
 * import { createQueue } from 'wherry';
 *
 * await using queue = createQueue({ host, port, username, privateKey, trust });
 * const one = queue.download(remoteFile, `${localFolder}/one`);
 * console.log((await one.finished).bytes, one.state);
 * ```
 */
export class QueuedTransfer {
  readonly direction: 'download' | 'upload';
  readonly local: string;
  readonly remote: string;
  /** Settles with the transfer: rejects with its error, or with ABORTED when it was cancelled. Need not be listened to. */
  readonly finished: Promise<TransferResult>;
  /** @internal */
  readonly options: QueueDownloadOptions & QueueUploadOptions;
  /** @internal */
  readonly stop: AbortController = new AbortController();
  /** An earlier process began it. @internal */
  restored = false;
  /** @internal */
  current: QueueState = 'waiting';
  /** @internal */
  moved = 0;
  /** @internal */
  size: number | undefined;
  /** @internal */
  tries = 0;
  /** @internal */
  settle: { resolve(result: TransferResult): void; reject(error: unknown): void };
  readonly #cancel: (one: QueuedTransfer) => void;

  /** @internal */
  constructor(
    entry: JournalEntry,
    options: QueueDownloadOptions & QueueUploadOptions,
    cancel: (one: QueuedTransfer) => void,
  ) {
    this.direction = entry.direction;
    this.local = entry.local;
    this.remote = entry.remote;
    this.options = options;
    this.#cancel = cancel;
    this.settle = { resolve: () => {}, reject: () => {} };
    this.finished = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.finished.catch(() => {});
  }

  get state(): QueueState {
    return this.current;
  }

  /** Bytes of the file that are in place. */
  get transferred(): number {
    return this.moved;
  }

  /** Attempts so far. */
  get attempts(): number {
    return this.tries;
  }

  /** Takes it out of the queue, or ends it where it is; a part that was downloaded is removed. */
  cancel(): void {
    this.#cancel(this);
  }
}

import type { PooledConnection } from '../transfer/queue/pool.ts';
import type {
  QueueDownloadOptions,
  QueueOptions,
  QueueResult,
  QueueSession,
  QueueUploadOptions,
} from '../transfer/queue/queue-options.ts';
import type { QueuedTransfer } from '../transfer/queue/queued-transfer.ts';
import { QueueRunner } from '../transfer/queue/transfer-queue.ts';
import { connect } from './connect.ts';
import type { Connection } from './connection.ts';
import { openSftp } from './open-sftp.ts';
import type { ConnectOptions } from './options.ts';

/**
 * Files that are moved one after the other and several at a time, over connections of the queue's own. Get one from
 * `createQueue`.
 *
 * @example
 * ```ts
 * import { createQueue } from 'wherry';
 *
 * await using queue = createQueue({ host, port, username, privateKey, trust });
 * const one = queue.upload(localFile, `${remoteFolder}/one`);
 * console.log((await one.finished).bytes, one.state);
 * ```
 */
export class TransferQueue {
  readonly #runner: QueueRunner;

  /** @internal */
  constructor(runner: QueueRunner) {
    this.#runner = runner;
  }

  /** Transfers that have not begun, first the next one. */
  get waiting(): readonly QueuedTransfer[] {
    return this.#runner.waiting;
  }

  get running(): readonly QueuedTransfer[] {
    return this.#runner.running;
  }

  /** Adds a download to a local path, at any time. What came is kept through lost connections and taken up again. */
  download(remote: string, local: string, options: QueueDownloadOptions = {}): QueuedTransfer {
    return this.#runner.add({ direction: 'download', local, remote }, options);
  }

  /** Adds an upload of a local file, at any time. */
  upload(local: string, remote: string, options: QueueUploadOptions = {}): QueuedTransfer {
    return this.#runner.add({ direction: 'upload', local, remote }, options);
  }

  /** Begins nothing more, and lets what is under way wait. */
  pause(): void {
    this.#runner.pause();
  }

  /** Goes on after `pause`. */
  resume(): void {
    this.#runner.resume();
  }

  /** Resolves when all that was added is done, failed or cancelled. Failures are told by the transfers themselves. */
  idle(): Promise<QueueResult> {
    return this.#runner.idle();
  }

  /** Ends what is under way and the connections. With a journal, another queue can go on with what is left. */
  close(): Promise<void> {
    return this.#runner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/**
 * Makes a queue of transfers. It connects when there is something to do, with the given options or by the given function,
 * moves several files at a time, and connects again when a connection is lost: files go on where they stopped, after a
 * pause that grows. A server that refuses further connections (MaxStartups) is served with fewer.
 *
 * Rejects nothing by itself: each transfer tells its end by `finished`. INVALID_ARGUMENT for options out of range and
 * for a `journal` that is another kind of file.
 *
 * @example
 * ```ts
 * import { createQueue } from 'wherry';
 *
 * const queue = createQueue({ host, port, username, privateKey, trust }, { concurrency: 8, connections: 2 });
 * for (const name of ['a', 'b', 'c']) queue.upload(localFile, `${remoteFolder}/${name}`);
 * const { done, failed } = await queue.idle();
 * console.log(done, failed);
 * await queue.close();
 * ```
 */
export function createQueue(
  server: ConnectOptions | (() => Promise<Connection>),
  options: QueueOptions = {},
): TransferQueue {
  const dial = typeof server === 'function' ? server : () => connect(server);
  return new TransferQueue(new QueueRunner(async () => pooled(await dial()), options));
}

function pooled(connection: Connection): PooledConnection<QueueSession> {
  return {
    get closed() {
      return connection.closed;
    },
    openSession: () => openSftp(connection),
    close: () => connection.close(),
  };
}

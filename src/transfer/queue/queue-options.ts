import type { DownloadOptions, TransferOptions, TransferResult, UploadOptions } from '../options.ts';
import type { Progress } from '../progress.ts';

/** How a queue works. */
export interface QueueOptions extends Pick<TransferOptions, 'rateLimit' | 'signal'> {
  /** Files under way at a time, from 1. Default 4. */
  readonly concurrency?: number | undefined;
  /** Connections at a time at most, from 1. Default 1. A server that refuses one more gets by with fewer. */
  readonly connections?: number | undefined;
  /** SFTP sessions on each connection at most, from 1. Default 1. */
  readonly channels?: number | undefined;
  /** Bytes per second of each file at most; `rateLimit` is for all together. */
  readonly fileRateLimit?: number | undefined;
  /** Attempts in a row that may fail without a byte moved, when the connection is lost. Default 5; 0 never tries again. */
  readonly retries?: number | undefined;
  /** Milliseconds before the second attempt; doubled each time up to 30 s, and half of it by chance. Default 1000. */
  readonly retryDelay?: number | undefined;
  /**
   * A file that notes what is to be done and what is done. A queue with the journal of a process that was killed goes
   * on with what that one left, and does not repeat what it did. Removed when all is done. Default: none.
   */
  readonly journal?: string | undefined;
  /** Begin with nothing under way until `resume()`. Default false. */
  readonly paused?: boolean | undefined;
  /** Called as bytes move, and once a second while they do not. */
  readonly onProgress?: ((progress: QueueProgress) => void) | undefined;
}

/** How far a queue is: bytes of all files added so far; the total only where the size of each is known. */
export interface QueueProgress extends Progress {
  readonly waiting: number;
  readonly running: number;
  readonly done: number;
  readonly failed: number;
}

/** What can be said of one download of a queue. */
export type QueueDownloadOptions = Omit<
  DownloadOptions,
  'resume' | 'keepPartial' | 'inPlace' | 'start' | 'length'
>;

/** What can be said of one upload of a queue. */
export type QueueUploadOptions = Omit<UploadOptions, 'resume' | 'at'>;

export type QueueState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

/** What a queue did. */
export interface QueueResult {
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly bytes: number;
}

/** A session as a queue uses it. */
export interface QueueSession {
  download(remote: string, local: string, options: DownloadOptions): Promise<TransferResult>;
  upload(local: string, remote: string, options: UploadOptions): Promise<TransferResult>;
  close(): Promise<void>;
}

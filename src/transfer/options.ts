import type { WaitOptions } from '../base/deadline.ts';
import type { ProgressHandler } from './progress.ts';

/** What downloads and uploads have in common. */
export interface TransferOptions extends WaitOptions {
  /** Called at most ten times a second and once at the end. */
  onProgress?: ProgressHandler | undefined;
  /**
   * Go on where an earlier transfer stopped. `true` finds out from the partial file how far that was; a number is
   * the byte to go on from. Bytes before it are not read again.
   */
  resume?: boolean | number | undefined;
  /** Replace a target that is there. Default true. */
  overwrite?: boolean | undefined;
}

export interface DownloadOptions extends TransferOptions {
  /** First byte to fetch, for a part of the file. Default 0. */
  start?: number | undefined;
  /** Bytes to fetch at most. Default: to the end. */
  length?: number | undefined;
  /**
   * When a download to a path fails, leave what came as `<target>.wherry-part`, as far as it is without gaps, for
   * `resume: true`. Default false: nothing is left.
   */
  keepPartial?: boolean | undefined;
}

export interface UploadOptions extends TransferOptions {
  /** Permission bits for a file that is created, such as 0o640. Default: the server's choice; none is sent. */
  mode?: number | undefined;
}

/** What a transfer did. */
export interface TransferResult {
  /** Bytes moved by this call; a resumed part is not counted. */
  readonly bytes: number;
  /** Size of the target file, where it is one. */
  readonly size: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** How a session is to be used: how much one request may carry, and how much may be under way. */
export interface Tuning {
  readonly readChunk: number;
  readonly writeChunk: number;
  readonly budget: number;
}

/** What every server takes; more only after limits@openssh.com says so. */
export const SAFE_CHUNK = 32_768;

/** More in one READ keeps the server from reading the next piece while the last one is on its way. */
export const LARGEST_READ = 130_560;

/** What OpenSSH takes in one WRITE. */
export const LARGEST_WRITE = 261_120;

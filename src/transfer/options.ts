import type { WaitOptions } from '../base/deadline.ts';
import type { FollowUpload } from './follow-source.ts';
import type { TextOptions } from './line-ends.ts';
import type { ProgressHandler } from './progress.ts';
import type { RateLimit } from './rate-limit.ts';
import type { DataHandler } from './tap.ts';

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
  /**
   * Sees every byte in the order of the file: the piece, its offset in the remote file, and the size of the file where
   * it is known. Before a downloaded piece is stored and before an uploaded one is sent. A promise holds the transfer
   * until it settles; an error ends the transfer, with ABORTED unless it is a WherryError. The piece of an upload is
   * used again afterwards: copy what is to be kept. With `text`, line ends are those of the target.
   */
  onData?: DataHandler | undefined;
  /**
   * The file is text: its line ends become those of this system, or of the server. `true` takes the server's as it
   * announces them, or `\n`; see `TextOptions`. Not together with `resume`, `verify`, `keepPartial` or `at` with a
   * number. Default false: bytes are carried over as they are.
   */
  text?: boolean | TextOptions | undefined;
  /** Bytes a READ or WRITE carries at most, 1 to 261,120. Default: what the server says, or 32,768. */
  requestBytes?: number | undefined;
  /** READs or WRITEs under way at most, from 1. Default: as many as the link takes, and the server is known to bear. */
  maxRequests?: number | undefined;
  /**
   * Take over permission bits (without setuid, setgid and sticky) and the times of access and modification, or one
   * of the two. Default false: the target is a new file of whoever wrote it. Where the two cannot be set, it fails.
   */
  preserve?: boolean | 'times' | 'permissions' | undefined;
  /** Bytes per second at most: a number for this transfer alone, a `RateLimit` to share one, or several of both. */
  rateLimit?: number | RateLimit | readonly (number | RateLimit)[] | undefined;
  /**
   * Bring the file to stable storage before the transfer counts as done: fsync(2) here, fsync@openssh.com there, and
   * SFTP_OP_UNSUPPORTED where a server does not offer it. Default false.
   */
  fsync?: boolean | undefined;
  /**
   * Compare both copies by SHA-256 when all is moved, before the target gets its name; they differ: TRANSFER_VERIFY.
   * The server tells its hash where it offers check-file, else the file is read again. For downloads to a path, and
   * uploads of paths, bytes and streams. Default false.
   */
  verify?: boolean | undefined;
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
  /**
   * Write into the target itself, not into a temporary file beside it. What came stays when the download fails, as
   * far as it is without gaps, and `resume` with a number goes on in the target. Default false.
   */
  inPlace?: boolean | undefined;
  /** Ask for the size before fetching; without it progress has no total. Default true. */
  askSize?: boolean | undefined;
}

export interface UploadOptions extends TransferOptions {
  /**
   * The source is a local file that is still being written: at its end wait for more, until it has not grown for
   * `idle` milliseconds. `{}` takes the defaults. Default: it is sent as far as it goes.
   */
  follow?: FollowUpload | undefined;
  /**
   * Write to a temporary name beside the target and rename when complete, so that nobody sees a half file there: in
   * one step with posix-rename@openssh.com, else with the old file moved aside first. Default false. With `resume` the
   * temporary name is `<target>.wherry-part`, and stays when the upload fails.
   */
  atomic?: boolean | undefined;
  /**
   * Put the bytes at this offset of the remote file, or behind its end, and leave the rest of it as it is; the file
   * is made when there is none, and a gap reads as zeros. Not together with `resume`.
   */
  at?: number | 'end' | undefined;
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

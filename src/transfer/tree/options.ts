import type { PathPatterns } from '../../base/path-filter.ts';
import type { TransferOptions, UploadOptions } from '../options.ts';
import type { Progress } from '../progress.ts';
import type { RateLimit } from '../rate-limit.ts';

/** How a whole folder is moved. */
export interface TreeOptions
  extends Pick<
      TransferOptions,
      | 'signal'
      | 'timeout'
      | 'overwrite'
      | 'preserve'
      | 'rateLimit'
      | 'fsync'
      | 'requestBytes'
      | 'maxRequests'
      | 'verify'
    >,
    Pick<UploadOptions, 'atomic'>,
    PathPatterns {
  /** Files under way at a time, 1 to 256. Default 64; of large files fewer are begun at once. */
  readonly concurrency?: number | undefined;
  /** Bytes per second of each file at most; `rateLimit` is for all together. */
  readonly fileRateLimit?: number | undefined;
  /**
   * What becomes of symbolic links: `skip` leaves them out and lists them in `skipped` (the default), `follow` takes
   * what they point to, `copy` makes the same link at the target. A downloaded link that would lead out of the
   * target folder is skipped.
   */
  readonly symlinks?: 'skip' | 'follow' | 'copy' | undefined;
  /** Go on where an earlier run broke off in the middle of a file, and leave a part behind for that. Default false. */
  readonly resume?: boolean | undefined;
  /** After a file that fails go on with the others; `failed` lists them. Default false: the first failure ends it. */
  readonly continueOnError?: boolean | undefined;
  /** Called when a file is complete; `path` is relative to the folder. */
  readonly onFile?: ((file: { path: string; bytes: number; size: number }) => void) | undefined;
  /** Called as bytes move: sums over all files so far, and the file they belong to. */
  readonly onProgress?: ((progress: TreeProgress) => void) | undefined;
}

/** How far a folder is. The total is known once the whole source has been listed. */
export interface TreeProgress extends Progress {
  readonly files: number;
  readonly path: string;
}

/** What moving a folder did. */
export interface TreeResult {
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  /** Milliseconds. */
  readonly duration: number;
  /** What was left out, and why: symbolic links, sockets, devices. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** With `continueOnError`: what failed. */
  readonly failed: readonly { readonly path: string; readonly error: Error }[];
}

/** How a folder is made like another one. */
export interface MirrorOptions extends Omit<TreeOptions, 'overwrite'> {
  /**
   * When a file counts as unchanged: `size-time` (default) when the sizes are equal and the target is not older than
   * the source, or with `preserve` of times when the times are equal; `size` when the sizes are; `hash` when the
   * contents are, by check-file where the server has it and by reading the file where not.
   */
  readonly compare?: 'size-time' | 'size' | 'hash' | undefined;
  /** Remove what is in the target and not in the source. What `exclude` matches stays. Default false. */
  readonly delete?: boolean | undefined;
  /** Change nothing; `actions` of the result says what would be done. Default false. */
  readonly dryRun?: boolean | undefined;
  /** Called for everything that is done, or would be. */
  readonly onAction?: ((action: MirrorAction) => void) | undefined;
}

/** One thing that a mirror does. */
export interface MirrorAction {
  readonly action: 'copy' | 'replace' | 'link' | 'make folder' | 'delete' | 'delete folder';
  /** Relative to the folder, with `/`. */
  readonly path: string;
  /** Of a file that is copied. */
  readonly size?: number | undefined;
  /** Why a file is replaced. */
  readonly reason?: 'size' | 'time' | 'hash' | 'type' | undefined;
}

/** What a mirror did. */
export interface MirrorResult extends TreeResult {
  readonly unchanged: number;
  /** Files and links removed, and folders. */
  readonly deleted: number;
  /** With `dryRun`: all that would be done. */
  readonly actions: readonly MirrorAction[];
}

/** Limits of a tree as the files of it take them. */
export type RateLimits = readonly (number | RateLimit)[];

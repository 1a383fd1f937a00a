import type { TransferOptions } from './options.ts';

/** How files are copied by scp. */
export interface ScpOptions extends Pick<TransferOptions, 'signal' | 'timeout' | 'overwrite' | 'onProgress'> {
  /** Copy a folder with all below it. Default false: a folder is refused. */
  readonly recursive?: boolean | undefined;
  /** Take over permission bits (without setuid, setgid and sticky) and times. Default false. */
  readonly preserve?: boolean | undefined;
  /** Uploads: the remote path must be a folder to put into. Default false: it may also name the copy. */
  readonly intoFolder?: boolean | undefined;
}

/** What a copy by scp did. */
export interface ScpResult {
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  /** Milliseconds. */
  readonly duration: number;
  /** What really spoke: `sftp` where the server would not run scp. */
  readonly protocol: 'scp' | 'sftp';
  /** What was left out here, and why: symbolic links, sockets, devices. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** What the remote program left out, in its own words. */
  readonly warnings: readonly string[];
}

/** Counts of a copy while it runs. */
export interface ScpTally {
  files: number;
  folders: number;
  bytes: number;
  readonly skipped: { path: string; reason: string }[];
  readonly warnings: string[];
}

export function newTally(): ScpTally {
  return { files: 0, folders: 0, bytes: 0, skipped: [], warnings: [] };
}

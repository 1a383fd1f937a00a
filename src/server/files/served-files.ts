import type { FileAttributes } from '../../sftp/attributes.ts';
import type { SftpStatusName } from '../../sftp/status.ts';

/** A request that cannot be done, and the status the client gets for it: that of version 6, told in older ones' terms. */
export class FilesError extends Error {
  readonly status: SftpStatusName;

  constructor(status: SftpStatusName, message: string) {
    super(message);
    this.status = status;
  }
}

/** How a file is opened. */
export interface OpenHow {
  readonly read: boolean;
  readonly write: boolean;
  readonly append: boolean;
  readonly create: boolean;
  readonly truncate: boolean;
  readonly exclusive: boolean;
  /** A symbolic link is refused. */
  readonly noFollow: boolean;
  /** Permission bits of a file that is made. */
  readonly mode: number | undefined;
}

/** An open file. */
export interface ServedFile {
  /** The same for all who have this file open, by whatever name. */
  readonly identity: string;
  /** At most `length` bytes from `offset`; none at the end of the file. */
  read(offset: number, length: number): Uint8Array;
  write(offset: number, bytes: Uint8Array): void;
  attributes(): FileAttributes;
  setAttributes(given: FileAttributes): void;
  sync(): void;
  close(): void;
}

/** Numbers of statvfs(2), in blocks of `blockSize` bytes. */
export interface ServedSpace {
  readonly blockSize: number | bigint;
  readonly blocks: number | bigint;
  readonly blocksFree: number | bigint;
  readonly files: number | bigint;
  readonly filesFree: number | bigint;
}

/**
 * What a server serves: a tree whose root is `/`. Every path is absolute, and names that are no UTF-8 have their bytes
 * as in `UTF8_NAMES`. Owners are numbers, whatever the version. All of it is synchronous, so that nothing comes between
 * looking at a path and using it; what cannot be done throws a FilesError.
 */
export interface ServedFiles {
  attributes(path: string, follow: boolean): FileAttributes;
  setAttributes(path: string, given: FileAttributes, follow: boolean): void;
  open(path: string, how: OpenHow): ServedFile;
  /** Names in a folder, without `.` and `..`. */
  names(path: string): string[];
  mkdir(path: string, mode: number | undefined): void;
  rmdir(path: string): void;
  remove(path: string): void;
  rename(from: string, to: string, replace: boolean): void;
  symlink(target: string, path: string): void;
  link(target: string, path: string): void;
  readlink(path: string): string;
  /** The path behind all links; of a path where nothing is, as far as it is there. */
  realpath(path: string): string;
  space(path: string): ServedSpace;
}

import type { FileAttributes, FileType } from '../../sftp/attributes.ts';
import type { Preserve } from '../kept-attributes.ts';
import type { TargetNames } from './local-names.ts';

/** One entry of a folder. A local listing tells no attributes. */
export interface SideEntry {
  readonly name: string;
  readonly type: FileType;
  readonly attributes: FileAttributes | undefined;
}

/** What is known of a file. */
export interface SideInfo {
  readonly type: FileType;
  readonly attributes: FileAttributes;
}

/** One of the two ends of a tree: the local file system, or the server. */
export interface Side {
  readonly remote: boolean;
  join(folder: string, name: string): string;
  list(path: string): AsyncIterable<SideEntry>;
  /** A link itself, or what it leads to. */
  lstat(path: string): Promise<SideInfo>;
  stat(path: string): Promise<SideInfo>;
  /** Makes a folder unless it is there; below the target itself it must be a real one. Tells whether it is new. */
  makeFolder(path: string, isTarget: boolean): Promise<boolean>;
  removeFile(path: string): Promise<void>;
  removeFolder(path: string): Promise<void>;
  realpath(path: string): Promise<string>;
  readlink(path: string): Promise<string>;
  symlink(target: string, path: string): Promise<void>;
  /** Sets permission bits and times. */
  keep(path: string, attributes: FileAttributes, preserve: Preserve): Promise<void>;
  /** How names that come from the other side are told apart in a folder here; `mayWrite`: it may be tried out. */
  names(path: string, mayWrite: boolean): Promise<TargetNames>;
  /** SHA-256 of a file, in hexadecimal. */
  hash(path: string): Promise<string>;
}

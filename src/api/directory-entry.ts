import type { WaitOptions } from '../base/deadline.ts';
import { type FileAttributes, type FileType, fileType } from '../sftp/attributes.ts';

/** One entry of a listing. `.` and `..` are left out. */
export interface DirectoryEntry {
  readonly name: string;
  readonly type: FileType;
  readonly attributes: FileAttributes;
  /** The server's own line for people, as `ls -l` prints it; its form is not defined anywhere. */
  readonly longname: string;
}

export interface ListOptions extends WaitOptions {
  /** Entries after which the listing fails with LIMIT_EXCEEDED. Default 1,000,000. */
  readonly maxEntries?: number;
}

export function directoryEntry(name: string, longname: string, attributes: FileAttributes): DirectoryEntry {
  return { name, longname, attributes, type: fileType(attributes) };
}

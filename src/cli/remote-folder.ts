import { type FileAttributes, fileType, isWherryError, type Sftp } from '../index.ts';

/** Whether the server says that it is a folder. */
export function isFolder(attributes: FileAttributes): boolean {
  return fileType(attributes) === 'directory';
}

/** Attributes of what is at a path, undefined where nothing is. */
export async function statIfThere(
  sftp: Sftp,
  path: string,
  signal: AbortSignal,
): Promise<FileAttributes | undefined> {
  try {
    return await sftp.stat(path, { signal });
  } catch (error) {
    if (isWherryError(error) && error.code === 'SFTP_NO_SUCH_FILE') return undefined;
    throw error;
  }
}

/** The path of an entry; the folder stays as it was written, for `..` may mean something else behind a link. */
export function pathInFolder(folder: string, name: string): string {
  return folder === '.' ? name : `${folder.replace(/\/+$/, '')}/${name}`;
}

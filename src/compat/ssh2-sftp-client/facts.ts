import { type DirectoryEntry, type FileAttributes, fileType } from '../../index.ts';

/** An entry of `list`. */
export interface FileInfo {
  readonly type: string;
  readonly name: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifyTime: number;
  readonly accessTime: number;
  readonly rights: { readonly user: string; readonly group: string; readonly other: string };
  readonly owner: number;
  readonly group: number;
  readonly longname: string;
}

/** What `stat` and `lstat` give. */
export interface FileStats {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly accessTime: number;
  readonly modifyTime: number;
  readonly isDirectory: boolean;
  readonly isFile: boolean;
  readonly isBlockDevice: boolean;
  readonly isCharacterDevice: boolean;
  readonly isSymbolicLink: boolean;
  readonly isFIFO: boolean;
  readonly isSocket: boolean;
}

const LETTERS: Readonly<Record<string, string>> = {
  file: '-',
  directory: 'd',
  symlink: 'l',
  socket: 's',
  character: 'c',
  block: 'b',
  fifo: 'p',
};

export function fileInfo({ name, type, attributes, longname }: DirectoryEntry): FileInfo {
  const { size, accessTime = 0, modifyTime = 0, uid, gid, permissions = 0 } = attributes;
  const rights = (shift: number): string =>
    [...'rwx'].filter((_, i) => ((permissions >> shift) & (4 >> i)) !== 0).join('');
  return {
    type: LETTERS[type] ?? longname.slice(0, 1),
    name,
    size: size as number,
    modifyTime: modifyTime * 1000,
    accessTime: accessTime * 1000,
    rights: { user: rights(6), group: rights(3), other: rights(0) },
    owner: uid as number,
    group: gid as number,
    longname,
  };
}

export function fileStats(attributes: FileAttributes): FileStats {
  const type = fileType(attributes);
  const { permissions, uid, gid, size, accessTime = 0, modifyTime = 0 } = attributes;
  return {
    mode: permissions as number,
    uid: uid as number,
    gid: gid as number,
    size: size as number,
    accessTime: accessTime * 1000,
    modifyTime: modifyTime * 1000,
    isDirectory: type === 'directory',
    isFile: type === 'file',
    isBlockDevice: type === 'block',
    isCharacterDevice: type === 'character',
    isSymbolicLink: type === 'symlink',
    isFIFO: type === 'fifo',
    isSocket: type === 'socket',
  };
}

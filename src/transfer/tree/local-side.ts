import { type Dirent, lstatSync, type Stats } from 'node:fs';
import { lstat, opendir, readlink, realpath, rmdir, stat, symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileType } from '../../sftp/attributes.ts';
import { keepOnLocal } from '../kept-attributes.ts';
import { makeLocalFolder } from '../local-folder.ts';
import { quickly } from '../quick-files.ts';
import { localHash } from '../verify.ts';
import { localNames } from './local-names.ts';
import type { Side, SideEntry, SideInfo } from './side.ts';

/** The local file system as one end of a tree. */
export const LOCAL_SIDE: Side = {
  remote: false,
  join,
  list: listLocal,
  lstat: async (path) => infoOf((await quickly(path, 0, () => lstatSync(path))) ?? (await lstat(path))),
  stat: async (path) => infoOf(await stat(path)),
  makeFolder: makeLocalFolder,
  removeFile: unlink,
  removeFolder: rmdir,
  realpath: (path) => realpath(path),
  readlink: (path) => readlink(path),
  symlink: (target, path) => symlink(target, path),
  keep: keepOnLocal,
  names: localNames,
  hash: localHash,
};

/** Entries of a folder in one call. */
const LISTED_AT_ONCE = 256;

async function* listLocal(path: string): AsyncGenerator<SideEntry, void, void> {
  for await (const entry of await opendir(path, { bufferSize: LISTED_AT_ONCE })) {
    yield { name: entry.name, type: typeOf(entry), attributes: undefined };
  }
}

function infoOf(info: Stats): SideInfo {
  return {
    type: typeOf(info),
    attributes: {
      size: info.size,
      permissions: info.mode,
      accessTime: Math.floor(info.atimeMs / 1000),
      modifyTime: Math.floor(info.mtimeMs / 1000),
    },
  };
}

function typeOf(entry: Stats | Dirent): FileType {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'directory';
  if (entry.isSymbolicLink()) return 'symlink';
  if (entry.isFIFO()) return 'fifo';
  if (entry.isSocket()) return 'socket';
  if (entry.isCharacterDevice()) return 'character';
  return entry.isBlockDevice() ? 'block' : 'unknown';
}

import { posix } from 'node:path';
import type { WaitOptions } from '../../base/deadline.ts';
import { type FileAttributes, type FileType, fileType } from '../../sftp/attributes.ts';
import { DISTINCT_NAMES } from './local-names.ts';
import type { Side, SideEntry } from './side.ts';

/** The verbs of a session that a tree needs. */
export interface RemoteVerbs {
  list(path: string, wait: WaitOptions): AsyncIterable<SideEntry>;
  stat(path: string, wait: WaitOptions): Promise<FileAttributes>;
  lstat(path: string, wait: WaitOptions): Promise<FileAttributes>;
  mkdir(path: string, attributes: FileAttributes, wait: WaitOptions): Promise<void>;
  remove(path: string, wait: WaitOptions): Promise<void>;
  rmdir(path: string, wait: WaitOptions): Promise<void>;
  realpath(path: string, wait: WaitOptions): Promise<string>;
  readlink(path: string, wait: WaitOptions): Promise<string>;
  symlink(target: string, path: string, wait: WaitOptions): Promise<void>;
  setAttributes(path: string, attributes: FileAttributes, wait: WaitOptions): Promise<void>;
}

/** The server as one end of a tree. */
export function remoteSide(
  verbs: RemoteVerbs,
  hash: (path: string) => Promise<string>,
  wait: WaitOptions,
): Side {
  return {
    remote: true,
    join: posix.join,
    async *list(path) {
      for await (const { name, type, attributes } of verbs.list(path, wait))
        yield { name, type, attributes: attributes && needed(attributes) };
    },
    lstat: async (path) => withType(await verbs.lstat(path, wait)),
    stat: async (path) => withType(await verbs.stat(path, wait)),
    makeFolder: (path) => makeRemoteFolder(verbs, path, wait),
    removeFile: (path) => verbs.remove(path, wait),
    removeFolder: (path) => verbs.rmdir(path, wait),
    realpath: (path) => verbs.realpath(path, wait),
    readlink: (path) => verbs.readlink(path, wait),
    symlink: (target, path) => verbs.symlink(target, path, wait),
    async keep(path, { permissions, accessTime, modifyTime }, preserve) {
      const bits =
        permissions === undefined || preserve === 'times' ? {} : { permissions: permissions & 0o777 };
      const times =
        modifyTime === undefined || preserve === 'permissions'
          ? {}
          : { accessTime: accessTime ?? modifyTime, modifyTime };
      const attributes = { ...bits, ...times };
      if (Object.keys(attributes).length > 0) await verbs.setAttributes(path, attributes, wait);
    },
    names: async () => DISTINCT_NAMES,
    hash,
  };
}

/** The rest may be long, an access control list for instance, and would be held as long as the entry waits. */
function needed({ type, size, permissions, accessTime, modifyTime }: FileAttributes): FileAttributes {
  return {
    ...(type === undefined ? {} : { type }),
    ...(size === undefined ? {} : { size }),
    ...(permissions === undefined ? {} : { permissions }),
    ...(accessTime === undefined ? {} : { accessTime }),
    ...(modifyTime === undefined ? {} : { modifyTime }),
  };
}

function withType(attributes: FileAttributes): { type: FileType; attributes: FileAttributes } {
  return { type: fileType(attributes), attributes };
}

/** Version 3 has no status for "exists already", so a refusal is checked by looking. */
async function makeRemoteFolder(verbs: RemoteVerbs, path: string, wait: WaitOptions): Promise<boolean> {
  try {
    await verbs.mkdir(path, {}, wait);
    return true;
  } catch (error) {
    const attributes = await verbs.stat(path, wait).catch(() => undefined);
    if (attributes === undefined || ((attributes.permissions ?? 0o040000) & 0o170000) !== 0o040000)
      throw error;
    return false;
  }
}

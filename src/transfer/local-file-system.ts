import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Magic numbers of statfs(2) for file systems whose writes go to this machine's own page cache. */
const LOCAL_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0xef53, 'ext2, ext3, ext4'],
  [0x9123683e, 'btrfs'],
  [0x58465342, 'xfs'],
  [0xf2f52010, 'f2fs'],
  [0x2fc12fc1, 'zfs'],
  [0x01021994, 'tmpfs'],
  [0x794c7630, 'overlayfs'],
]);

/** Whether a path is on a file system of this machine; false where it cannot be told. */
export async function isLocalFileSystem(path: string): Promise<boolean> {
  try {
    return process.platform === 'linux' && LOCAL_FILE_SYSTEMS.has((await statfs(dirname(path))).type);
  } catch {
    return false;
  }
}

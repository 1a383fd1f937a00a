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

/** What is known of a folder is believed for so long: a tree asks for every file in it. */
const KNOWN_MS = 1000;
let known: Map<string, Promise<boolean>> = new Map();
let knownUntil = 0;

/** Whether a path is on a file system of this machine; false where it cannot be told. */
export function isLocalFileSystem(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return Promise.resolve(false);
  const now = performance.now();
  if (now > knownUntil) {
    known = new Map();
    knownUntil = now + KNOWN_MS;
  }
  const folder = dirname(path);
  const answer = known.get(folder) ?? ask(folder);
  known.set(folder, answer);
  return answer;
}

async function ask(folder: string): Promise<boolean> {
  try {
    return LOCAL_FILE_SYSTEMS.has((await statfs(folder)).type);
  } catch {
    return false;
  }
}

import { fchmodSync, futimesSync } from 'node:fs';
import { chmod, utimes } from 'node:fs/promises';
import type { FileAttributes } from '../sftp/attributes.ts';

/** Permission bits that are taken over: never setuid, setgid or sticky, which mean something else elsewhere. */
const PERMISSION_BITS = 0o777;

/** Which of the two are taken over. */
export type Preserve = boolean | 'times' | 'permissions';

/** What of a local file is set on a remote one by `preserve`. */
export function keptOfLocal(
  info: { mode: number; atimeMs: number; mtimeMs: number },
  preserve: Preserve,
): FileAttributes {
  return {
    ...(preserve === 'times' ? {} : { permissions: info.mode & PERMISSION_BITS }),
    ...(preserve === 'permissions'
      ? {}
      : { accessTime: seconds(info.atimeMs), modifyTime: seconds(info.mtimeMs) }),
  };
}

/** Sets on a local file or folder what is known of the remote one: permission bits, and times where they came. */
export async function keepOnLocal(path: string, remote: FileAttributes, preserve: Preserve): Promise<void> {
  const { permissions, accessTime, modifyTime } = remote;
  if (permissions !== undefined && preserve !== 'times') await chmod(path, permissions & PERMISSION_BITS);
  if (modifyTime !== undefined && preserve !== 'permissions')
    await utimes(path, accessTime ?? modifyTime, modifyTime);
}

/** The same for a file that is open, at once. */
export function keepOnOpenFile(fd: number, remote: FileAttributes, preserve: Preserve): void {
  const { permissions, accessTime, modifyTime } = remote;
  if (permissions !== undefined && preserve !== 'times') fchmodSync(fd, permissions & PERMISSION_BITS);
  if (modifyTime !== undefined && preserve !== 'permissions')
    futimesSync(fd, accessTime ?? modifyTime, modifyTime);
}

/** Versions 3 and 4 of the protocol have whole seconds; times before 1970 do not fit. */
function seconds(milliseconds: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.floor(milliseconds / 1000)));
}

import { chmod, utimes } from 'node:fs/promises';
import type { FileAttributes } from '../sftp/attributes.ts';

/** Permission bits that are taken over: never setuid, setgid or sticky, which mean something else elsewhere. */
const PERMISSION_BITS = 0o777;

/** What of a local file is set on a remote one by `preserve`. */
export function keptOfLocal(info: { mode: number; atimeMs: number; mtimeMs: number }): FileAttributes {
  return {
    permissions: info.mode & PERMISSION_BITS,
    accessTime: seconds(info.atimeMs),
    modifyTime: seconds(info.mtimeMs),
  };
}

/** Sets on a local file or folder what is known of the remote one: permission bits, and times where both came. */
export async function keepOnLocal(path: string, remote: FileAttributes): Promise<void> {
  const { permissions, accessTime, modifyTime } = remote;
  if (permissions !== undefined) await chmod(path, permissions & PERMISSION_BITS);
  if (modifyTime !== undefined) await utimes(path, accessTime ?? modifyTime, modifyTime);
}

/** Versions 3 and 4 of the protocol have whole seconds; times before 1970 do not fit. */
function seconds(milliseconds: number): number {
  return Math.min(0xffff_ffff, Math.max(0, Math.floor(milliseconds / 1000)));
}

import type { BigIntStats } from 'node:fs';
import type { FileAttributes } from '../../sftp/attributes.ts';
import type { SftpStatusName } from '../../sftp/status.ts';
import { aclOfMode, modeOfAcl } from './mode-acl.ts';
import { FilesError } from './served-files.ts';

const STATUS_OF: Readonly<Record<string, SftpStatusName>> = {
  ENOENT: 'SSH_FX_NO_SUCH_FILE',
  // As OpenSSH tells it: a path through a file leads nowhere.
  ENOTDIR: 'SSH_FX_NO_SUCH_PATH',
  EACCES: 'SSH_FX_PERMISSION_DENIED',
  EPERM: 'SSH_FX_PERMISSION_DENIED',
  EROFS: 'SSH_FX_WRITE_PROTECT',
  EEXIST: 'SSH_FX_FILE_ALREADY_EXISTS',
  ENOTEMPTY: 'SSH_FX_DIR_NOT_EMPTY',
  EISDIR: 'SSH_FX_FILE_IS_A_DIRECTORY',
  ELOOP: 'SSH_FX_LINK_LOOP',
  ENOSPC: 'SSH_FX_NO_SPACE_ON_FILESYSTEM',
  EDQUOT: 'SSH_FX_QUOTA_EXCEEDED',
  ENAMETOOLONG: 'SSH_FX_INVALID_FILENAME',
};

/** Errors of the system as statuses. Their texts name paths of this machine, so only the code goes out. */
export function asStatus<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof FilesError) throw error;
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new FilesError(STATUS_OF[code] ?? 'SSH_FX_FAILURE', code);
  }
}

const BILLION = 1_000_000_000n;
/** Blocks of stat(2) are of 512 bytes, whatever the file system's. */
const STAT_BLOCK = 512n;

export function attributesOf(stats: BigIntStats): FileAttributes {
  const { size, blocks = 0n, uid, gid, mode, nlink, atimeNs, mtimeNs, ctimeNs } = stats;
  const [accessTime, accessTimeNanoseconds] = parts(atimeNs);
  const [modifyTime, modifyTimeNanoseconds] = parts(mtimeNs);
  return {
    size: Number(size),
    allocationSize: Number(blocks * STAT_BLOCK),
    uid: Number(uid),
    gid: Number(gid),
    permissions: Number(mode),
    accessTime,
    accessTimeNanoseconds,
    modifyTime,
    modifyTimeNanoseconds,
    changeTime: parts(ctimeNs)[0],
    acl: aclOfMode(Number(mode)),
    linkCount: Number(nlink),
  };
}

/** Seconds and nanoseconds, rounded down, before 1970 too. */
function parts(time: bigint): [seconds: number, nanoseconds: number] {
  const rest = ((time % BILLION) + BILLION) % BILLION;
  return [Number((time - rest) / BILLION), Number(rest)];
}

export function checkSettable({ createTime, acl }: FileAttributes): void {
  if (createTime !== undefined)
    throw new FilesError('SSH_FX_OP_UNSUPPORTED', 'the time of creation cannot be set');
  if (acl !== undefined && modeOfAcl(acl) === undefined)
    throw new FilesError('SSH_FX_OP_UNSUPPORTED', 'only what a mode can say');
}

/** The mode to set, by permissions, by an access control list, or not at all. */
export function modeGiven({ permissions, acl }: FileAttributes, before: number): number | undefined {
  if (acl === undefined) return permissions === undefined ? undefined : permissions & 0o7777;
  return ((permissions ?? before) & 0o7000) | (modeOfAcl(acl) ?? 0);
}

/**
 * A time for node:fs, which takes seconds with a fraction and cuts them to microseconds: aimed at the middle of one, or
 * the last digit would be chance.
 */
export function fileTime(seconds: number | undefined, nanoseconds = 0): number | undefined {
  if (seconds === undefined || nanoseconds === 0) return seconds;
  return seconds + (Math.floor(nanoseconds / 1000) + 0.5) / 1e6;
}

import type { FileAttributes } from '../../sftp/attributes.ts';
import type { SftpVersion } from '../../sftp/versions.ts';
import { type Accounts, idOf, nameOf } from '../files/accounts.ts';
import { FilesError } from '../files/served-files.ts';

const SECONDS_32 = 0xffff_ffff;

/** What a version has places for, with owners as it names them. */
export function shown(found: FileAttributes, version: SftpVersion, accounts: Accounts): FileAttributes {
  const { type, size, allocationSize, uid, gid, permissions, acl, createTime, changeTime, linkCount } = found;
  if (version === 3) {
    const { accessTime, modifyTime } = found;
    return present({
      size,
      uid,
      gid,
      permissions,
      accessTime: accessTime === undefined ? undefined : within32(accessTime),
      modifyTime: modifyTime === undefined ? undefined : within32(modifyTime),
    });
  }
  const { accessTime, accessTimeNanoseconds, modifyTime, modifyTimeNanoseconds } = found;
  return present({
    type,
    size,
    owner: uid === undefined ? undefined : nameOf(accounts.users, uid),
    group: gid === undefined ? undefined : nameOf(accounts.groups, gid),
    permissions,
    accessTime,
    accessTimeNanoseconds,
    createTime,
    modifyTime,
    modifyTimeNanoseconds,
    acl,
    ...(version < 6 ? {} : { allocationSize, changeTime, linkCount }),
  });
}

/**
 * Flags of ATTRIBUTE_FIELDS that are kept: size, permissions, times with their fractions, list, owners; in version 6
 * what is allotted, links and the time of the last change as well.
 */
export const KEPT_FLAGS = { 4: 0x1fd, 6: 0xa5fd } as const;

const REFUSED = ['bits', 'textHint', 'mimeType', 'untranslatedName', 'extended'] as const;

/** What a client gave, with owners as numbers; a field that cannot be kept is refused. */
export function settable(given: FileAttributes, accounts: Accounts): FileAttributes {
  const refused = REFUSED.find((field) => given[field] !== undefined);
  if (refused !== undefined) throw new FilesError('SSH_FX_OP_UNSUPPORTED', `${refused} is not kept`);
  const { owner, group, uid, gid, ...rest } = given;
  return present({
    ...rest,
    uid: uid ?? numbered(accounts.users, owner, 'SSH_FX_OWNER_INVALID'),
    gid: gid ?? numbered(accounts.groups, group, 'SSH_FX_GROUP_INVALID'),
  });
}

function numbered(
  names: ReadonlyMap<number, string>,
  name: string | undefined,
  status: 'SSH_FX_OWNER_INVALID' | 'SSH_FX_GROUP_INVALID',
): number | undefined {
  if (name === undefined) return undefined;
  const id = idOf(names, name);
  if (id === undefined) throw new FilesError(status, 'nobody has this name');
  return id;
}

function within32(seconds: number): number {
  return Math.min(SECONDS_32, Math.max(0, seconds));
}

function present(fields: { [K in keyof FileAttributes]: FileAttributes[K] | undefined }): FileAttributes {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as FileAttributes;
}

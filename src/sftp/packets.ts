import type { SftpVersion } from './versions.ts';

/** Packet types of the SSH File Transfer Protocol, filexfer-02 section 3 and filexfer-13 section 4.3. */
export const SFTP_PACKETS = {
  SSH_FXP_INIT: 1,
  SSH_FXP_VERSION: 2,
  SSH_FXP_OPEN: 3,
  SSH_FXP_CLOSE: 4,
  SSH_FXP_READ: 5,
  SSH_FXP_WRITE: 6,
  SSH_FXP_LSTAT: 7,
  SSH_FXP_FSTAT: 8,
  SSH_FXP_SETSTAT: 9,
  SSH_FXP_FSETSTAT: 10,
  SSH_FXP_OPENDIR: 11,
  SSH_FXP_READDIR: 12,
  SSH_FXP_REMOVE: 13,
  SSH_FXP_MKDIR: 14,
  SSH_FXP_RMDIR: 15,
  SSH_FXP_REALPATH: 16,
  SSH_FXP_STAT: 17,
  SSH_FXP_RENAME: 18,
  SSH_FXP_READLINK: 19,
  SSH_FXP_SYMLINK: 20,
  SSH_FXP_LINK: 21,
  SSH_FXP_BLOCK: 22,
  SSH_FXP_UNBLOCK: 23,
  SSH_FXP_STATUS: 101,
  SSH_FXP_HANDLE: 102,
  SSH_FXP_DATA: 103,
  SSH_FXP_NAME: 104,
  SSH_FXP_ATTRS: 105,
  SSH_FXP_EXTENDED: 200,
  SSH_FXP_EXTENDED_REPLY: 201,
} as const;

export type SftpPacketName = keyof typeof SFTP_PACKETS;

/** Requests that not every version has. */
export const REQUEST_VERSIONS = {
  SSH_FXP_SYMLINK: { since: 3, until: 5 },
  SSH_FXP_LINK: { since: 6, until: 6 },
  SSH_FXP_BLOCK: { since: 6, until: 6 },
  SSH_FXP_UNBLOCK: { since: 6, until: 6 },
} as const;
REQUEST_VERSIONS satisfies Partial<Record<SftpPacketName, { since: SftpVersion; until: SftpVersion }>>;

const NAMES = new Map<number, string>(Object.entries(SFTP_PACKETS).map(([name, number]) => [number, name]));

export function sftpPacketName(number: number): string {
  return NAMES.get(number) ?? `packet ${number}`;
}

/** Flags of SSH_FXP_OPEN: filexfer-02 section 6.3; SSH_FXF_TEXT since version 4. */
export const OPEN_FLAGS = {
  SSH_FXF_READ: 0x01,
  SSH_FXF_WRITE: 0x02,
  SSH_FXF_APPEND: 0x04,
  SSH_FXF_CREAT: 0x08,
  SSH_FXF_TRUNC: 0x10,
  SSH_FXF_EXCL: 0x20,
  SSH_FXF_TEXT: 0x40,
} as const;

/** Flags of SSH_FXP_OPEN since version 5: filexfer-13 section 8.1.1.3. The first three bits are one number. */
export const OPEN_DISPOSITIONS = {
  SSH_FXF_CREATE_NEW: 0,
  SSH_FXF_CREATE_TRUNCATE: 1,
  SSH_FXF_OPEN_EXISTING: 2,
  SSH_FXF_OPEN_OR_CREATE: 3,
  SSH_FXF_TRUNCATE_EXISTING: 4,
} as const;

export const OPEN_FLAGS_5 = {
  SSH_FXF_APPEND_DATA: 0x8,
  SSH_FXF_APPEND_DATA_ATOMIC: 0x10,
  SSH_FXF_TEXT_MODE: 0x20,
  SSH_FXF_BLOCK_READ: 0x40,
  SSH_FXF_BLOCK_WRITE: 0x80,
  SSH_FXF_BLOCK_DELETE: 0x100,
  SSH_FXF_BLOCK_ADVISORY: 0x200,
  SSH_FXF_NOFOLLOW: 0x400,
  SSH_FXF_DELETE_ON_CLOSE: 0x800,
} as const;

/** Rights asked for by SSH_FXP_OPEN since version 5: the ACE mask of filexfer-13 section 7.8.1.3. */
export const ACCESS_MASK = {
  ACE4_READ_DATA: 0x1,
  ACE4_WRITE_DATA: 0x2,
  ACE4_APPEND_DATA: 0x4,
  ACE4_READ_ATTRIBUTES: 0x80,
  ACE4_WRITE_ATTRIBUTES: 0x100,
} as const;

/** Flags of SSH_FXP_RENAME since version 5. */
export const RENAME_FLAGS = {
  SSH_FXF_RENAME_OVERWRITE: 0x1,
  SSH_FXF_RENAME_ATOMIC: 0x2,
  SSH_FXF_RENAME_NATIVE: 0x4,
} as const;

/** The control byte of SSH_FXP_REALPATH in version 6, filexfer-13 section 8.9. */
export const REALPATH_CONTROL = {
  SSH_FXP_REALPATH_NO_CHECK: 1,
  SSH_FXP_REALPATH_STAT_IF: 2,
  SSH_FXP_REALPATH_STAT_ALWAYS: 3,
} as const;

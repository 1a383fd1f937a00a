import { ACCESS_MASK, OPEN_DISPOSITIONS, OPEN_FLAGS, OPEN_FLAGS_5 } from '../../sftp/packets.ts';
import type { SftpReader } from '../../sftp/reader.ts';
import type { SftpVersion } from '../../sftp/versions.ts';
import { FilesError, type OpenHow } from '../files/served-files.ts';

/** What SSH_FXP_OPEN asks for, whatever the version says it in. */
export interface OpenMode extends Omit<OpenHow, 'mode'> {
  /** SSH_FXF_TEXT, SSH_FXF_TEXT_MODE: offsets do not count. */
  readonly text: boolean;
  /** SSH_FXF_BLOCK_* bits. */
  readonly block: number;
  readonly deleteOnClose: boolean;
}

const BLOCKS =
  OPEN_FLAGS_5.SSH_FXF_BLOCK_READ | OPEN_FLAGS_5.SSH_FXF_BLOCK_WRITE | OPEN_FLAGS_5.SSH_FXF_BLOCK_ADVISORY;
const APPENDS = OPEN_FLAGS_5.SSH_FXF_APPEND_DATA | OPEN_FLAGS_5.SSH_FXF_APPEND_DATA_ATOMIC;
const DISPOSITION = 0x7;

/** The flags of version 5 that are understood: what `supported2` tells. */
export const KNOWN_OPEN_FLAGS: number =
  DISPOSITION |
  APPENDS |
  BLOCKS |
  OPEN_FLAGS_5.SSH_FXF_TEXT_MODE |
  OPEN_FLAGS_5.SSH_FXF_NOFOLLOW |
  OPEN_FLAGS_5.SSH_FXF_DELETE_ON_CLOSE;

export function readOpenMode(reader: SftpReader, version: SftpVersion): OpenMode {
  return version >= 5 ? byAccess(reader.u32(), reader.u32()) : byFlags(reader.u32());
}

/** filexfer-02 section 6.3. */
function byFlags(flags: number): OpenMode {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const { SSH_FXF_READ, SSH_FXF_WRITE, SSH_FXF_APPEND, SSH_FXF_CREAT, SSH_FXF_TRUNC, SSH_FXF_EXCL } =
    OPEN_FLAGS;
  return {
    read: has(SSH_FXF_READ),
    write: has(SSH_FXF_WRITE) || has(SSH_FXF_APPEND),
    append: has(SSH_FXF_APPEND),
    create: has(SSH_FXF_CREAT),
    truncate: has(SSH_FXF_TRUNC),
    exclusive: has(SSH_FXF_CREAT) && has(SSH_FXF_EXCL),
    noFollow: false,
    text: has(OPEN_FLAGS.SSH_FXF_TEXT),
    block: 0,
    deleteOnClose: false,
  };
}

/** filexfer-13 section 8.1. */
function byAccess(access: number, flags: number): OpenMode {
  const unknown = (flags & ~KNOWN_OPEN_FLAGS) >>> 0;
  const disposition = flags & DISPOSITION;
  if (unknown !== 0 || disposition > OPEN_DISPOSITIONS.SSH_FXF_TRUNCATE_EXISTING)
    throw new FilesError('SSH_FX_OP_UNSUPPORTED', `open flags 0x${unknown.toString(16)}`);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const may = (right: number): boolean => (access & right) !== 0;
  const { SSH_FXF_CREATE_NEW, SSH_FXF_CREATE_TRUNCATE, SSH_FXF_OPEN_OR_CREATE, SSH_FXF_TRUNCATE_EXISTING } =
    OPEN_DISPOSITIONS;
  const writeOnlyAtEnd = may(ACCESS_MASK.ACE4_APPEND_DATA) && !may(ACCESS_MASK.ACE4_WRITE_DATA);
  return {
    read: may(ACCESS_MASK.ACE4_READ_DATA),
    write: may(ACCESS_MASK.ACE4_WRITE_DATA) || may(ACCESS_MASK.ACE4_APPEND_DATA),
    append: has(APPENDS) || writeOnlyAtEnd,
    create: ([SSH_FXF_CREATE_NEW, SSH_FXF_CREATE_TRUNCATE, SSH_FXF_OPEN_OR_CREATE] as number[]).includes(
      disposition,
    ),
    truncate: ([SSH_FXF_CREATE_TRUNCATE, SSH_FXF_TRUNCATE_EXISTING] as number[]).includes(disposition),
    exclusive: disposition === SSH_FXF_CREATE_NEW,
    noFollow: has(OPEN_FLAGS_5.SSH_FXF_NOFOLLOW),
    text: has(OPEN_FLAGS_5.SSH_FXF_TEXT_MODE),
    block: flags & BLOCKS,
    deleteOnClose: has(OPEN_FLAGS_5.SSH_FXF_DELETE_ON_CLOSE),
  };
}

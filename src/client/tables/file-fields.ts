import type { PropertyRow } from './rows.ts';

/** Attributes of a remote file: filled by `queryFileAttributes`, sent by `updateFileAttributes`. */
export const FILE_FIELDS = {
  /** Last access, in milliseconds since 1970 UTC. */
  accessTime: { type: 'int', default: 0, access: 'rw', doc: 'Last access, in milliseconds since 1970 UTC.' },
  /** Access control list, one entry on each line such as `A::OWNER@:rwa`; SFTP version 4 and later. */
  acl: {
    type: 'str',
    default: '',
    access: 'rw',
    doc: 'Access control list, one entry on each line such as `A::OWNER@:rwa`; SFTP version 4 and later.',
  },
  /** Bytes the file takes on the disk; SFTP version 6. */
  allocationSize: {
    type: 'int',
    default: 0,
    access: 'ro',
    doc: 'Bytes the file takes on the disk; SFTP version 6.',
  },
  /** Attribute bits; SFTP version 5 and later. */
  attributeBits: {
    type: 'int',
    default: 0,
    access: 'ro',
    doc: 'Attribute bits, SFTP version 5 and later: 1 read-only, 2 system, 4 hidden, 8 names in any case, 16 archive, 32 encrypted, 64 compressed, 128 sparse, 256 append only, 512 immutable, 1024 sync, 2048 translation error.',
  },
  /** Which of `attributeBits` the server speaks about. */
  attributeBitsValid: {
    type: 'int',
    default: 0,
    access: 'ro',
    doc: 'Which of `attributeBits` the server speaks about; 0 where it does not say.',
  },
  /** When the file was made, in milliseconds since 1970 UTC; SFTP version 4 and later. */
  creationTime: {
    type: 'int',
    default: 0,
    access: 'rw',
    doc: 'When the file was made, in milliseconds since 1970 UTC; SFTP version 4 and later.',
  },
  /** What it is. */
  type: {
    type: 'int',
    default: 0,
    access: 'ro',
    values: 'SFTPFileTypes',
    doc: 'What it is; 0 before anything was queried.',
  },
  /** Group: its number in SFTP version 3, its name later. */
  groupId: {
    type: 'str',
    default: '',
    access: 'rw',
    doc: 'Group: its number in SFTP version 3, its name later.',
  },
  /** Whether it is a folder. */
  isDir: { type: 'bool', default: false, access: 'ro', doc: 'Whether it is a folder.' },
  /** Whether it is a symbolic link; only where the setting GetSymlinkAttrs is True. */
  isSymlink: {
    type: 'bool',
    default: false,
    access: 'ro',
    doc: 'Whether it is a symbolic link; only where the setting GetSymlinkAttrs is True.',
  },
  /** Last change of the contents, in milliseconds since 1970 UTC. */
  modifiedTime: {
    type: 'int',
    default: 0,
    access: 'rw',
    doc: 'Last change of the contents, in milliseconds since 1970 UTC.',
  },
  /** Owner: the user's number in SFTP version 3, the name later. */
  ownerId: {
    type: 'str',
    default: '',
    access: 'rw',
    doc: "Owner: the user's number in SFTP version 3, the name later.",
  },
  /** The whole POSIX mode as a number: 33188 is 100644 in octal. */
  permissions: {
    type: 'int',
    default: 0,
    access: 'rw',
    range: [0, 4_294_967_295],
    doc: 'The whole POSIX mode as a number: 33188 is 100644 in octal.',
  },
  /** The same in octal. */
  permissionsOctal: { type: 'str', default: '', access: 'rw', doc: 'The same in octal.' },
  /** Bytes. */
  size: { type: 'int', default: 0, access: 'ro', doc: 'Bytes. A size beyond 2^53 is refused, not rounded.' },
} as const;
FILE_FIELDS satisfies Record<string, PropertyRow>;

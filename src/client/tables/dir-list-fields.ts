import type { PropertyRow } from './rows.ts';

/** One entry of the last listing. */
export const DIR_LIST_FIELDS = {
  /** The server's own line for people, in SFTP version 3; the file name where there is none. */
  entry: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: "The server's own line for people, in SFTP version 3; the file name where there is none.",
  },
  /** Name of the file or folder. */
  fileName: { type: 'str', default: '', access: 'ro', doc: 'Name of the file or folder.' },
  /** Bytes. */
  fileSize: { type: 'int', default: 0, access: 'ro', doc: 'Bytes.' },
  /** Last change, in the form that the setting FiletimeFormat gives. */
  fileTime: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'Last change, in the form that the setting FiletimeFormat gives; empty where the server tells none.',
  },
  /** Whether it is a folder; false for a symbolic link, whatever it points to. */
  isDir: {
    type: 'bool',
    default: false,
    access: 'ro',
    doc: 'Whether it is a folder; false for a symbolic link, whatever it points to.',
  },
  /** Whether it is a symbolic link. */
  isSymlink: { type: 'bool', default: false, access: 'ro', doc: 'Whether it is a symbolic link.' },
} as const;
DIR_LIST_FIELDS satisfies Record<string, PropertyRow>;

import type { SftpVersion } from '../../sftp/versions.ts';
import type { Accounts } from '../files/accounts.ts';
import type { ServedFiles } from '../files/served-files.ts';
import type { LockTable } from './locks.ts';

/** Numbers of limits@openssh.com, in bytes but for the handles. */
export interface ServedLimits {
  readonly packet: number;
  readonly read: number;
  readonly write: number;
  readonly handles: number;
}

/** What all sessions of a server share. */
export interface SftpService {
  readonly files: ServedFiles;
  readonly accounts: Accounts;
  readonly home: string;
  readonly readOnly: boolean;
  readonly versions: readonly SftpVersion[];
  /** Whether an extension is there, by its name. */
  readonly offers: (extension: string) => boolean;
  readonly limits: ServedLimits;
  readonly locks: LockTable;
}

import type { WaitOptions } from '../base/deadline.ts';
import { WherryError } from '../base/errors.ts';
import { type LockMask, lockBits } from '../sftp/locks.ts';
import type { OpenMore } from '../sftp/open-file.ts';
import { OPEN_FLAGS, OPEN_FLAGS_5 } from '../sftp/packets.ts';
import type { SftpVersion } from '../sftp/versions.ts';

/** How `open` opens a file: the flags of fopen(3), with `x` for "must not exist". */
export type OpenMode = 'r' | 'r+' | 'w' | 'wx' | 'w+' | 'a';

const { SSH_FXF_READ, SSH_FXF_WRITE, SSH_FXF_APPEND, SSH_FXF_CREAT, SSH_FXF_TRUNC, SSH_FXF_EXCL } =
  OPEN_FLAGS;
export const OPEN_MODES: Readonly<Record<OpenMode, number>> = {
  r: SSH_FXF_READ,
  'r+': SSH_FXF_READ | SSH_FXF_WRITE,
  w: SSH_FXF_WRITE | SSH_FXF_CREAT | SSH_FXF_TRUNC,
  wx: SSH_FXF_WRITE | SSH_FXF_CREAT | SSH_FXF_EXCL,
  'w+': SSH_FXF_READ | SSH_FXF_WRITE | SSH_FXF_CREAT | SSH_FXF_TRUNC,
  a: SSH_FXF_WRITE | SSH_FXF_CREAT | SSH_FXF_APPEND,
};

/** What later SFTP versions can say when a file is opened; SFTP_OP_UNSUPPORTED where the version in use cannot. */
export interface OpenOptions extends WaitOptions {
  /** The server translates line ends (version 4): read and write in order then, offsets mean nothing. */
  readonly text?: boolean | undefined;
  /** Keep others from opening the file (version 5). */
  readonly lock?: LockMask | undefined;
  /** Fail on a symbolic link (version 6). */
  readonly noFollow?: boolean | undefined;
  /** Remove the file when it is closed (version 6). */
  readonly deleteOnClose?: boolean | undefined;
  /** Every write goes to the end in one step, whoever else writes (version 5). */
  readonly atomicAppend?: boolean | undefined;
}

interface OptionRow {
  readonly option: Exclude<keyof OpenOptions, keyof WaitOptions>;
  readonly since: SftpVersion;
  readonly flag: number;
}

const OPTION_ROWS: readonly OptionRow[] = [
  { option: 'text', since: 4, flag: 0 },
  { option: 'lock', since: 5, flag: 0 },
  { option: 'noFollow', since: 6, flag: OPEN_FLAGS_5.SSH_FXF_NOFOLLOW },
  { option: 'deleteOnClose', since: 6, flag: OPEN_FLAGS_5.SSH_FXF_DELETE_ON_CLOSE },
  { option: 'atomicAppend', since: 5, flag: OPEN_FLAGS_5.SSH_FXF_APPEND_DATA_ATOMIC },
];

/** The flags of OPEN_FLAGS, and what version 5 and later add. */
export function openFlags(
  mode: OpenMode,
  options: OpenOptions,
  version: SftpVersion,
): { flags: number; more: OpenMore } {
  const given = OPTION_ROWS.filter(({ option }) => options[option]);
  const tooOld = given.find(({ since }) => version < since);
  if (tooOld !== undefined) {
    throw new WherryError(
      'SFTP_OP_UNSUPPORTED',
      `open with ${tooOld.option} needs SFTP version ${tooOld.since}, this session has ${version}`,
      { operation: 'open' },
    );
  }
  const text = options.text ? OPEN_FLAGS.SSH_FXF_TEXT : 0;
  const lock = options.lock === undefined ? 0 : lockBits(options.lock);
  const more = given.reduce((all, { flag }) => all | flag, lock);
  return { flags: OPEN_MODES[mode] | text, more: { flags: more } };
}

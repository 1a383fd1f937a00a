import type { HashLimits } from './hash-ranges.ts';

/** What servers do in their own way. */
export interface Quirks {
  /** Which path comes first in SSH_FXP_SYMLINK (versions 3 to 5) and in SSH_FXP_LINK (version 6). */
  readonly symlinkOrder: 'target first' | 'link first';
  readonly linkOrder: 'target first' | 'link first';
  /** Extensions that are announced and do not work: they count as not announced. */
  readonly broken: readonly string[];
  /** What check-file tells right; undefined where that is everything. */
  readonly hashes: HashLimits | undefined;
}

interface QuirkRow {
  /** Matches the server's SSH identification behind `SSH-2.0-`. */
  readonly software?: RegExp;
  /** Matches an announced extension and its data. */
  readonly announced?: readonly [name: string, data: string];
  readonly set: Partial<Quirks>;
  readonly why: string;
}

/** Versions 3 to 5 as nearly every server has them; version 6 as the draft has it. */
const USUAL: Quirks = {
  symlinkOrder: 'target first',
  linkOrder: 'link first',
  broken: [],
  hashes: undefined,
};

/** The last row that matches wins. */
export const SFTP_QUIRKS: readonly QuirkRow[] = [
  {
    software: /^OpenSSH_/,
    set: { symlinkOrder: 'target first' },
    why: 'OpenSSH PROTOCOL section 4.1: the arguments were swapped by mistake and have to stay so',
  },
  {
    software: /^mod_sftp/,
    set: { broken: ['home-directory'] },
    why: 'ProFTPD 1.3.8 answers home-directory with a packet that has no type and no id, or not at all',
  },
  {
    software: /^mod_sftp/,
    // Four blocks of the file system are 16 KiB as a rule.
    set: { hashes: { unit: 65_536, blockUnit: 65_536, most: 0xffff_ffff, startOrLength: true } },
    why: 'ProFTPD hashes four blocks of the file system at a time: where a range ends between, on to the end of the file; 1.3.8 takes start and length together for the length; lengths are kept in 32 bits',
  },
  {
    software: /^(APACHE-SSHD|SSHD-CORE)-/,
    set: { hashes: { unit: 8192, blockUnit: 1, most: 0x7fff_ffff, startOrLength: false } },
    why: 'Apache MINA hashes 8 KiB at a time, beyond the end of a range too, and keeps lengths in 31 bits',
  },
  {
    software: /^AsyncSSH_/,
    set: { symlinkOrder: 'link first' },
    why: 'asyncssh keeps to the draft with every client but those that say they are OpenSSH or paramiko',
  },
  {
    software: /^lshd-/,
    set: { symlinkOrder: 'link first' },
    why: 'lshd has an SFTP server of its own, which keeps to the draft',
  },
  {
    software: /^APACHE-SSHD-/,
    set: { linkOrder: 'target first' },
    why: 'Apache MINA reads SSH_FXP_LINK in the order of its SSH_FXP_SYMLINK, which is that of OpenSSH',
  },
  {
    announced: ['symlink-order@rjk.greenend.org.uk', 'linkpath-targetpath'],
    set: { symlinkOrder: 'link first' },
    why: 'Green End SFTP server says which order it takes: that of the draft, unless started with -r',
  },
  {
    announced: ['symlink-order@rjk.greenend.org.uk', 'targetpath-linkpath'],
    set: { symlinkOrder: 'target first' },
    why: 'the same server, told to do as OpenSSH does',
  },
  {
    announced: ['link-order@rjk.greenend.org.uk', 'targetpath-linkpath'],
    set: { linkOrder: 'target first' },
    why: 'the same for SSH_FXP_LINK',
  },
];

export function quirksOf(software: string, announced: ReadonlyMap<string, string>): Quirks {
  const matching = SFTP_QUIRKS.filter(
    (row) =>
      (row.software === undefined || row.software.test(software)) &&
      (row.announced === undefined || announced.get(row.announced[0]) === row.announced[1]),
  );
  return Object.assign({}, USUAL, ...matching.map((row) => row.set)) as Quirks;
}

/** How the file requests of one kind of server are to be used, where it differs from what any server takes. */
export interface ServerProfile {
  /** Bytes one READ asks for, and one WRITE carries, at most. */
  readonly readChunk?: number;
  readonly writeChunk?: number;
  /** Requests under way in one transfer at most; 1 is one after the other. */
  readonly requests?: number;
  /** False: no READ behind the size that the server told. */
  readonly pastEnd?: boolean;
  /**
   * Several handles of one path write one and the same file at once, and the only version is 3, so that requests may follow
   * INIT at once: uploads may use several channels.
   */
  readonly stripe?: boolean;
}

interface ProfileRow {
  /** A regular expression for the identification line behind `SSH-2.0-`. The first row that matches counts. */
  readonly match: string;
  readonly set: ServerProfile;
  readonly why: string;
  readonly ref: string;
}

/** Servers known by their identification line. Whoever is in no row gets 32 KiB a request until limits@ says more. */
export const SERVER_PROFILES = {
  'OpenSSH for Windows': {
    match: '^OpenSSH_for_Windows',
    set: { readChunk: 102_400, writeChunk: 65_536 },
    why: 'READ is answered with 102,400 bytes at most, larger WRITEs fail',
    ref: 'https://github.com/PowerShell/Win32-OpenSSH/issues/1395',
  },
  CrushFTP: {
    match: '^CrushFTPSSHD',
    set: { requests: 1 },
    why: 'requests under way together have been answered with broken packets; `maxRequests` says otherwise',
    ref: 'https://github.com/mscdex/ssh2/issues/485',
  },
  OpenSSH: {
    match: '^OpenSSH_',
    set: { stripe: true },
    why: 'handles are plain descriptors of one file; a channel takes 2 MiB in a round trip and no more',
    ref: 'OpenSSH sftp-server.c, channels.h (CHAN_SES_WINDOW_DEFAULT)',
  },
} as const;
SERVER_PROFILES satisfies Record<string, ProfileRow>;

/** The profile for an identification line such as `SSH-2.0-OpenSSH_9.2p1`. */
export function profileOf(version: string): ServerProfile {
  const software = version.replace(/^SSH-[\d.]+-/, '');
  const rows: readonly ProfileRow[] = Object.values(SERVER_PROFILES);
  return rows.find(({ match }) => new RegExp(match).test(software))?.set ?? {};
}

import { matchGlob } from '../../base/glob.ts';

/** What may be different with a server. */
export interface Quirks {
  /** It does not take part in a later key exchange: none is begun. */
  readonly noRekey?: boolean;
  /** The same where packets are compressed. */
  readonly noCompressedRekey?: boolean;
  /** The largest group it can give in a group exchange, in bits. */
  readonly groupBitsMax?: number;
  /** What was under way, such as channel data, still comes between its KEXINIT and its NEWKEYS. */
  readonly dataDuringRekey?: boolean;
}

interface QuirkRow extends Quirks {
  /** Patterns for the software part of the version line, `*` and `?`. */
  readonly match: readonly string[];
  readonly why: string;
}

/**
 * Servers that need something of their own, by what they call themselves. What can be done for every server alike is
 * done so, and has no row: a global request answered by UNIMPLEMENTED (TinySSH), signature algorithms announced but
 * refused (OpenSSH to 9.2), a remote program waited for before its channel closes (Dropbear).
 */
export const QUIRKS = {
  asyncsshRekey: {
    match: ['AsyncSSH_*'],
    dataDuringRekey: true,
    why: 'sends channel data after its KEXINIT, which RFC 4253 section 7.1 forbids: a transfer would end at the first re-key',
  },
  ciscoGroups: {
    match: ['Cisco-1.*'],
    groupBitsMax: 4096,
    why: 'IOS ends the connection where a group exchange allows more than 4096 bits (OpenSSH: SSH_BUG_DHGEX_LARGE)',
  },
  proftpdCompressed: {
    match: ['mod_sftp*'],
    noCompressedRekey: true,
    why: 'no longer compresses zlib@openssh.com as agreed after a later key exchange: neither side understands the other',
  },
  sunNoRekey: {
    match: ['Sun_SSH_1.0*'],
    noRekey: true,
    why: 'drops the connection at a second KEXINIT (OpenSSH: SSH_BUG_NOREKEY)',
  },
} as const;
QUIRKS satisfies Record<string, QuirkRow>;

/** What holds for the server that sent this version line. */
export function quirksOf(versionLine: string): Quirks {
  const software = versionLine.replace(/^SSH-[^-]*-/, '');
  const rows: QuirkRow[] = Object.values(QUIRKS);
  const own = rows.filter(({ match }) => match.some((pattern) => matchGlob(pattern, software)));
  return Object.assign({}, ...own) as Quirks;
}

/** Whether a later key exchange may be begun with such a server. */
export function canRekey({ noRekey, noCompressedRekey }: Quirks, compressed: boolean): boolean {
  return noRekey !== true && !(noCompressedRekey === true && compressed);
}

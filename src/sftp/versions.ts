import { WherryError } from '../base/errors.ts';

/** The versions of the SSH File Transfer Protocol spoken here. */
export type SftpVersion = 3 | 4 | 5 | 6;

/** Each version and the draft that is its specification. */
export const SFTP_VERSIONS = {
  3: { ref: 'draft-ietf-secsh-filexfer-02' },
  4: { ref: 'draft-ietf-secsh-filexfer-04' },
  5: { ref: 'draft-ietf-secsh-filexfer-05' },
  6: { ref: 'draft-ietf-secsh-filexfer-13' },
} as const;
SFTP_VERSIONS satisfies Record<SftpVersion, { ref: string }>;

export const ALL_VERSIONS: readonly SftpVersion[] = [3, 4, 5, 6];

/**
 * Offered unless the caller says otherwise. Every server speaks version 3 and is used with it; what later versions add
 * is worth asking for where it is known to be there.
 */
export const DEFAULT_VERSION: SftpVersion = 3;

export function isSftpVersion(value: number): value is SftpVersion {
  return (ALL_VERSIONS as readonly number[]).includes(value);
}

export function checkVersion(value: number): SftpVersion {
  if (isSftpVersion(value)) return value;
  throw new WherryError(
    'INVALID_ARGUMENT',
    `the SFTP version must be one of ${ALL_VERSIONS.join(', ')}, not ${value}`,
  );
}

/**
 * The version to ask for by version-select (filexfer-13 section 5.5); undefined to stay with `answered`. A server that
 * answers less than was offered, or more, may still list one that fits.
 */
export function versionToSelect(
  offered: SftpVersion,
  answered: number,
  listed: readonly number[],
): SftpVersion | undefined {
  const best = Math.max(...listed.filter((version) => isSftpVersion(version) && version <= offered), 0);
  const now = answered <= offered ? answered : 0;
  return isSftpVersion(best) && best > now ? best : undefined;
}

/** Key exchanges in which Kerberos proves the server (RFC 4462, RFC 8732). Their names end in the mechanism's hash. */
import type { KeyAgreement } from './kex/agreement.ts';
import { DH_GROUPS } from './kex/dh-groups.ts';
import { nistp256 } from './kex/ecdh.ts';
import { x25519 } from './kex/x25519.ts';
import { groupAgreement, type KexRow } from './key-exchanges.ts';

/** One family of them: a key exchange whose messages carry tokens too. */
export interface GssKexRow extends KexRow {
  /** The name before the mechanism. */
  readonly gss: string;
}

const group14Sha256: KeyAgreement = groupAgreement(DH_GROUPS.group14, 'sha256');
const group16Sha512: KeyAgreement = groupAgreement(DH_GROUPS.group16, 'sha512');
const group14Sha1: KeyAgreement = groupAgreement(DH_GROUPS.group14, 'sha1');

/** Base64 of the MD5 of Kerberos' object identifier (RFC 4462 section 2); written out, for MD5 is not there in FIPS mode. */
const KRB5_SUFFIX = 'toWM5Slw5Ew8Mqkay+al2g==';

/** By the part of the name before the mechanism, in the order they are offered. */
export const GSS_KEX_FAMILIES = {
  'gss-curve25519-sha256-': {
    hash: 'sha256',
    family: 'ecdh',
    secret: 'mpint',
    agreement: x25519 as KeyAgreement,
    security: 'supported',
    ref: 'RFC 8732 section 5.1',
  },
  'gss-nistp256-sha256-': {
    hash: 'sha256',
    family: 'ecdh',
    secret: 'mpint',
    agreement: nistp256 as KeyAgreement,
    security: 'supported',
    ref: 'RFC 8732 section 5.1',
  },
  'gss-group16-sha512-': {
    hash: 'sha512',
    family: 'dh',
    secret: 'mpint',
    agreement: group16Sha512 as KeyAgreement,
    security: 'supported',
    ref: 'RFC 8732 section 4',
  },
  'gss-group14-sha256-': {
    hash: 'sha256',
    family: 'dh',
    secret: 'mpint',
    agreement: group14Sha256 as KeyAgreement,
    security: 'supported',
    ref: 'RFC 8732 section 4',
  },
  'gss-gex-sha1-': {
    hash: 'sha1',
    family: 'gex',
    secret: 'mpint',
    security: 'insecure',
    ref: 'RFC 4462 section 2.5',
  },
  'gss-group14-sha1-': {
    hash: 'sha1',
    family: 'dh',
    secret: 'mpint',
    agreement: group14Sha1 as KeyAgreement,
    security: 'insecure',
    ref: 'RFC 4462 section 2.4',
  },
} as const;
GSS_KEX_FAMILIES satisfies Record<string, KexRow>;

/** Every gss-* key exchange with Kerberos by its whole name. */
export const GSS_KEX_ALGORITHMS: ReadonlyMap<string, GssKexRow> = new Map(
  Object.entries(GSS_KEX_FAMILIES).map(([gss, row]) => [gss + KRB5_SUFFIX, { ...row, gss }]),
);

/** Those that are offered where Kerberos is asked for. */
export const DEFAULT_GSS_KEX: readonly string[] = [...GSS_KEX_ALGORITHMS]
  .filter(([, { security }]) => security !== 'insecure')
  .map(([name]) => name);

import type { KeyAgreement } from './kex/agreement.ts';
import { type DhGroup, dhAgreement } from './kex/dh.ts';
import { DH_GROUPS } from './kex/dh-groups.ts';
import { nistp256, nistp384, nistp521 } from './kex/ecdh.ts';
import { mlkem768nistp256, mlkem768x25519, mlkem1024nistp384, sntrup761x25519 } from './kex/hybrids.ts';
import { x448, x25519 } from './kex/x25519.ts';
import { type AlgorithmRow, defaultNames } from './security.ts';

const HASH_BITS = { sha1: 160, sha256: 256, sha384: 384, sha512: 512 } as const;

/** The hash of an exchange, by node:crypto's name. */
export type KexHash = keyof typeof HASH_BITS;

/** One key exchange method. */
export interface KexRow extends AlgorithmRow {
  readonly hash: KexHash;
  /** Which messages carry the public values: ECDH (also the hybrids), DH, or a group exchange before DH. */
  readonly family: 'ecdh' | 'dh' | 'gex';
  /** How the shared secret K stands in the exchange hash and the key derivation. */
  readonly secret: 'mpint' | 'string';
  /** None for `gex`: its agreement is made from the server's group, by `groupAgreement`. */
  readonly agreement?: KeyAgreement;
}

const group14Sha256: KeyAgreement = groupAgreement(DH_GROUPS.group14, 'sha256');
const group14Sha1: KeyAgreement = groupAgreement(DH_GROUPS.group14, 'sha1');
const group1Sha1: KeyAgreement = groupAgreement(DH_GROUPS.group1, 'sha1');
const group16Sha512: KeyAgreement = groupAgreement(DH_GROUPS.group16, 'sha512');
const group18Sha512: KeyAgreement = groupAgreement(DH_GROUPS.group18, 'sha512');

/** The key exchange methods, in the order they are offered. */
export const KEX_ALGORITHMS = {
  'mlkem768x25519-sha256': {
    hash: 'sha256',
    family: 'ecdh',
    secret: 'string',
    agreement: mlkem768x25519 as KeyAgreement,
    security: 'default',
    ref: 'draft-ietf-sshm-mlkem-hybrid-kex',
  },
  'sntrup761x25519-sha512': {
    hash: 'sha512',
    family: 'ecdh',
    secret: 'string',
    agreement: sntrup761x25519 as KeyAgreement,
    security: 'default',
    ref: 'RFC 9941',
  },
  'sntrup761x25519-sha512@openssh.com': {
    hash: 'sha512',
    family: 'ecdh',
    secret: 'string',
    agreement: sntrup761x25519 as KeyAgreement,
    security: 'default',
    ref: 'RFC 9941, under the name it had before',
  },
  'curve25519-sha256': {
    hash: 'sha256',
    family: 'ecdh',
    secret: 'mpint',
    agreement: x25519 as KeyAgreement,
    security: 'default',
    ref: 'RFC 8731',
  },
  'curve25519-sha256@libssh.org': {
    hash: 'sha256',
    family: 'ecdh',
    secret: 'mpint',
    agreement: x25519 as KeyAgreement,
    security: 'default',
    ref: 'RFC 8731, under the name it had before',
  },
  'ecdh-sha2-nistp256': {
    hash: 'sha256',
    family: 'ecdh',
    secret: 'mpint',
    agreement: nistp256 as KeyAgreement,
    security: 'default',
    ref: 'RFC 5656 section 4',
  },
  'ecdh-sha2-nistp384': {
    hash: 'sha384',
    family: 'ecdh',
    secret: 'mpint',
    agreement: nistp384 as KeyAgreement,
    security: 'default',
    ref: 'RFC 5656 section 4',
  },
  'ecdh-sha2-nistp521': {
    hash: 'sha512',
    family: 'ecdh',
    secret: 'mpint',
    agreement: nistp521 as KeyAgreement,
    security: 'default',
    ref: 'RFC 5656 section 4',
  },
  'diffie-hellman-group-exchange-sha256': {
    hash: 'sha256',
    family: 'gex',
    secret: 'mpint',
    security: 'default',
    ref: 'RFC 4419 section 4.2',
  },
  'diffie-hellman-group16-sha512': {
    hash: 'sha512',
    family: 'dh',
    secret: 'mpint',
    agreement: group16Sha512 as KeyAgreement,
    security: 'default',
    ref: 'RFC 8268 section 3',
  },
  'diffie-hellman-group18-sha512': {
    hash: 'sha512',
    family: 'dh',
    secret: 'mpint',
    agreement: group18Sha512 as KeyAgreement,
    security: 'default',
    ref: 'RFC 8268 section 3',
  },
  'diffie-hellman-group14-sha256': {
    hash: 'sha256',
    family: 'dh',
    secret: 'mpint',
    agreement: group14Sha256 as KeyAgreement,
    security: 'default',
    ref: 'RFC 8268 section 3',
  },
  'mlkem1024nistp384-sha384': {
    hash: 'sha384',
    family: 'ecdh',
    secret: 'string',
    agreement: mlkem1024nistp384 as KeyAgreement,
    security: 'supported',
    ref: 'draft-ietf-sshm-mlkem-hybrid-kex',
  },
  'mlkem768nistp256-sha256': {
    hash: 'sha256',
    family: 'ecdh',
    secret: 'string',
    agreement: mlkem768nistp256 as KeyAgreement,
    security: 'supported',
    ref: 'draft-ietf-sshm-mlkem-hybrid-kex',
  },
  'curve448-sha512': {
    hash: 'sha512',
    family: 'ecdh',
    secret: 'mpint',
    agreement: x448 as KeyAgreement,
    security: 'supported',
    ref: 'RFC 8731',
  },
  'diffie-hellman-group14-sha1': {
    hash: 'sha1',
    family: 'dh',
    secret: 'mpint',
    agreement: group14Sha1 as KeyAgreement,
    security: 'insecure',
    ref: 'RFC 4253 section 8.2',
  },
  'diffie-hellman-group-exchange-sha1': {
    hash: 'sha1',
    family: 'gex',
    secret: 'mpint',
    security: 'insecure',
    ref: 'RFC 4419 section 4.1',
  },
  'diffie-hellman-group1-sha1': {
    hash: 'sha1',
    family: 'dh',
    secret: 'mpint',
    agreement: group1Sha1 as KeyAgreement,
    security: 'insecure',
    ref: 'RFC 4253 section 8.1',
  },
} as const;
KEX_ALGORITHMS satisfies Record<string, KexRow>;

export type KexName = keyof typeof KEX_ALGORITHMS;

export const DEFAULT_KEX: readonly string[] = defaultNames(KEX_ALGORITHMS);

/** Diffie-Hellman over `group` with private exponents of twice the hash's length (RFC 4253 section 8). */
export function groupAgreement(group: DhGroup, hash: KexHash): KeyAgreement {
  return dhAgreement(group, 2 * HASH_BITS[hash]);
}

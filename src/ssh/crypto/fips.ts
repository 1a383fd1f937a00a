import { getFips } from 'node:crypto';
import { HOST_KEY_ALGORITHMS } from './certificate-algorithms.ts';

const SIGNATURES = [
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-256',
  'rsa-sha2-512',
] as const;

/**
 * What FIPS 140-3, SP 800-131A and SP 800-56A approve. Ed25519 came with FIPS 186-5, and few certified modules have it;
 * groups other than elliptic curves are computed here in a way that FIPS providers refuse.
 */
export const FIPS_ALGORITHMS: Readonly<
  Record<'kex' | 'ciphers' | 'macs' | 'hostKey' | 'publicKey', readonly string[]>
> = {
  kex: ['ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521'],
  ciphers: ['aes128-gcm@openssh.com', 'aes256-gcm@openssh.com', 'aes128-ctr', 'aes192-ctr', 'aes256-ctr'],
  macs: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256', 'hmac-sha2-512'],
  hostKey: SIGNATURES,
  publicKey: SIGNATURES,
};

/** What to offer of names that nobody has chosen: all, but where Node runs in FIPS mode the approved, for others would fail. */
export function usableOf(kind: keyof typeof FIPS_ALGORITHMS, names: readonly string[]): readonly string[] {
  if (getFips() !== 1) return names;
  const approved = FIPS_ALGORITHMS[kind];
  return names.filter((name) => approved.includes(HOST_KEY_ALGORITHMS.get(name)?.signature ?? name));
}

import type { KeyObject } from 'node:crypto';
import { bitLength, exportNumbers, fromBase64url } from './key-numbers.ts';

/** What a key is like, as far as its family has it. */
export interface KeyDetails {
  /** As OpenSSL names it. */
  readonly namedCurve?: string | undefined;
  /** Bits of the modulus of RSA, of p of DSA. */
  readonly modulusLength?: number | undefined;
}

/**
 * The details of a key. Of a DSA key they are read from its numbers: `asymmetricKeyDetails` ends the process where
 * OpenSSL took a DSA key whose y is missing (Node 20, crypto_dsa.cc), and here that throws.
 */
export function keyDetails(key: KeyObject): KeyDetails {
  if (key.asymmetricKeyType !== 'dsa') return key.asymmetricKeyDetails ?? {};
  return { modulusLength: bitLength(fromBase64url(exportNumbers(key).p)) };
}

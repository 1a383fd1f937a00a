import { getDiffieHellman } from 'node:crypto';
import type { DhGroup } from './dh.ts';

interface NamedGroup extends DhGroup {
  readonly bits: number;
  /** The document that defines it. */
  readonly ref: string;
}

/** The fixed groups SSH names, by number. All have generator 2 and a safe prime; node:crypto holds the primes. */
export const DH_GROUPS = {
  group1: named('modp2', 1024, 'RFC 2409 section 6.2') as NamedGroup,
  group14: named('modp14', 2048, 'RFC 3526 section 3') as NamedGroup,
  group15: named('modp15', 3072, 'RFC 3526 section 4') as NamedGroup,
  group16: named('modp16', 4096, 'RFC 3526 section 5') as NamedGroup,
  group17: named('modp17', 6144, 'RFC 3526 section 6') as NamedGroup,
  group18: named('modp18', 8192, 'RFC 3526 section 7') as NamedGroup,
} as const;
DH_GROUPS satisfies Record<string, NamedGroup>;

/** Start-up does not pay for the primes: each is read when first asked for. */
function named(openssl: string, bits: number, ref: string): NamedGroup {
  let prime: Uint8Array | undefined;
  return {
    bits,
    ref,
    g: Uint8Array.of(2),
    get p() {
      prime ??= getDiffieHellman(openssl).getPrime();
      return prime;
    },
  };
}

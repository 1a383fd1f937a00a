import { WherryError } from '../../../base/errors.ts';
import { type RandomSource, randomBytes } from '../../../base/random.ts';
import type { KeyAgreement } from './agreement.ts';
import { bitLength, toBigInt } from './big-integer.ts';
import { modPower } from './mod-power.ts';

/** A multiplicative group modulo a prime: big-endian magnitudes. */
export interface DhGroup {
  readonly p: Uint8Array;
  readonly g: Uint8Array;
}

/**
 * Diffie-Hellman over a finite field (RFC 4253 section 8). Private exponents have `exponentBits` bits: RFC 4419
 * section 6.2 asks for twice the key material taken from the secret.
 */
export function dhAgreement(group: DhGroup, exponentBits: number): KeyAgreement {
  return {
    async initiate(random) {
      const exponent = drawExponent(group, exponentBits, random);
      const publicValue = power(group, group.g, exponent);
      return { publicValue, finish: (peerPublic) => derive(group, exponent, peerPublic) };
    },
    async respond(random, peerPublic) {
      const exponent = drawExponent(group, exponentBits, random);
      const secret = derive(group, exponent, peerPublic);
      return { publicValue: power(group, group.g, exponent), secret };
    },
  };
}

/** Of `exponentBits`, or as many as still keep it below (p-1)/2. */
function drawExponent(group: DhGroup, exponentBits: number, random: RandomSource): Uint8Array {
  return randomBytes(Math.floor(Math.min(exponentBits, bitLength(group.p) - 2) / 8), random);
}

function derive(group: DhGroup, exponent: Uint8Array, peerPublic: Uint8Array): Uint8Array {
  // RFC 8268 section 4: 1 < value < p-1. The bounds themselves would make the secret 0, 1 or p-1.
  const value = toBigInt(peerPublic);
  if (value <= 1n || value >= toBigInt(group.p) - 1n) {
    throw new WherryError('SSH_KEY_EXCHANGE', 'the Diffie-Hellman public value of the peer is out of range');
  }
  return power(group, peerPublic, exponent);
}

function power(group: DhGroup, base: Uint8Array, exponent: Uint8Array): Uint8Array {
  try {
    return modPower(base, exponent, group.p);
  } catch (cause) {
    throw new WherryError('SSH_KEY_EXCHANGE', 'the Diffie-Hellman values give no usable secret', {}, cause);
  }
}

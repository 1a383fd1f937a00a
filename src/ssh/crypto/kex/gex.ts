import { sameBytes } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import { LIMITS } from '../../../base/limits.ts';
import { randomBytes } from '../../../base/random.ts';
import { bitLength, fromBigInt, toBigInt } from './big-integer.ts';
import type { DhGroup } from './dh.ts';
import { DH_GROUPS } from './dh-groups.ts';
import { modPower } from './mod-power.ts';

/**
 * Judges the group a server sends for diffie-hellman-group-exchange (RFC 4419 section 3): size as asked for and
 * within LIMITS, p a safe prime, 1 < g < p-1. Throws SSH_KEY_EXCHANGE. A prime of RFC 3526 costs nothing; any
 * other some 25 ms at 2048 bits, 0.2 s at 4096 and 0.8 s at 8192.
 */
export function checkGroup(group: DhGroup, asked: { readonly min: number; readonly max: number }): void {
  const bits = bitLength(group.p);
  const min = Math.max(asked.min, LIMITS.dhGroupBitsMin.value);
  const max = Math.min(asked.max, LIMITS.dhGroupBitsMax.value);
  if (bits < min || bits > max) {
    throw new WherryError('SSH_KEY_EXCHANGE', `the server sent a group of ${bits} bits`, {
      expected: `${min} to ${max}`,
      actual: bits,
    });
  }
  const p = toBigInt(group.p);
  const g = toBigInt(group.g);
  if (g <= 1n || g >= p - 1n) throw unsound('its generator is out of range');
  if (isNamedPrime(group.p, bits)) return;
  if (!isSafePrime(p, bits)) throw unsound('its modulus is no safe prime');
}

function unsound(why: string): WherryError {
  return new WherryError('SSH_KEY_EXCHANGE', `the server sent an unsound group: ${why}`);
}

function isNamedPrime(prime: Uint8Array, bits: number): boolean {
  return Object.values(DH_GROUPS).some(
    (group) => group.bits === bits && sameBytes(group.p, prime.subarray(prime.length - group.p.length)),
  );
}

/**
 * p = 2q+1 with both prime. `checkPrime` of node:crypto would run 128 rounds for each, 15 s and more at 8192
 * bits. Few rounds do: the bases are ours, and whoever knows the server's secrets needs no weak group.
 */
function isSafePrime(p: bigint, bits: number): boolean {
  if (p % 4n !== 3n) return false;
  // With q prime, a composite p = 2q+1 fails nearly every base (Pocklington's criterion): one round is enough.
  return isProbablePrime(p, 1) && isProbablePrime((p - 1n) / 2n, bits > 6144 ? 2 : 4);
}

/** Miller and Rabin's test of an odd number with random bases: FIPS 186-5 appendix B.3.1. */
function isProbablePrime(n: bigint, rounds: number): boolean {
  let d = n - 1n;
  let twos = 0;
  while (d % 2n === 0n) {
    d /= 2n;
    twos++;
  }
  const modulus = fromBigInt(n);
  const exponent = fromBigInt(d + 1n);
  for (let round = 0; round < rounds; round++) {
    const base = randomBytes(modulus.length - 1);
    base[0]! |= 1;
    if (!passes(base, exponent, modulus, n, twos)) return false;
  }
  return true;
}

/**
 * a^d = 1, or a^(d 2^i) = -1 for some i below `twos`. OpenSSL refuses to give out 1 and -1, hence both sides
 * times a^(2^i): a^(d+1) = a, or (a^(d+1))^(2^i) = -a^(2^i).
 */
function passes(
  base: Uint8Array,
  exponent: Uint8Array,
  modulus: Uint8Array,
  n: bigint,
  twos: number,
): boolean {
  let a = toBigInt(base);
  let x: bigint;
  try {
    x = toBigInt(modPower(base, exponent, modulus));
  } catch {
    return false;
  }
  if (x === a) return true;
  for (let i = 0; i < twos; i++) {
    if (x === n - a) return true;
    x = (x * x) % n;
    a = (a * a) % n;
  }
  return false;
}

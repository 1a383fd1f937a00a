import { createHash } from 'node:crypto';
import { WherryError } from '../../../../base/errors.ts';
import { type RandomSource, randomBytes } from '../../../../base/random.ts';
import type { Encapsulated, Kem, KemKeyPair } from '../kem.ts';
import {
  decodeModQ,
  decodeRounded,
  encodeModQ,
  encodeRounded,
  encodeSmall,
  SMALL_LENGTH,
} from './encodings.ts';
import { MOD_3, MOD_Q, P, reduce, W } from './parameters.ts';
import { invert, multiply, type Polynomial, round, shortFrom, smallFrom } from './polynomials.ts';

const PUBLIC_KEY_LENGTH = 1158;
const CONFIRMATION_LENGTH = 32;
const ROUNDED_LENGTH = 1007;

/** One small polynomial in 3^19 has no inverse modulo 3: a second one means a broken random source. */
const MAX_DRAWS = 2;

/** 1/3 modulo Q. */
const THIRD = -1530;

/**
 * The key encapsulation of sntrup761x25519-sha512 (RFC 9941): Streamlined NTRU Prime, NIST submission of 2020. No
 * branch or address depends on a secret; it is always the same work.
 */
export const sntrup761: Kem = {
  publicKeyLength: PUBLIC_KEY_LENGTH,
  ciphertextLength: ROUNDED_LENGTH + CONFIRMATION_LENGTH,

  async generate(random): Promise<KemKeyPair> {
    const { g, inverse } = drawInvertible(random);
    const f = shortFrom(randomBytes(4 * P, random));
    // x^P - x - 1 is irreducible modulo Q, so there is an inverse.
    const thirdOfInverse = invert(f, MOD_Q)!.map((x) => reduce(THIRD * x, MOD_Q));
    const h = multiply(thirdOfInverse, g, MOD_Q);
    for (const spent of [g, thirdOfInverse]) spent.fill(0);
    const publicKey = encodeModQ(h);
    const substitute = randomBytes(SMALL_LENGTH, random);
    return {
      publicKey,
      decapsulate: (ciphertext) => decapsulate({ f, inverse, h, publicKey, substitute }, ciphertext),
    };
  },

  async encapsulate(random, publicKey): Promise<Encapsulated> {
    if (publicKey.length !== PUBLIC_KEY_LENGTH) {
      throw new WherryError('SSH_KEY_EXCHANGE', 'the peer sent an sntrup761 public key of the wrong length');
    }
    const r = shortFrom(randomBytes(4 * P, random));
    const encoded = encodeSmall(r);
    const ciphertext = hide(r, encoded, decodeModQ(publicKey), publicKey);
    r.fill(0);
    return { ciphertext, secret: session(1, encoded, ciphertext) };
  },
};

function drawInvertible(random: RandomSource): { g: Polynomial; inverse: Polynomial } {
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const g = smallFrom(randomBytes(4 * P, random));
    const inverse = invert(g, MOD_3);
    if (inverse !== undefined) return { g, inverse };
  }
  throw new WherryError('SSH_KEY_EXCHANGE', 'no sntrup761 key from the random source');
}

interface SecretKey {
  readonly f: Polynomial;
  /** 1/g modulo 3. */
  readonly inverse: Polynomial;
  readonly h: Polynomial;
  readonly publicKey: Uint8Array;
  /** Takes the place of what a forged ciphertext would have carried. */
  readonly substitute: Uint8Array;
}

/** A ciphertext nobody made with this key gives a secret nobody knows, in the same time. */
function decapsulate(key: SecretKey, ciphertext: Uint8Array): Uint8Array {
  const r = decrypt(decodeRounded(ciphertext.subarray(0, ROUNDED_LENGTH)), key);
  const encoded = encodeSmall(r);
  const again = hide(r, encoded, key.h, key.publicKey);
  let difference = 0;
  for (let i = 0; i < again.length; i++) difference |= again[i]! ^ ciphertext[i]!;
  const forged = -difference >> 31;
  for (let i = 0; i < encoded.length; i++) {
    encoded[i]! ^= forged & (encoded[i]! ^ key.substitute[i]!);
  }
  r.fill(0);
  return session(1 + forged, encoded, ciphertext);
}

/** The short polynomial a ciphertext carries; for one that carries none, always the same one. */
function decrypt(c: Polynomial, { f, inverse }: SecretKey): Polynomial {
  const tripled = multiply(c, f, MOD_Q).map((x) => reduce(reduce(3 * x, MOD_Q), MOD_3));
  const r = multiply(tripled, inverse, MOD_3);
  tripled.fill(0);
  let weight = 0;
  for (let i = 0; i < P; i++) weight += r[i]! & 1;
  const wrong = -(weight ^ W) >> 31;
  for (let i = 0; i < P; i++) {
    const filler = i < W ? 1 : 0;
    r[i]! ^= wrong & (r[i]! ^ filler);
  }
  return r;
}

/** Encrypts r and confirms it. */
function hide(r: Polynomial, encoded: Uint8Array, h: Polynomial, publicKey: Uint8Array): Uint8Array {
  const c = encodeRounded(round(multiply(h, r, MOD_Q)));
  return Buffer.concat([c, hash(2, hash(3, encoded), hash(4, publicKey))]);
}

function session(kind: number, encoded: Uint8Array, ciphertext: Uint8Array): Uint8Array {
  return hash(kind, hash(3, encoded), ciphertext);
}

/** The first half of SHA-512, each use with a number of its own in front. */
function hash(use: number, ...parts: Uint8Array[]): Uint8Array {
  const sha512 = createHash('sha512').update(Uint8Array.of(use));
  for (const part of parts) sha512.update(part);
  return sha512.digest().subarray(0, 32);
}

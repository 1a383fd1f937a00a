/** The numbers of keys by their JWK names (RFC 7518 section 6), into node:crypto and out of it. */
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { withoutZeros } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { DerReader } from './der.ts';
import { derBitString, derInteger, derOctetString, derOid, derSequence } from './der-writer.ts';

/** A JWK, or `kty: 'DSA'` with p, q, g, y and x, for which no JWK is defined. All numbers are base64url. */
export interface KeyNumbers extends JsonWebKey {
  g?: string;
}

const DSA = '1.2.840.10040.4.1';

export function importPublicNumbers(numbers: KeyNumbers): KeyObject {
  if (numbers.kty !== 'DSA') return createPublicKey({ key: numbers, format: 'jwk' });
  const der = derSequence(dsaAlgorithm(numbers), derBitString(derInteger(fromBase64url(numbers.y))));
  return createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' });
}

export function importPrivateNumbers(numbers: KeyNumbers): KeyObject {
  checkPrivate(numbers);
  if (numbers.kty !== 'DSA') return createPrivateKey({ key: numbers, format: 'jwk' });
  const x = derOctetString(derInteger(fromBase64url(numbers.x)));
  const der = derSequence(derInteger(Uint8Array.of(0)), dsaAlgorithm(numbers), x);
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
}

/** The numbers of a key, the private ones too where it is a private key. */
export function exportNumbers(key: KeyObject): KeyNumbers {
  if (key.asymmetricKeyType !== 'dsa') return key.export({ format: 'jwk' });
  const pair = key.type === 'private' ? createPublicKey(key) : key;
  const info = new DerReader(pair.export({ format: 'der', type: 'spki' })).sequence();
  const algorithm = info.sequence();
  algorithm.oid();
  const parameters = algorithm.sequence();
  const [p, q, g] = [parameters.bigInteger(), parameters.bigInteger(), parameters.bigInteger()];
  const y = new DerReader(info.bitString()).bigInteger();
  const numbers: KeyNumbers = { kty: 'DSA', ...named({ p, q, g, y }) };
  if (key.type !== 'private') return numbers;
  const secret = new DerReader(key.export({ format: 'der', type: 'pkcs8' })).sequence();
  secret.integer();
  secret.sequence();
  return { ...numbers, ...named({ x: new DerReader(secret.octetString()).bigInteger() }) };
}

/**
 * Throws where a private number is longer than its key allows: OpenSSL would work with it for minutes. Of DSA the public
 * numbers are checked too, for OpenSSL computes y from whatever they are.
 */
export function checkPrivate(numbers: KeyNumbers): void {
  const digits = (name: keyof KeyNumbers): Uint8Array => withoutZeros(fromBase64url(numbers[name] as string));
  const size = (name: keyof KeyNumbers): number => digits(name).length;
  let fits = true;
  if (numbers.kty === 'DSA') {
    const y = numbers.y === undefined ? undefined : digits('y');
    checkDsa(digits('p'), digits('q'), digits('g'), y);
    fits = size('x') <= size('q');
  } else if (numbers.kty === 'RSA') {
    const most = size('n');
    const [p, q] = [size('p'), size('q')];
    fits = p < most && q < most && p + q <= most + 1 && RSA_PRIVATE.every((name) => size(name) <= most);
  }
  if (fits) return;
  throw new WherryError('KEY_FORMAT', 'the key is damaged: a private number is longer than the key allows');
}

const RSA_PRIVATE = ['d', 'dp', 'dq', 'qi'] as const;

/** Throws unless an RSA modulus and exponent (big-endian, no leading zero) can belong to a sound key. */
export function checkRsa(e: Uint8Array, n: Uint8Array): void {
  const bits = bitLength(n);
  const { rsaBitsMin: min, rsaBitsMax: max } = LIMITS;
  if (bits < min.value || bits > max.value) {
    throw wrongSize('ssh-rsa', 'an RSA key', `${min.value} to ${max.value}`, bits, {
      limit: bits < min.value ? 'rsaBitsMin' : 'rsaBitsMax',
    });
  }
  // FIPS 186-5 section A.1.1: an odd exponent below 2^256.
  const one = e.length === 1 && e[0] === 1;
  if (e.length === 0 || e.length > 32 || one || (e.at(-1)! & 1) === 0 || (n.at(-1)! & 1) === 0) {
    throw new WherryError('KEY_FORMAT', 'the key is damaged: its RSA numbers make no valid key');
  }
}

/** Throws unless the numbers of a DSA key are those of RFC 4253 section 6.6: p of 1024 bits, q of 160. */
export function checkDsa(p: Uint8Array, q: Uint8Array, g: Uint8Array, y?: Uint8Array): void {
  if (bitLength(p) !== 1024) throw wrongSize('ssh-dss', 'a DSA key', '1024', bitLength(p));
  if (bitLength(q) !== 160) throw wrongSize('ssh-dss', 'a DSA key with a q', '160', bitLength(q));
  const [prime, order, generator] = [toBig(p), toBig(q), toBig(g)];
  // FIPS 186-4 section A.1: q divides p - 1.
  const group = (prime & 1n) === 1n && (order & 1n) === 1n && prime % order === 1n;
  if (!group || generator < 2n || generator >= prime) {
    throw new WherryError('KEY_FORMAT', 'the key is damaged: its DSA numbers make no valid key');
  }
  if (y === undefined) return;
  const value = toBig(y);
  if (value < 2n || value >= prime) {
    throw new WherryError('KEY_FORMAT', 'the key is damaged: its public number is out of range');
  }
}

export function bitLength(digits: Uint8Array): number {
  return digits.length === 0 ? 0 : digits.length * 8 - Math.clz32(digits[0]!) + 24;
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

export function fromBase64url(text: string | undefined): Uint8Array {
  return Buffer.from(text ?? '', 'base64url');
}

/** Numbers as base64url under their names. */
export function named(numbers: Readonly<Record<string, Uint8Array>>): Record<string, string> {
  return Object.fromEntries(Object.entries(numbers).map(([name, bytes]) => [name, base64url(bytes)]));
}

export function toBig(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
}

export function fromBig(value: bigint): Uint8Array {
  const hex = value.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

function dsaAlgorithm({ p, q, g }: KeyNumbers): Uint8Array {
  const numbers = [p, q, g].map((number) => derInteger(fromBase64url(number)));
  return derSequence(derOid(DSA), derSequence(...numbers));
}

function wrongSize(
  keyType: string,
  what: string,
  expected: string,
  actual: number,
  more: { limit?: string } = {},
): WherryError {
  const details = { keyType, expected, actual, ...more };
  return new WherryError('KEY_UNSUPPORTED', `${what} of ${actual} bits; ${expected} are taken`, details);
}

import { createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';

/**
 * `base ** exponent mod modulus` in OpenSSL, in constant time: a Diffie-Hellman key pair whose private half is
 * `exponent`. All numbers are big-endian magnitudes; 1 < base < modulus - 1, and the modulus is odd. Throws
 * where the result is 0, 1 or modulus - 1.
 *
 * `createDiffieHellman` is no way to it: it tests the modulus for primality, which takes OpenSSL 3.5 half a
 * minute at 8192 bits.
 */
export function modPower(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Uint8Array {
  const algorithm = sequence(DH_KEY_AGREEMENT, sequence(integer(modulus), GENERATOR));
  const encoded = sequence(VERSION_0, algorithm, element(OCTET_STRING, integer(exponent)));
  const privateKey = createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  const point = element(BIT_STRING, NO_UNUSED_BITS, integer(base));
  const publicKey = createPublicKey({ key: sequence(algorithm, point), format: 'der', type: 'spki' });
  return diffieHellman({ privateKey, publicKey });
}

const INTEGER = 0x02;
const BIT_STRING = 0x03;
const OCTET_STRING = 0x04;
const SEQUENCE = 0x30;

const NO_UNUSED_BITS = Buffer.of(0);
const VERSION_0 = Buffer.of(INTEGER, 1, 0);
/** PKCS#3 dhKeyAgreement, 1.2.840.113549.1.3.1. */
const DH_KEY_AGREEMENT = Buffer.from('06092a864886f70d010301', 'hex');
/** Takes no part in the result. Were it 2, OpenSSL would know the RFC 3526 groups and add a costly check. */
const GENERATOR = Buffer.of(INTEGER, 1, 3);

/** DER, X.690 section 8.1. */
function element(tag: number, ...parts: Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), ...parts]);
}

function sequence(...parts: Uint8Array[]): Buffer {
  return element(SEQUENCE, ...parts);
}

function integer(magnitude: Uint8Array): Buffer {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const digits = magnitude.subarray(start);
  return (digits[0]! & 0x80) === 0 ? element(INTEGER, digits) : element(INTEGER, Buffer.of(0), digits);
}

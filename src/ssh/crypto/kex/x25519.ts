import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { sameBytes } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import type { RandomSource } from '../../../base/random.ts';
import type { KeyAgreement } from './agreement.ts';

/** A curve of RFC 7748. */
interface Curve {
  readonly name: 'X25519' | 'X448';
  readonly length: number;
  /** What stands before the bytes of a key in the PKCS#8 and SubjectPublicKeyInfo forms (RFC 8410 sections 4 and 7). */
  readonly privateHead: Uint8Array;
  readonly publicHead: Uint8Array;
}

/** curve25519-sha256 (RFC 8731). */
export const x25519: KeyAgreement = montgomery({
  name: 'X25519',
  length: 32,
  privateHead: Buffer.from('302e020100300506032b656e04220420', 'hex'),
  publicHead: Buffer.from('302a300506032b656e032100', 'hex'),
});

/** curve448-sha512 (RFC 8731). */
export const x448: KeyAgreement = montgomery({
  name: 'X448',
  length: 56,
  privateHead: Buffer.from('3046020100300506032b656f043a0438', 'hex'),
  publicHead: Buffer.from('3042300506032b656f033900', 'hex'),
});

function montgomery(curve: Curve): KeyAgreement {
  return {
    async initiate(random) {
      const { privateKey, publicValue } = generate(curve, random);
      return { publicValue, finish: (peerPublic) => derive(curve, privateKey, peerPublic) };
    },
    async respond(random, peerPublic) {
      const { privateKey, publicValue } = generate(curve, random);
      return { publicValue, secret: derive(curve, privateKey, peerPublic) };
    },
  };
}

function generate(curve: Curve, random: RandomSource): { privateKey: KeyObject; publicValue: Uint8Array } {
  const { privateHead, publicHead, length } = curve;
  const encoded = Buffer.alloc(privateHead.length + length);
  encoded.set(privateHead);
  random.fill(encoded.subarray(privateHead.length));
  const privateKey = createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  encoded.fill(0);
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, publicValue: spki.subarray(publicHead.length) };
}

function derive(
  { name, length, publicHead }: Curve,
  privateKey: KeyObject,
  peerPublic: Uint8Array,
): Uint8Array {
  // RFC 8731 section 3: a public value of any other length, or an all-zero result, aborts the exchange.
  if (peerPublic.length !== length) {
    throw new WherryError('SSH_KEY_EXCHANGE', `the ${name} public value of the peer has the wrong length`, {
      expected: length,
      actual: peerPublic.length,
    });
  }
  const smallOrder = (cause?: unknown): WherryError =>
    new WherryError('SSH_KEY_EXCHANGE', `the ${name} public value of the peer has small order`, {}, cause);
  const key = Buffer.concat([publicHead, peerPublic]);
  const publicKey = createPublicKey({ key, format: 'der', type: 'spki' });
  let secret: Uint8Array;
  try {
    secret = diffieHellman({ privateKey, publicKey });
  } catch (cause) {
    // OpenSSL refuses an all-zero result by itself.
    throw smallOrder(cause);
  }
  if (sameBytes(secret, new Uint8Array(length))) throw smallOrder();
  return secret;
}

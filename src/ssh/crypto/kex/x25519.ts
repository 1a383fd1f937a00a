import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from 'node:crypto';
import { sameBytes } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import type { RandomSource } from '../../../base/random.ts';
import type { KeyAgreement } from './agreement.ts';

const LENGTH = 32;
const ZERO = new Uint8Array(LENGTH);

/** What stands before the 32 bytes in the PKCS#8 and SubjectPublicKeyInfo forms (RFC 8410 sections 4 and 7). */
const PRIVATE_HEAD = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_HEAD = Buffer.from('302a300506032b656e032100', 'hex');

/** curve25519-sha256 (RFC 8731): the X25519 function of RFC 7748. */
export const x25519: KeyAgreement = {
  async initiate(random) {
    const { privateKey, publicValue } = generate(random);
    return { publicValue, finish: (peerPublic) => derive(privateKey, peerPublic) };
  },
  async respond(random, peerPublic) {
    const { privateKey, publicValue } = generate(random);
    return { publicValue, secret: derive(privateKey, peerPublic) };
  },
};

function generate(random: RandomSource): { privateKey: KeyObject; publicValue: Uint8Array } {
  const encoded = Buffer.alloc(PRIVATE_HEAD.length + LENGTH);
  encoded.set(PRIVATE_HEAD);
  random.fill(encoded.subarray(PRIVATE_HEAD.length));
  const privateKey = createPrivateKey({ key: encoded, format: 'der', type: 'pkcs8' });
  encoded.fill(0);
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, publicValue: spki.subarray(PUBLIC_HEAD.length) };
}

function derive(privateKey: KeyObject, peerPublic: Uint8Array): Uint8Array {
  // RFC 8731 section 3: a public value of any other length, or an all-zero result, aborts the exchange.
  if (peerPublic.length !== LENGTH) {
    throw new WherryError('SSH_KEY_EXCHANGE', 'the X25519 public value of the peer has the wrong length', {
      expected: LENGTH,
      actual: peerPublic.length,
    });
  }
  const key = Buffer.concat([PUBLIC_HEAD, peerPublic]);
  const secret = diffieHellmanOrThrow(privateKey, createPublicKey({ key, format: 'der', type: 'spki' }));
  if (sameBytes(secret, ZERO)) throw smallOrder();
  return secret;
}

/** OpenSSL refuses an all-zero result by itself. */
function diffieHellmanOrThrow(privateKey: KeyObject, publicKey: KeyObject): Uint8Array {
  try {
    return diffieHellman({ privateKey, publicKey });
  } catch (cause) {
    throw smallOrder(cause);
  }
}

function smallOrder(cause?: unknown): WherryError {
  return new WherryError(
    'SSH_KEY_EXCHANGE',
    'the X25519 public value of the peer has small order',
    {},
    cause,
  );
}

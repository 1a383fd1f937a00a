import { createECDH, type ECDH } from 'node:crypto';
import { WherryError } from '../../../base/errors.ts';
import { type RandomSource, randomBytes } from '../../../base/random.ts';
import type { KeyAgreement } from './agreement.ts';

/** One NIST curve of RFC 5656 section 10.1. */
interface Curve {
  /** node:crypto's name. */
  readonly openssl: string;
  readonly fieldBytes: number;
  /** Mask for the top byte of a private scalar, so that most draws fall below the group order. */
  readonly topMask: number;
}

const UNCOMPRESSED = 0x04;

/** More draws than this in a row above the order of a curve means a broken random source. */
const MAX_DRAWS = 64;

export const nistp256: KeyAgreement = ecdh({ openssl: 'prime256v1', fieldBytes: 32, topMask: 0xff });
export const nistp384: KeyAgreement = ecdh({ openssl: 'secp384r1', fieldBytes: 48, topMask: 0xff });
export const nistp521: KeyAgreement = ecdh({ openssl: 'secp521r1', fieldBytes: 66, topMask: 0x01 });

/** Elliptic-curve Diffie-Hellman of RFC 5656 section 4; the secret is the x coordinate at full field length. */
function ecdh(curve: Curve): KeyAgreement {
  return {
    async initiate(random) {
      const own = generate(curve, random);
      return { publicValue: own.getPublicKey(), finish: (peerPublic) => derive(curve, own, peerPublic) };
    },
    async respond(random, peerPublic) {
      const own = generate(curve, random);
      return { publicValue: own.getPublicKey(), secret: derive(curve, own, peerPublic) };
    },
  };
}

/** FIPS 186-5 appendix A.2.2: draw again until the scalar lies in [1, n-1], which OpenSSL checks. */
function generate(curve: Curve, random: RandomSource): ECDH {
  const own = createECDH(curve.openssl);
  let refused: unknown;
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const scalar = randomBytes(curve.fieldBytes, random);
    scalar[0]! &= curve.topMask;
    try {
      own.setPrivateKey(scalar);
      return own;
    } catch (cause) {
      refused = cause;
    } finally {
      scalar.fill(0);
    }
  }
  throw new WherryError(
    'SSH_KEY_EXCHANGE',
    `no private scalar for ${curve.openssl} from the random source`,
    {},
    refused,
  );
}

function derive(curve: Curve, own: ECDH, peerPublic: Uint8Array): Uint8Array {
  const expected = 1 + 2 * curve.fieldBytes;
  if (peerPublic.length !== expected || peerPublic[0] !== UNCOMPRESSED) {
    throw new WherryError('SSH_KEY_EXCHANGE', `the peer sent no uncompressed point of ${curve.openssl}`, {
      expected,
      actual: peerPublic.length,
    });
  }
  try {
    return own.computeSecret(peerPublic);
  } catch (cause) {
    throw new WherryError(
      'SSH_KEY_EXCHANGE',
      `the peer sent a point that is not on ${curve.openssl}`,
      {},
      cause,
    );
  }
}

import { createPrivateKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { fromUtf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { type SignatureName, signaturesForKey, signData, verifySignature } from '../crypto/signatures.ts';
import { asKeyErrors, encodePublicKey, type PublicKey, parsePublicKey } from './public-key.ts';

/** A private key that can sign. The secret numbers stay inside node:crypto. */
export interface PrivateKey {
  readonly publicKey: PublicKey;
  /** The comment of the file, or an empty text where its format has none. */
  readonly comment: string;
  /** The signature blob of `data` (RFC 4253 section 6.6); INVALID_ARGUMENT when the key is of another type. */
  sign(algorithm: SignatureName, data: Uint8Array): Uint8Array;
}

/**
 * A private key from its node:crypto object, once it has signed a probe that its public half verifies: a file
 * whose halves differ, or whose numbers are damaged, ends here with KEY_FORMAT.
 */
export function makePrivateKey(key: KeyObject, comment: string): PrivateKey {
  const publicKey = asKeyErrors(() => parsePublicKey(encodePublicKey(key)));
  const [algorithm] = signaturesForKey(publicKey.type);
  if (algorithm === undefined || !provesItself(algorithm, key, publicKey)) {
    throw new WherryError('KEY_FORMAT', 'the key is damaged: its private and its public half do not match');
  }
  return { publicKey, comment, sign: (name, data) => signData(name, key, data) };
}

/** A private key from the numbers of a file (RFC 7517 names). */
export function importPrivateJwk(jwk: JsonWebKey): KeyObject {
  return asKeyErrors(() => createPrivateKey({ key: jwk, format: 'jwk' }));
}

function provesItself(algorithm: SignatureName, key: KeyObject, publicKey: PublicKey): boolean {
  const probe = fromUtf8('wherry key check');
  try {
    return verifySignature(algorithm, publicKey.key, probe, signData(algorithm, key, probe));
  } catch {
    return false;
  }
}

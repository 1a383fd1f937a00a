import { type KeyObject, sign, verify } from 'node:crypto';
import { fromUtf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { type SignatureName, signData } from '../crypto/signatures.ts';
import type { WorkBudget } from './formats/work-budget.ts';
import { importPrivateNumbers, type KeyNumbers } from './key-numbers.ts';
import { asKeyErrors, encodePublicKey, type PublicKey, parsePublicKey } from './public-key.ts';

/** A private key that can sign. The secret numbers stay inside node:crypto. */
export interface PrivateKey {
  readonly publicKey: PublicKey;
  /** The comment of the file, or an empty text where its format has none. */
  readonly comment: string;
  /** The signature blob of `data` (RFC 4253 section 6.6); INVALID_ARGUMENT when the key is of another type. */
  sign(algorithm: SignatureName, data: Uint8Array): Uint8Array;
}

/** The secret halves of the keys made here, out of reach of anything that looks at the key itself. */
const SECRETS = new WeakMap<PrivateKey, KeyObject>();

/**
 * A private key from its node:crypto object, once it has signed a probe that its public half verifies: a file
 * whose halves differ, or whose numbers are damaged, ends here with KEY_FORMAT.
 */
export function makePrivateKey(key: KeyObject, comment: string, budget: WorkBudget): PrivateKey {
  const publicKey = asKeyErrors(() => parsePublicKey(encodePublicKey(key)));
  budget.spendKey(publicKey, 'prove');
  if (!provesItself(key, publicKey.key)) {
    throw new WherryError('KEY_FORMAT', 'the key is damaged: its private and its public half do not match');
  }
  const made: PrivateKey = { publicKey, comment, sign: (name, data) => signData(name, key, data) };
  SECRETS.set(made, key);
  return made;
}

/** The secret half; undefined for a key that lives elsewhere: in a token, or behind a caller's own object. */
export function secretHalf(key: PrivateKey): KeyObject | undefined {
  return SECRETS.get(key);
}

/** A private key from the numbers of a file. */
export function importPrivate(numbers: KeyNumbers): KeyObject {
  return asKeyErrors(() => importPrivateNumbers(numbers));
}

function provesItself(key: KeyObject, publicKey: KeyObject): boolean {
  const probe = fromUtf8('wherry key check');
  const hash = key.asymmetricKeyType?.startsWith('ed') ? null : 'sha256';
  try {
    return verify(hash, probe, publicKey, sign(hash, probe, key));
  } catch {
    return false;
  }
}

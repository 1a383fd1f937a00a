/** Encrypted PKCS#8 (RFC 5208 section 6). */
import type { KeyObject } from 'node:crypto';
import { isWherryError } from '../../../base/errors.ts';
import { DER_TAGS, DerReader } from '../der.ts';
import { damaged, passphraseWrong } from './key-errors.ts';
import { openEncrypted, type Passphrase } from './password-encryption.ts';
import { importDer } from './private-der.ts';
import type { WorkBudget } from './work-budget.ts';

/** The PrivateKeyInfo inside an EncryptedPrivateKeyInfo. */
export function decryptPkcs8(der: Uint8Array, passphrase: () => Passphrase, budget: WorkBudget): Uint8Array {
  const info = new DerReader(der).sequence();
  const algorithm = info.sequence();
  if (info.peek() !== DER_TAGS.octetString) throw damaged('its encrypted part is missing');
  const data = info.octetString();
  if (data.length === 0) throw damaged('its encrypted part is missing');
  return openEncrypted(algorithm, data, passphrase, budget);
}

/** The key of an EncryptedPrivateKeyInfo. */
export function importEncryptedPkcs8(
  der: Uint8Array,
  passphrase: () => Passphrase,
  budget: WorkBudget,
): KeyObject {
  return importDecrypted(decryptPkcs8(der, passphrase, budget));
}

/** The key that came out of a cipher. What is no key means the passphrase was wrong. `plain` is overwritten. */
export function importDecrypted(plain: Uint8Array): KeyObject {
  try {
    return importDer(plain);
  } catch (error) {
    if (isWherryError(error) && error.code === 'KEY_UNSUPPORTED') throw error;
    throw passphraseWrong(false, isWherryError(error) ? error.cause : error);
  } finally {
    plain.fill(0);
  }
}

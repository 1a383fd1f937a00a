/** Private keys that node:crypto reads by itself: PKCS#1, SEC1, DSA and PKCS#8, plain; and PKCS#8 encrypted. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { view } from '../../../base/bytes.ts';
import { isWherryError } from '../../../base/errors.ts';
import { DER_TAGS, DerReader } from '../der.ts';
import { named } from '../key-numbers.ts';
import { importPrivate } from '../key-pair.ts';
import { damaged, passphraseWrong } from './key-errors.ts';
import { openEncrypted, type Passphrase } from './password-encryption.ts';
import type { WorkBudget } from './work-budget.ts';

/** PKCS#1 (RFC 8017 appendix A.1.2), SEC1 (RFC 5915) or PKCS#8 (RFC 5208, RFC 5958), DER. */
export function importDer(der: Uint8Array, type: 'pkcs1' | 'sec1' | 'pkcs8'): KeyObject {
  try {
    return createPrivateKey({ key: view(der), format: 'der', type });
  } catch (error) {
    throw damaged('node:crypto cannot read it', error);
  }
}

/** OpenSSL's own form of a DSA key: version, p, q, g, y, x. */
export function importDsaDer(der: Uint8Array): KeyObject {
  const list = new DerReader(der).sequence();
  list.integer();
  const [p, q, g] = [list.bigInteger(), list.bigInteger(), list.bigInteger()];
  const [y, x] = [list.bigInteger(), list.bigInteger()];
  list.end();
  return importPrivate({ kty: 'DSA', ...named({ p, q, g, y, x }) });
}

/** The PrivateKeyInfo inside an EncryptedPrivateKeyInfo (RFC 5208 section 6). */
export function decryptPkcs8(der: Uint8Array, passphrase: () => Passphrase, budget: WorkBudget): Uint8Array {
  const info = new DerReader(der).sequence();
  const algorithm = info.sequence();
  if (info.peek() !== DER_TAGS.octetString) throw damaged('its encrypted part is missing');
  const data = info.octetString();
  if (data.length === 0) throw damaged('its encrypted part is missing');
  return openEncrypted(algorithm, data, passphrase, budget);
}

/** The key of an EncryptedPrivateKeyInfo. What comes out and is no key means the passphrase was wrong. */
export function importEncryptedPkcs8(
  der: Uint8Array,
  passphrase: () => Passphrase,
  budget: WorkBudget,
): KeyObject {
  const plain = decryptPkcs8(der, passphrase, budget);
  try {
    return importDer(plain, 'pkcs8');
  } catch (error) {
    throw passphraseWrong(false, isWherryError(error) ? error.cause : error);
  } finally {
    plain.fill(0);
  }
}

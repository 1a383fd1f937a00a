/** A private key that stays on a PKCS#11 token and signs there. */
import { createHash } from 'node:crypto';
import type { SignatureRow } from '../crypto/signatures.ts';
import { DER_TAGS } from './der.ts';
import { derElement, derOctetString, derOid, derSequence } from './der-writer.ts';
import { keyElsewhere } from './key-elsewhere.ts';
import type { PrivateKey } from './key-pair.ts';
import { asTokenErrors, CKM, type Pkcs11 } from './pkcs11-module.ts';
import type { PublicKey } from './public-key.ts';

const MAX_SIGNATURE = 2048;

export function tokenKey(
  api: Pkcs11,
  session: Buffer,
  handle: Buffer,
  comment: string,
  publicKey: PublicKey,
): PrivateKey {
  const sign = (mechanism: number, input: Uint8Array): Uint8Array =>
    asTokenErrors('signing', () => {
      api.C_SignInit(session, { mechanism, parameter: null }, handle);
      return api.C_Sign(session, Buffer.from(input), Buffer.alloc(MAX_SIGNATURE));
    });
  return keyElsewhere(publicKey, comment, 'a token', {
    rsa: (row, data) => sign(CKM.rsaPkcs, digestInfo(row, data)),
    ec: (row, data) => sign(CKM.ecdsa, createHash(row.hash!).update(data).digest()),
    ed25519: (_row, data) => sign(CKM.eddsa, data),
  });
}

const HASH_OIDS: Readonly<Record<string, string>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
  sha512: '2.16.840.1.101.3.4.2.3',
};

/** RFC 8017 section 9.2: the DigestInfo a PKCS#1 signature is over; every token can do that much. */
function digestInfo(row: SignatureRow, data: Uint8Array): Uint8Array {
  const hash = row.hash!;
  const digest = createHash(hash).update(data).digest();
  const algorithm = derSequence(derOid(HASH_OIDS[hash]!), derElement(DER_TAGS.null));
  return derSequence(algorithm, derOctetString(digest));
}

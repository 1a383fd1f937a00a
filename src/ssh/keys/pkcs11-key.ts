/** A private key that stays on a PKCS#11 token and signs there. */
import { createHash } from 'node:crypto';
import { WherryError } from '../../base/errors.ts';
import { SIGNATURE_ALGORITHMS, type SignatureName, type SignatureRow } from '../crypto/signatures.ts';
import { WireWriter } from '../wire/writer.ts';
import { DER_TAGS } from './der.ts';
import { derElement, derOctetString, derOid, derSequence } from './der-writer.ts';
import { unsupported } from './formats/key-errors.ts';
import type { PrivateKey } from './key-pair.ts';
import { asTokenErrors, CKM, type Pkcs11 } from './pkcs11-module.ts';
import type { PublicKey } from './public-key.ts';

export function tokenKey(
  api: Pkcs11,
  session: Buffer,
  handle: Buffer,
  comment: string,
  publicKey: PublicKey,
): PrivateKey {
  return {
    publicKey,
    comment,
    sign(name: SignatureName, data: Uint8Array): Uint8Array {
      const row: SignatureRow = SIGNATURE_ALGORITHMS[name];
      if (row.keyType !== publicKey.type) {
        const text = `a key of type ${publicKey.type} cannot make ${name} signatures`;
        throw new WherryError('INVALID_ARGUMENT', text, { keyType: publicKey.type });
      }
      const form = TOKEN_SIGNATURES[row.family];
      if (form === undefined) throw unsupported(`${name} signatures by a token`, publicKey.type);
      const input = Buffer.from(form.input(row, data));
      const signature = asTokenErrors('signing', () => {
        api.C_SignInit(session, { mechanism: form.mechanism, parameter: null }, handle);
        return api.C_Sign(session, input, Buffer.alloc(MAX_SIGNATURE));
      });
      return new WireWriter().text(name).string(form.toWire(signature)).finish();
    },
  };
}

const MAX_SIGNATURE = 2048;

/** How a token is asked for a signature of a family, and what its answer becomes. */
interface TokenSignature {
  readonly mechanism: number;
  input(row: SignatureRow, data: Uint8Array): Uint8Array;
  toWire(signature: Uint8Array): Uint8Array;
}

const TOKEN_SIGNATURES: Readonly<Record<string, TokenSignature>> = {
  rsa: { mechanism: CKM.rsaPkcs, input: digestInfo, toWire: (signature) => signature },
  ec: {
    mechanism: CKM.ecdsa,
    input: (row, data) => createHash(row.hash!).update(data).digest(),
    toWire(signature) {
      const half = signature.length / 2;
      return new WireWriter().mpint(signature.subarray(0, half)).mpint(signature.subarray(half)).finish();
    },
  },
  ed25519: { mechanism: CKM.eddsa, input: (_row, data) => data, toWire: (signature) => signature },
};

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

import { WherryError } from '../../base/errors.ts';
import {
  SIGNATURE_ALGORITHMS,
  type SignatureName,
  type SignatureRow,
  signatureBlob,
} from '../crypto/signatures.ts';
import { unsupported } from './formats/key-errors.ts';
import type { PrivateKey } from './key-pair.ts';
import type { PublicKey } from './public-key.ts';

/** Makes a signature as node:crypto would: of ECDSA both numbers at full length. */
export type Signer = (row: SignatureRow, data: Uint8Array) => Uint8Array;

/** A private key that stays where it is and signs there; `signers` has the families `owner` can sign for. */
export function keyElsewhere(
  publicKey: PublicKey,
  comment: string,
  owner: string,
  signers: Readonly<Partial<Record<SignatureRow['family'], Signer>>>,
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
      const signer = signers[row.family];
      if (signer === undefined) throw unsupported(`${name} signatures by ${owner}`, publicKey.type);
      return signatureBlob(name, signer(row, data));
    },
  };
}

/** A key shown in the X.509 chain that vouches for it (RFC 6187). */
import { type HostKeyAlgorithm, x509AlgorithmsFor } from '../crypto/certificate-algorithms.ts';
import type { PrivateKey } from '../keys/private-key.ts';
import { type PublicKey, samePublicKey } from '../keys/public-key.ts';
import { issuersOf } from '../keys/x509/issuers.ts';
import type { X509 } from '../keys/x509/x509.ts';
import { encodeX509Key } from '../keys/x509-key.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import type { Signer } from './public-key.ts';

/** The first certificate for a key, then those that lead upwards from it; undefined where none is for it. */
export function chainFor(key: PublicKey, certificates: readonly X509[]): readonly X509[] | undefined {
  const own = certificates.find(({ publicKey }) => publicKey !== undefined && samePublicKey(publicKey, key));
  return own === undefined ? undefined : [own, ...issuersOf(own, certificates)];
}

/**
 * The key under its chain, once for each algorithm to be tried: those the caller names, and those the server announces,
 * as far as the caller allows them. A server that says nothing of X.509 is not bothered with it unasked, for each refused
 * key counts.
 */
export function x509Signers(
  key: PrivateKey,
  chain: readonly X509[],
  allowed: readonly string[] | undefined,
  announced: readonly string[] | undefined,
): Signer[] {
  const shown = x509AlgorithmsFor(key.publicKey.type).filter(({ name, signature, security }) => {
    if (allowed?.includes(name)) return true;
    const may = allowed === undefined ? security !== 'insecure' : allowed.includes(signature);
    return may && announced?.includes(name) === true;
  });
  const ders = chain.map(({ raw }) => raw);
  return shown.map((row) => ({
    publicKey: { type: row.blobType, blob: encodeX509Key(row.blobType, ders) },
    algorithm: row.name,
    sign: async (_name, data) => underX509Name(row, await key.sign(row.signature, data)),
  }));
}

/** RFC 6187 section 3 has names of its own in some signatures. */
function underX509Name({ signatureNames }: HostKeyAlgorithm, signature: Uint8Array): Uint8Array {
  const reader = new WireReader(signature, 0, 'signature');
  reader.text();
  return new WireWriter(1024).text(signatureNames[0]!).raw(reader.rest()).finish();
}

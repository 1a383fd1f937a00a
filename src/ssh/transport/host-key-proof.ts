import { WherryError } from '../../base/errors.ts';
import {
  type CertificateKind,
  HOST_KEY_ALGORITHMS,
  type HostKeyAlgorithm,
} from '../crypto/certificate-algorithms.ts';
import { verifySignature } from '../crypto/signatures.ts';
import { fingerprint } from '../keys/fingerprint.ts';
import { type PublicKey, parsePublicKey } from '../keys/public-key.ts';
import { parseSshCertificate, type SshCertificate } from '../keys/ssh-certificate.ts';
import { parseX509Key, type X509Key } from '../keys/x509-key.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import type { PresentedHostKey } from './options.ts';

/** What a server shows in a key exchange. */
interface Proof {
  readonly hostKey: Uint8Array;
  readonly exchangeHash: Uint8Array;
  readonly signature: Uint8Array;
}

interface Shown {
  readonly key: PublicKey;
  readonly certificate?: SshCertificate;
  readonly x509?: X509Key;
}

/**
 * The host key, once its signature over the exchange hash is verified; SSH_HOST_KEY_SIGNATURE where it is not good.
 * What a certificate says of the key is for the trust source to judge.
 */
export function proveHostKey(algorithmName: string, proof: Proof): PresentedHostKey {
  const algorithm = HOST_KEY_ALGORITHMS.get(algorithmName)!;
  const shown = readHostKey(algorithm, proof.hostKey);
  const print = fingerprint(shown.key.blob, 'sha256');
  const signature = underOwnName(algorithm, proof.signature);
  const type = shown.certificate?.type ?? shown.x509?.type ?? shown.key.type;
  const valid =
    type === algorithm.blobType &&
    signature !== undefined &&
    verifySignature(algorithm.signature, shown.key.key, proof.exchangeHash, signature, shown.key.application);
  if (!valid) {
    const text = `the server cannot prove that it owns host key ${print}`;
    throw new WherryError('SSH_HOST_KEY_SIGNATURE', text, { fingerprint: print, keyType: shown.key.type });
  }
  return { ...shown, algorithm: algorithmName, fingerprint: print };
}

function readHostKey(algorithm: HostKeyAlgorithm, blob: Uint8Array): Shown {
  try {
    return KINDS[algorithm.kind ?? 'plain'](blob, algorithm);
  } catch (error) {
    const text = `the server's host key is unusable: ${(error as Error).message}`;
    throw new WherryError('SSH_KEY_EXCHANGE', text, {}, error);
  }
}

const KINDS: Record<CertificateKind | 'plain', (blob: Uint8Array, algorithm: HostKeyAlgorithm) => Shown> = {
  plain: (blob) => ({ key: parsePublicKey(blob) }),
  openssh: (blob) => {
    const certificate = parseSshCertificate(blob);
    return { key: certificate.publicKey, certificate };
  },
  x509: (blob, algorithm) => {
    const x509 = parseX509Key(blob, algorithm.blobType);
    return { key: x509.publicKey, x509 };
  },
};

/** The signature under the name of its plain algorithm; undefined where it has a name it may not have. */
function underOwnName(algorithm: HostKeyAlgorithm, blob: Uint8Array): Uint8Array | undefined {
  try {
    const reader = new WireReader(blob, 0, 'signature');
    if (!algorithm.signatureNames.includes(reader.text())) return undefined;
    return new WireWriter(blob.length + 32).text(algorithm.signature).raw(reader.rest()).finish();
  } catch {
    return undefined;
  }
}

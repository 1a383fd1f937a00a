import { CERTIFICATE_ALGORITHMS, type CertificateAlgorithmRow } from '../crypto/certificate-algorithms.ts';
import type { PrivateKey } from '../keys/private-key.ts';
import { samePublicKey } from '../keys/public-key.ts';
import type { SshCertificateLine } from '../keys/ssh-certificate.ts';
import type { X509 } from '../keys/x509/x509.ts';
import { keySigner, type Signer } from './public-key.ts';
import { chainFor, x509Signers } from './x509-signers.ts';

/** The algorithm a key signs by itself for an algorithm of a certificate. */
export function plainAlgorithm(name: string): string {
  return (CERTIFICATE_ALGORITHMS as Record<string, CertificateAlgorithmRow>)[name]?.signature ?? name;
}

/**
 * The one algorithm a line asks for. `ssh-rsa-cert-v01@openssh.com` is the type of every RSA certificate, which ssh-keygen
 * writes there, and no choice of SHA-1.
 */
export function chosenAlgorithm({ algorithm, certificate }: SshCertificateLine): string | undefined {
  return algorithm === certificate.type ? undefined : algorithm;
}

/** What vouches for the keys of a login. */
export interface LoginCertificates {
  readonly openssh: readonly SshCertificateLine[];
  /** Those of keys, and those that issued them. */
  readonly x509: readonly X509[];
}

/** A private key under each of its certificates, then by itself. */
export function signersFor(key: PrivateKey, { openssh, x509 }: LoginCertificates): Signer[] {
  const own = openssh.filter(({ certificate }) => samePublicKey(certificate.publicKey, key.publicKey));
  const certified = own.map((line) => ({
    publicKey: line.certificate,
    algorithm: chosenAlgorithm(line),
    sign: (name: string, data: Uint8Array) => key.sign(plainAlgorithm(name) as never, data),
  }));
  const plain = keySigner(key);
  const chain = chainFor(key.publicKey, x509);
  if (chain === undefined) return [...certified, plain];
  const inX509: Signer['inX509'] = (allowed, announced) => x509Signers(key, chain, allowed, announced);
  return [...certified, { ...plain, inX509 }];
}

import { CERTIFICATE_ALGORITHMS, type CertificateAlgorithmRow } from '../crypto/certificate-algorithms.ts';
import type { PrivateKey } from '../keys/private-key.ts';
import { samePublicKey } from '../keys/public-key.ts';
import type { SshCertificateLine } from '../keys/ssh-certificate.ts';
import { keySigner, type Signer } from './public-key.ts';

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

/** A private key under each of its certificates, then by itself. */
export function signersFor(key: PrivateKey, certificates: readonly SshCertificateLine[]): Signer[] {
  const own = certificates.filter(({ certificate }) => samePublicKey(certificate.publicKey, key.publicKey));
  const certified = own.map((line) => ({
    publicKey: line.certificate,
    algorithm: chosenAlgorithm(line),
    sign: (name: string, data: Uint8Array) => key.sign(plainAlgorithm(name) as never, data),
  }));
  return [...certified, keySigner(key)];
}

import { matchGlob } from '../../base/glob.ts';
import { sanitize } from '../../base/text.ts';
import { isSignatureName, signaturesForKey, verifySignature } from '../crypto/signatures.ts';
import { type PublicKey, samePublicKey } from './public-key.ts';
import { type CertificateKind, FOR_EVER, type SshCertificate } from './ssh-certificate.ts';

/**
 * Whether a CA's key signed the certificate: the CA is exactly `ca`, and its signature over all of the certificate
 * is good. `algorithms` are the signature algorithms taken; by default all but SHA-1 ones, as in OpenSSH. Whether
 * the certificate is meant for what you want is the question of `checkSshCertificate`.
 *
 * @example
 * ```ts
 * import { type PublicKey, type SshCertificate, verifySshCertificate } from 'wherry/keys';
 *
 * function signedByUs(certificate: SshCertificate, ourCa: PublicKey): boolean {
 *   return verifySshCertificate(certificate, ourCa);
 * }
 * ```
 */
export function verifySshCertificate(
  certificate: SshCertificate,
  ca: PublicKey,
  algorithms: readonly string[] = signaturesForKey(ca.type).filter((name) => !SHA1.includes(name)),
): boolean {
  const { signatureAlgorithm: algorithm, signatureKey, signature, signedData } = certificate;
  if (!samePublicKey(signatureKey, ca) || !isSignatureName(algorithm)) return false;
  if (!algorithms.includes(algorithm) || !signaturesForKey(ca.type).includes(algorithm)) return false;
  return verifySignature(algorithm, ca.key, signedData, signature, ca.application);
}

/** ssh-rsa and ssh-dss sign with SHA-1. */
const SHA1: readonly string[] = ['ssh-rsa', 'ssh-dss'];

/** What a certificate has to be good for. */
export interface CertificateUse {
  readonly kind: CertificateKind;
  /** The user name, or the host name as it was given; not checked when left out. */
  readonly principal?: string;
  /** Default: now. */
  readonly time?: Date;
  /** Critical options the caller honours. Default: none, as for host certificates. */
  readonly criticalOptions?: readonly string[];
}

/**
 * Why a certificate is not good for a use; undefined where it is: kind, time, principals and critical options
 * (PROTOCOL.certkeys). An empty list of principals is good for nobody, as in OpenSSH 10.3; those of a host
 * certificate may hold `*` and `?`. Says nothing about who signed: see `verifySshCertificate`.
 *
 * @example
 * ```ts
 * import { checkSshCertificate, type SshCertificate } from 'wherry/keys';
 *
 * function hostProblem(certificate: SshCertificate): string | undefined {
 *   return checkSshCertificate(certificate, { kind: 'host', principal: 'files.example' });
 * }
 * ```
 */
export function checkSshCertificate(certificate: SshCertificate, use: CertificateUse): string | undefined {
  const { kind, principals, validAfter, validBefore, criticalOptions } = certificate;
  if (kind !== use.kind) return `it is a ${kind} certificate, not a ${use.kind} certificate`;
  const time = use.time ?? new Date();
  const seconds = BigInt(Math.floor(time.getTime() / 1000));
  if (seconds < validAfter) return `it is not valid before ${certificateTime(validAfter)}`;
  if (validBefore !== FOR_EVER && seconds >= validBefore)
    return `it expired on ${certificateTime(validBefore)}`;
  const unknown = [...criticalOptions.keys()].find((name) => !use.criticalOptions?.includes(name));
  if (unknown !== undefined) return `it has the critical option ${sanitize(unknown, 64)}, not known here`;
  if (use.principal === undefined) return undefined;
  if (principals.length === 0) return 'it names nobody it is good for';
  const wanted = kind === 'host' ? use.principal.toLowerCase() : use.principal;
  const fits = principals.some((name) =>
    kind === 'host' ? matchGlob(name.toLowerCase(), wanted) : name === wanted,
  );
  if (fits) return undefined;
  const names = principals.map((name) => sanitize(name, 64)).slice(0, 8);
  return `it is good for ${names.join(', ')}, not for ${sanitize(use.principal, 256)}`;
}

/** A time of a certificate for people; one that no calendar has as its number. */
export function certificateTime(seconds: bigint): string {
  const date = new Date(Number(seconds) * 1000);
  return Number.isNaN(date.getTime()) ? `second ${seconds}` : date.toISOString().replace('.000Z', 'Z');
}

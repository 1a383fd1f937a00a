import type { PrivateKey } from '../key-pair.ts';
import type { PublicKey } from '../public-key.ts';
import type { SshCertificate } from '../ssh-certificate.ts';
import { parseX509, type X509 } from '../x509/x509.ts';
import type { WorkBudget } from './work-budget.ts';

/** A key or certificate of a file, with what belongs to it: at least one of the four is there. */
export interface KeyEntry {
  /** The comment, alias, friendly name or key id in the file; empty where there is none. */
  readonly comment: string;
  /** The public key as SSH carries it; undefined for a kind SSH has no type for. */
  readonly publicKey: PublicKey | undefined;
  readonly privateKey?: PrivateKey;
  readonly certificate?: X509;
  /** The certificates that issued it, each issued by the next, as far as the file has them. */
  readonly chain?: readonly X509[];
  readonly sshCertificate?: SshCertificate;
  /** The name of the container the private key is in; only stores of Windows have them. */
  readonly keyContainer?: string;
}

export function privateEntry(privateKey: PrivateKey, more: Partial<KeyEntry> = {}): KeyEntry {
  return { comment: privateKey.comment, publicKey: privateKey.publicKey, privateKey, ...more };
}

export function publicEntry(publicKey: PublicKey, comment: string, budget: WorkBudget): KeyEntry {
  budget.spendKey(publicKey, 'read');
  return { comment, publicKey };
}

export function certificateEntry(certificate: X509, comment = ''): KeyEntry {
  return { comment, publicKey: certificate.publicKey, certificate };
}

/** A certificate in a file. */
export function readCertificate(der: Uint8Array, budget: WorkBudget): X509 {
  const certificate = parseX509(der);
  budget.spendCertificate(certificate.publicKey);
  return certificate;
}

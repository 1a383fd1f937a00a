/** Public keys and certificates of SSH: lines, RFC 4716 blocks, bare blobs. */
import { sanitize } from '../../../base/text.ts';
import { blobType, parsePublicKey, parsePublicKeyLine } from '../public-key.ts';
import {
  isCertificateType,
  parseSshCertificate,
  parseSshCertificateLine,
  type SshCertificate,
} from '../ssh-certificate.ts';
import { headedBlock } from './headed-block.ts';
import { type KeyEntry, publicEntry } from './key-entry.ts';
import { damaged } from './key-errors.ts';
import { asUtf8 } from './key-file.ts';
import type { WorkBudget } from './work-budget.ts';

const RFC4716_LABEL = 'SSH2 PUBLIC KEY';

/** The first word of a line that is a public key or a certificate. */
export const PUBLIC_LINE: RegExp =
  /^[ \t]*(?:(?:ssh|ecdsa|sk|rsa|x509v3)-[a-z0-9-]{1,60}(?:@[a-z0-9.-]{1,40})?)[ \t]+AAAA/m;

export function isRfc4716(text: string): boolean {
  return /^[ \t]*---- BEGIN SSH2 PUBLIC KEY ----/m.test(text);
}

/** One entry for each line that is not empty and no comment. */
export function readPublicLines(text: string, budget: WorkBudget): KeyEntry[] {
  const lines = text.split(/\r\n|\r|\n/).filter((line) => !/^\s*(?:#|$)/.test(line));
  return lines.map((line) => readLine(asUtf8(line), budget));
}

export function readRfc4716(text: string, budget: WorkBudget): KeyEntry[] {
  const { bytes, comment } = headedBlock(text, RFC4716_LABEL);
  return [blobEntry(bytes, comment, budget)];
}

/** An entry for a blob as SSH carries it: a key or an OpenSSH certificate. */
export function blobEntry(blob: Uint8Array, comment: string, budget: WorkBudget): KeyEntry {
  const type = blobType(blob);
  if (type === undefined) throw damaged('it does not name its type');
  if (!isCertificateType(type)) return publicEntry(parsePublicKey(blob), comment, budget);
  return certifiedEntry(parseSshCertificate(blob), comment, budget);
}

/** A blob begins with the length of its type name and the name. */
export function looksLikeBlob(bytes: Uint8Array): boolean {
  if (bytes.length < 16 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 0) return false;
  return /^(?:ssh|ecdsa|sk|rsa)-[\x21-\x7e]*$/.test(blobType(bytes) ?? '');
}

function readLine(line: string, budget: WorkBudget): KeyEntry {
  const first = line.trim().split(/[ \t]/, 1)[0] ?? '';
  if (!/-cert-v0[01]@openssh\.com$/.test(first)) {
    const { publicKey, comment } = parsePublicKeyLine(line);
    return publicEntry(publicKey, sanitize(comment), budget);
  }
  const { certificate, comment } = parseSshCertificateLine(line);
  return certifiedEntry(certificate, sanitize(comment), budget);
}

function certifiedEntry(sshCertificate: SshCertificate, comment: string, budget: WorkBudget): KeyEntry {
  budget.spendKey(sshCertificate.signatureKey, 'read');
  return { ...publicEntry(sshCertificate.publicKey, comment, budget), sshCertificate };
}

/** Whether X.509 certificates lead from a host's key to a root that is trusted (RFC 5280, RFC 6187). */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { sameBytes } from '../../base/bytes.ts';
import { sanitize } from '../../base/text.ts';
import { readExtensions } from './x509-extensions.ts';

const OIDS = {
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  nameConstraints: '2.5.29.30',
  certificatePolicies: '2.5.29.32',
  extendedKeyUsage: '2.5.29.37',
} as const;

/** What we heed, or may pass over, where it is marked critical. */
const UNDERSTOOD: readonly string[] = [
  OIDS.keyUsage,
  OIDS.subjectAltName,
  OIDS.basicConstraints,
  OIDS.certificatePolicies,
  OIDS.extendedKeyUsage,
];

/** What an extended key usage must have for a host key: secureShellServer, or any (RFC 6187 section 2.2.2). */
const HOST_USAGES: readonly string[] = ['1.3.6.1.5.5.7.3.22', '2.5.29.37.0'];
const DIGITAL_SIGNATURE = 0;
const KEY_CERT_SIGN = 5;

/**
 * Why the chain proves nothing; undefined where it does. Each certificate is in its time and signed by the next, which
 * is a CA and within its path length; the last is a root, or signed by one. Names a CA is constrained to are not
 * understood, so that such a CA is refused.
 */
export function chainProblem(
  chain: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  time: Date,
): string | undefined {
  let at = chain[0];
  for (let depth = 0; at !== undefined && depth <= chain.length; depth++) {
    const problem = ownProblem(at, time) ?? (depth === 0 ? hostProblem(at) : authorityProblem(at, depth - 1));
    if (problem !== undefined) return problem;
    if (roots.some((root) => sameBytes(root.raw, at!.raw))) return undefined;
    at = issuerOf(at, roots) ?? issuerOf(at, chain.slice(depth + 1, depth + 2));
  }
  const last = chain.at(-1);
  return `no trusted root signed ${last === undefined ? 'it' : name(last)}`;
}

/** Why the certificate is not for that host; undefined where it is. */
export function hostNameProblem(certificate: X509Certificate, host: string): string | undefined {
  const address = host.replace(/^\[|\]$/g, '');
  const fits = isIP(address) === 0 ? certificate.checkHost(host) : certificate.checkIP(address);
  if (fits !== undefined) return undefined;
  const names = sanitize(certificate.subjectAltName ?? certificate.subject, 256);
  return `its certificate is for ${names}, not for ${sanitize(host, 256)}`;
}

function issuerOf(
  certificate: X509Certificate,
  among: readonly X509Certificate[],
): X509Certificate | undefined {
  return among.find((one) => certificate.checkIssued(one) && certificate.verify(one.publicKey));
}

function ownProblem(certificate: X509Certificate, time: Date): string | undefined {
  if (time < new Date(certificate.validFrom))
    return `${name(certificate)} is not valid before ${certificate.validFrom}`;
  if (time > new Date(certificate.validTo)) return `${name(certificate)} expired on ${certificate.validTo}`;
  const strange = readExtensions(certificate.raw).find(
    ({ oid, critical }) => (critical && !UNDERSTOOD.includes(oid)) || oid === OIDS.nameConstraints,
  );
  return strange && `${name(certificate)} has the extension ${strange.oid}, which is not understood`;
}

function hostProblem(certificate: X509Certificate): string | undefined {
  const usage = readExtensions(certificate.raw).find(({ oid }) => oid === OIDS.keyUsage);
  if (usage !== undefined && !usage.bits().has(DIGITAL_SIGNATURE))
    return `${name(certificate)} is not for signatures`;
  const extended: readonly string[] | undefined = certificate.keyUsage;
  if (extended !== undefined && !extended.some((oid) => HOST_USAGES.includes(oid)))
    return `${name(certificate)} is not for SSH servers (extended key usage ${extended.join(', ')})`;
  return undefined;
}

function authorityProblem(certificate: X509Certificate, below: number): string | undefined {
  if (!certificate.ca) return `${name(certificate)} is not that of a CA`;
  const extensions = readExtensions(certificate.raw);
  const usage = extensions.find(({ oid }) => oid === OIDS.keyUsage);
  if (usage !== undefined && !usage.bits().has(KEY_CERT_SIGN))
    return `${name(certificate)} may not sign certificates`;
  const longest = extensions.find(({ oid }) => oid === OIDS.basicConstraints)?.pathLength();
  return longest !== undefined && below > longest
    ? `${name(certificate)} allows ${longest} CAs below it, not ${below}`
    : undefined;
}

function name(certificate: X509Certificate): string {
  return `the certificate of ${sanitize(certificate.subject?.replaceAll('\n', ', ') ?? 'nobody', 128)}`;
}

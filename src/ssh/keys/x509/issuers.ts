/** Which X.509 certificate of several issued which. */
import { X509Certificate as NodeCertificate } from 'node:crypto';
import { LIMITS } from '../../../base/limits.ts';
import type { WorkBudget } from '../formats/work-budget.ts';
import type { X509 } from './x509.ts';

/**
 * The certificates that lead upwards from one, each issued by the next, as far as `among` has them. `budget` is that of the file
 * they are in, if any.
 */
export function issuersOf(certificate: X509, among: readonly X509[], budget?: WorkBudget): X509[] {
  const chain: X509[] = [];
  const max = LIMITS.x509ChainLength.value;
  for (let issuer = issuerOf(certificate, among, budget); issuer !== undefined && chain.length < max; ) {
    chain.push(issuer);
    const next = issuerOf(issuer, among, budget);
    issuer = next !== undefined && !chain.includes(next) ? next : undefined;
  }
  return chain;
}

/** Not the certificate itself. Of many by one name only the first few are tried: each costs a signature. */
function issuerOf(certificate: X509, among: readonly X509[], budget?: WorkBudget): X509 | undefined {
  const named = among.filter((other) => other !== certificate && other.subject === certificate.issuer);
  return named.slice(0, LIMITS.x509ChainLength.value).find((other) => isIssuedBy(certificate, other, budget));
}

/** Whether `issuer` issued and signed the certificate; times and uses are not looked at. */
function isIssuedBy(certificate: X509, issuer: X509, budget?: WorkBudget): boolean {
  for (const one of [certificate, issuer]) budget?.spendCertificate(one.publicKey);
  try {
    const [one, by] = [new NodeCertificate(certificate.raw), new NodeCertificate(issuer.raw)];
    return one.checkIssued(by) && one.verify(by.publicKey);
  } catch {
    return false;
  }
}

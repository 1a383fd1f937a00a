import { isSignatureName, SIGNATURE_ALGORITHMS, signaturesForKey } from '../crypto/signatures.ts';

/** RSA with SHA-2: what `server-sig-algs` upgrades ssh-rsa to (RFC 8332 section 3.3). */
const UPGRADES = ['rsa-sha2-512', 'rsa-sha2-256'];

/**
 * The algorithms to try with a key, best first: those the caller allows (all but the insecure ones where it names none)
 * and the server says it takes; all of them where it does not say, or takes none. OpenSSH up to 9.2 announces more
 * than its PubkeyAcceptedAlgorithms, so one may be refused. rsa-sha2-* go before ssh-rsa where the server announces them.
 */
export function signaturesFor(
  keyType: string,
  allowed: readonly string[] | undefined,
  known: readonly string[] | undefined,
): string[] {
  const fitting: readonly string[] = signaturesForKey(keyType);
  const names =
    allowed === undefined ? fitting.filter(isSound) : allowed.filter((name) => fitting.includes(name));
  const taken = names.filter((name) => known === undefined || known.includes(name));
  if (taken.length === 0) return [...names];
  const upgraded = taken.filter((name) => UPGRADES.includes(name) && known?.includes(name));
  return [...upgraded, ...taken.filter((name) => !upgraded.includes(name))];
}

function isSound(name: string): boolean {
  return !isSignatureName(name) || SIGNATURE_ALGORITHMS[name].security !== 'insecure';
}

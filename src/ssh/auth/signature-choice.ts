import { algorithmsForBlob } from '../crypto/certificate-algorithms.ts';

/** RSA with SHA-2: what `server-sig-algs` upgrades ssh-rsa to (RFC 8332 section 3.3). */
const UPGRADES: readonly string[] = ['rsa-sha2-512', 'rsa-sha2-256'];

/**
 * The algorithms to try with a key or certificate, best first: those the caller allows (all but the insecure ones where
 * it names none) and the server says it takes; all of them where it does not say, or takes none. OpenSSH up to 9.2
 * announces more than its PubkeyAcceptedAlgorithms, so one may be refused. rsa-sha2-* go before ssh-rsa where the server
 * announces them. Plain names stand for those of certificates too, in the server's list and in the caller's.
 */
export function signaturesFor(
  blobType: string,
  allowed: readonly string[] | undefined,
  known: readonly string[] | undefined,
): string[] {
  const fitting = algorithmsForBlob(blobType);
  const isKnown = (name: string): boolean =>
    known === undefined ||
    known.includes(name) ||
    known.includes(fitting.find((one) => one.name === name)!.signature);
  const names =
    allowed === undefined
      ? fitting.filter(({ security }) => security !== 'insecure').map(({ name }) => name)
      : allowed.flatMap((name) =>
          fitting.filter((one) => one.name === name || one.signature === name).map((one) => one.name),
        );
  const taken = names.filter(isKnown);
  if (taken.length === 0) return [...names];
  const upgraded = known === undefined ? [] : taken.filter((name) => UPGRADES.includes(name));
  return [...upgraded, ...taken.filter((name) => !upgraded.includes(name))];
}

import type { PublicKey } from '../keys/public-key.ts';
import { parsePublicKeyLine, samePublicKey } from '../keys/public-key.ts';
import type { SshCertificate } from '../keys/ssh-certificate.ts';
import { checkSshCertificate, verifySshCertificate } from '../keys/ssh-certificate-check.ts';
import { type HostKeyVerifier, refuse } from './host-key-verifier.ts';

/**
 * Why a certificate does not make its key the host's; undefined where it does: signed by one of these CAs, with a
 * signature algorithm that is not SHA-1, a host certificate, in its time, for this host, and without critical options,
 * of which none is known for hosts.
 */
export function hostCertificateProblem(
  certificate: SshCertificate,
  cas: readonly PublicKey[],
  host: string,
): string | undefined {
  const ca = cas.find((one) => samePublicKey(one, certificate.signatureKey));
  if (ca === undefined) return 'its certificate is signed by another CA';
  if (!verifySshCertificate(certificate, ca)) {
    return `the signature on its certificate is not good (${certificate.signatureAlgorithm})`;
  }
  const problem = checkSshCertificate(certificate, { kind: 'host', principal: host });
  return problem === undefined ? undefined : `its certificate cannot be used: ${problem}`;
}

/**
 * Trusts the hosts that have a certificate of one of these CAs (OpenSSH PROTOCOL.certkeys). Each CA is the line of its
 * `.pub` file, or a parsed key. The certificate must be a host certificate, be in its time, name the host as it is
 * connected to, and have no critical option; one without any name is refused. HOST_KEY_REJECTED says what is wrong,
 * HOST_KEY_UNKNOWN that the server has shown a key without a certificate. A line that is no key is KEY_FORMAT at once.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { anyOf, caKeys, knownHosts } from 'wherry';
 *
 * const ca = await readFile(`${privateKeyFile}.pub`, 'utf8');
 * const trust = anyOf(caKeys(ca), knownHosts(knownHostsFile));
 * ```
 */
export function caKeys(cas: string | PublicKey | readonly (string | PublicKey)[]): HostKeyVerifier {
  const given = Array.isArray(cas) ? (cas as readonly (string | PublicKey)[]) : [cas as string | PublicKey];
  const keys = given.map((one) => (typeof one === 'string' ? parsePublicKeyLine(one).publicKey : one));
  return {
    verify({ certificate, host }) {
      if (certificate === undefined)
        return refuse('HOST_KEY_UNKNOWN', 'the server has shown no certificate of a CA');
      const problem = hostCertificateProblem(certificate, keys, host);
      if (problem !== undefined) return refuse('HOST_KEY_REJECTED', problem);
      return { accept: true, reason: `certified as ${certificate.keyId} by a CA that is trusted` };
    },
    certificates: () => ['openssh'],
  };
}

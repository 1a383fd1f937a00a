import { X509Certificate } from 'node:crypto';
import { WherryError } from '../../base/errors.ts';
import { type HostKeyVerifier, refuse } from './host-key-verifier.ts';
import { chainProblem, hostNameProblem } from './x509-chain.ts';

/** How X.509 host keys are judged. */
export interface X509RootsOptions {
  /** Whether the certificate must name the host as it is connected to. Default true. */
  readonly checkHost?: boolean | undefined;
  /** The time it is judged by. Default: now. */
  readonly time?: (() => Date) | undefined;
}

/**
 * Trusts the hosts whose key comes in an X.509 certificate (RFC 6187) that leads to one of these roots, given as PEM
 * (one certificate or several) or DER. Checked are signatures, times, CA flags, path lengths, key usages and the host
 * name; revocation lists are not asked for. HOST_KEY_REJECTED says what is wrong, HOST_KEY_UNKNOWN that the server has
 * shown no X.509 key. What is no certificate is INVALID_ARGUMENT at once.
 *
 * The algorithms with SHA-1 (`x509v3-ssh-rsa`, `x509v3-sign-rsa` and the DSA ones) must be named in `algorithms.hostKey`.
 *
 * @example
 * ```ts
 * import { connect, x509Roots } from 'wherry';
 *
 * async function connectTo(host: string, roots: string) {
 *   return await connect({ host, username, privateKey, trust: x509Roots(roots) });
 * }
 * ```
 */
export function x509Roots(
  roots: string | Uint8Array | readonly (string | Uint8Array)[],
  { checkHost = true, time = () => new Date() }: X509RootsOptions = {},
): HostKeyVerifier {
  const given = Array.isArray(roots) ? (roots as readonly (string | Uint8Array)[]) : [roots as string];
  const trusted = given.flatMap(readCertificates);
  return {
    verify({ x509, host }) {
      if (x509 === undefined) return refuse('HOST_KEY_UNKNOWN', 'the server has shown no X.509 certificate');
      const { certificates } = x509;
      const problem =
        chainProblem(certificates, trusted, time()) ??
        (checkHost ? hostNameProblem(certificates[0]!, host) : undefined);
      if (problem !== undefined) return refuse('HOST_KEY_REJECTED', problem);
      return { accept: true, reason: 'its X.509 certificate leads to a trusted root' };
    },
    certificates: () => ['x509'],
  };
}

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

function readCertificates(given: string | Uint8Array): X509Certificate[] {
  const text = typeof given === 'string' ? given : Buffer.from(given).toString('latin1');
  const pem: readonly string[] = text.match(PEM) ?? [];
  try {
    return pem.length > 0
      ? pem.map((one) => new X509Certificate(one))
      : [new X509Certificate(Buffer.from(given as Uint8Array))];
  } catch (cause) {
    throw new WherryError('INVALID_ARGUMENT', 'a root is no X.509 certificate in PEM or DER', {}, cause);
  }
}

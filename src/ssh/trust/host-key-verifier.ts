import type { CertificateKind } from '../crypto/certificate-algorithms.ts';
import type { PublicKey } from '../keys/public-key.ts';
import type { SshCertificate } from '../keys/ssh-certificate.ts';
import type { X509Key } from '../keys/x509-key.ts';

/** What a verifier is asked about: the server has proved that it owns this key. */
export interface HostKeyContext {
  readonly host: string;
  readonly port: number;
  /** The IP address the connection was made to, where it is known. */
  readonly address?: string | undefined;
  /** The plain key, also where it came in a certificate. */
  readonly key: PublicKey;
  /** The OpenSSH certificate the key came in; nothing in it has been checked. */
  readonly certificate?: SshCertificate | undefined;
  /** The X.509 certificates the key came in, its own first; nothing in them has been checked. */
  readonly x509?: X509Key | undefined;
  /** The signature algorithm negotiated for it. */
  readonly algorithm: string;
  /** `SHA256:` and base64. */
  readonly fingerprint: string;
}

export type HostKeyRefusalCode =
  | 'HOST_KEY_UNKNOWN'
  | 'HOST_KEY_CHANGED'
  | 'HOST_KEY_REVOKED'
  | 'HOST_KEY_REJECTED';

export interface HostKeyAcceptance {
  readonly accept: true;
  /** Why, for the log. */
  readonly reason: string;
}

export interface HostKeyRefusal {
  readonly accept: false;
  readonly code: HostKeyRefusalCode;
  /** Why, for the error message. */
  readonly reason: string;
}

export type HostKeyDecision = HostKeyAcceptance | HostKeyRefusal;

/** A source of trust in host keys. What it throws ends the connection as well. */
export interface HostKeyVerifier {
  verify(context: HostKeyContext): HostKeyDecision | Promise<HostKeyDecision>;
  /** Key types recorded for the host, so that negotiation can prefer an algorithm whose key can be checked. */
  keyTypes?(host: string, port: number): readonly string[] | Promise<readonly string[]>;
  /**
   * Is told which host keys the server has proved to own (hostkeys-00@openssh.com), after the login. Where there is no
   * such method the server is not asked.
   */
  learn?(host: string, port: number, keys: readonly PublicKey[]): Promise<void>;
  /** Kinds of certificates it can judge for the host; others are not asked for. */
  certificates?(host: string, port: number): readonly CertificateKind[] | Promise<readonly CertificateKind[]>;
}

/** Refusals from the least to the most specific; `final` ones are not put to the next verifier. */
const REFUSALS: Readonly<Record<HostKeyRefusalCode, { rank: number; final: boolean }>> = {
  HOST_KEY_UNKNOWN: { rank: 0, final: false },
  HOST_KEY_REJECTED: { rank: 1, final: false },
  HOST_KEY_CHANGED: { rank: 2, final: true },
  HOST_KEY_REVOKED: { rank: 3, final: true },
};

/**
 * Asks one verifier after the other until one accepts. A key one of them knows as changed or revoked is refused
 * at once, so put known_hosts before what asks a person. When nobody accepts, the most specific refusal counts.
 *
 * @example
 * ```ts
 * import { acceptCallback, anyOf, knownHosts } from 'wherry';
 *
 * const trust = anyOf(
 *   knownHosts(),
 *   acceptCallback(async ({ host, fingerprint }) => confirm(`${host} has the key ${fingerprint}. Go on?`)),
 * );
 * ```
 */
export function anyOf(...verifiers: readonly HostKeyVerifier[]): HostKeyVerifier {
  const learners = verifiers.filter(({ learn }) => learn !== undefined);
  return {
    ...(learners.length > 0 && {
      async learn(host: string, port: number, keys: readonly PublicKey[]) {
        for (const verifier of learners) await verifier.learn?.(host, port, keys);
      },
    }),
    async verify(context) {
      let refusal: HostKeyRefusal = refuse('HOST_KEY_UNKNOWN', 'no trust source was given');
      for (const [i, verifier] of verifiers.entries()) {
        const decision = await verifier.verify(context);
        if (decision.accept === true) return decision;
        if (i === 0 || REFUSALS[decision.code].rank > REFUSALS[refusal.code].rank) refusal = decision;
        if (REFUSALS[decision.code].final) break;
      }
      return refusal;
    },
    async keyTypes(host, port) {
      const types = new Set<string>();
      for (const verifier of verifiers) {
        for (const type of (await verifier.keyTypes?.(host, port)) ?? []) types.add(type);
      }
      return [...types];
    },
    async certificates(host, port) {
      const kinds = new Set<CertificateKind>();
      for (const verifier of verifiers) {
        for (const kind of (await verifier.certificates?.(host, port)) ?? []) kinds.add(kind);
      }
      return [...kinds];
    },
  };
}

/**
 * Leaves the decision to a function, which may ask a person; only `true` accepts. Anything else is
 * HOST_KEY_REJECTED.
 *
 * @example
 * ```ts
 * import { acceptCallback, connect } from 'wherry';
 *
 * const trust = acceptCallback(({ host, fingerprint }) => confirm(`Is ${fingerprint} the key of ${host}?`));
 * await using ssh = await connect({ host, port, username, privateKey, trust });
 * ```
 */
export function acceptCallback(
  ask: (context: HostKeyContext) => boolean | Promise<boolean>,
): HostKeyVerifier {
  return {
    async verify(context) {
      if ((await ask(context)) === true) return { accept: true, reason: 'accepted by the callback' };
      return refuse('HOST_KEY_REJECTED', 'refused by the callback');
    },
  };
}

/**
 * Accepts every host key: whoever answers is believed, also someone in the middle who reads and changes
 * everything. For tests and throw-away machines.
 *
 * @example
 * ```ts
 * import { acceptAny, connect } from 'wherry';
 *
 * await using ssh = await connect({ host, port, username, privateKey, trust: acceptAny() });
 * ```
 */
export function acceptAny(): HostKeyVerifier {
  return {
    verify: ({ fingerprint }) => ({ accept: true, reason: `accepted unchecked (acceptAny): ${fingerprint}` }),
  };
}

export function refuse(code: HostKeyRefusalCode, reason: string): HostKeyRefusal {
  return { accept: false, code, reason };
}

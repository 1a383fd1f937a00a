/** What the lines about a host say of a key: the same for files and for a text. */
import { sameBytes } from '../../base/bytes.ts';
import { sanitize } from '../../base/text.ts';
import { fingerprint } from '../keys/fingerprint.ts';
import { type PublicKey, parsePublicKey } from '../keys/public-key.ts';
import { hostCertificateProblem } from './host-certificate.ts';
import { type HostKeyContext, type HostKeyDecision, refuse } from './host-key-verifier.ts';
import { hostTarget, type KnownHostsEntry } from './known-hosts-line.ts';

/** A key recorded for a host, and where. */
export interface KnownKey extends Pick<KnownHostsEntry, 'marker' | 'keyType' | 'blob'> {
  readonly where: string;
}

/** The keys recorded for a host under the name it has with its port, and under its bare name. */
export interface KnownKeys {
  readonly exact: readonly KnownKey[];
  readonly bare: readonly KnownKey[];
  /** What was searched, for the message. */
  readonly searched: string;
  /** Lines that could not be used, in words. */
  readonly notes?: readonly string[];
}

/**
 * As OpenSSH (sshconnect.c, check_host_key): a certificate counts by its CA; where that does not hold, its plain key is
 * judged as any other. A host on another port than 22 for which nothing is recorded is looked up by its bare name too,
 * which may accept the key, but is no record that the key has changed.
 */
export function judgeHostKey(context: HostKeyContext, known: KnownKeys): HostKeyDecision {
  const decision = judge(context, known.exact, known);
  if (decision.accept || decision.code !== 'HOST_KEY_UNKNOWN' || context.port === 22) return decision;
  const bare = judge(context, known.bare, known);
  return bare.accept || bare.code === 'HOST_KEY_REVOKED' ? bare : decision;
}

/** The types of the keys recorded for a host. */
export function recordedKeyTypes({ exact, bare }: KnownKeys): string[] {
  const types = (keys: readonly KnownKey[]): string[] => [
    ...new Set(keys.filter(({ marker }) => marker === 'none').map(({ keyType }) => keyType)),
  ];
  const own = types(exact);
  return own.length > 0 ? own : types(bare);
}

/** Whether a CA is recorded for a host. */
export function hasAuthority({ exact, bare }: KnownKeys): boolean {
  return [...exact, ...bare].some(({ marker }) => marker === 'cert-authority');
}

function judge(
  context: HostKeyContext,
  keys: readonly KnownKey[],
  { searched, notes = [] }: KnownKeys,
): HostKeyDecision {
  const { key, host, certificate } = context;
  const shown = `${key.type} ${context.fingerprint}`;
  const same = keys.filter((one) => sameBytes(one.blob, key.blob));
  const ca = certificate?.signatureKey.blob;
  const authorities = ca === undefined ? [] : keys.filter((one) => sameBytes(one.blob, ca));
  const revoked = [...same, ...authorities].find((one) => one.marker === 'revoked');
  if (revoked) {
    const what = same.includes(revoked) ? shown : 'the CA of its certificate';
    return refuse('HOST_KEY_REVOKED', `${what} is marked @revoked at ${revoked.where}`);
  }
  let problem: string | undefined;
  const authority = authorities.find((one) => one.marker === 'cert-authority');
  if (certificate !== undefined) {
    const trusted = authority === undefined ? [] : [readCa(authority)].filter((one) => one !== undefined);
    problem = hostCertificateProblem(certificate, trusted, host);
    if (problem === undefined)
      return { accept: true, reason: `certified by the CA recorded at ${authority?.where}` };
  }
  const recorded = same.find((one) => one.marker === 'none');
  if (recorded) return { accept: true, reason: `recorded at ${recorded.where}` };
  const plain = keys.filter((one) => one.marker === 'none');
  // Any other key recorded for the host counts, so that nobody gets by with a type that is not recorded.
  const other = plain.find((one) => one.keyType === key.type) ?? plain[0];
  const certified = problem === undefined ? [] : [problem];
  if (other) {
    const was = `${other.keyType} ${fingerprint(other.blob)} is recorded at ${other.where}`;
    const text = `it has changed, or someone is in between: ${was}`;
    return refuse('HOST_KEY_CHANGED', [text, ...certified].join('; '));
  }
  const target = hostTarget(sanitize(host), context.port);
  const none = `no ${key.type} key of ${target} in ${searched} (${shown})`;
  return refuse('HOST_KEY_UNKNOWN', [none, ...certified, ...notes.slice(0, 3)].join('; '));
}

function readCa(line: KnownKey): PublicKey | undefined {
  try {
    return parsePublicKey(line.blob);
  } catch {
    return undefined;
  }
}

import type { AlgorithmRow } from './security.ts';
import { isSignatureName, SIGNATURE_ALGORITHMS, type SignatureName } from './signatures.ts';

/** Who vouches for the key: an OpenSSH certificate (PROTOCOL.certkeys) or an X.509 chain. */
export type CertificateKind = 'openssh' | 'x509';

/** One algorithm whose key comes in a certificate: it signs as a plain one does. */
export interface CertificateAlgorithmRow extends AlgorithmRow {
  readonly kind: CertificateKind;
  /** What the certificate's blob names. */
  readonly blobType: string;
  /** The row of SIGNATURE_ALGORITHMS it signs by. */
  readonly signature: string;
  /** What the signature blob may be called. Default: as `signature`. */
  readonly signatureNames?: readonly string[];
}

/** OpenSSH certificates are offered where the trust source has a CA for the host, X.509 chains where it has roots. */
export const CERTIFICATE_ALGORITHMS = {
  'ssh-ed25519-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'ssh-ed25519-cert-v01@openssh.com',
    signature: 'ssh-ed25519',
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.certkeys',
  },
  'ecdsa-sha2-nistp256-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'ecdsa-sha2-nistp256-cert-v01@openssh.com',
    signature: 'ecdsa-sha2-nistp256',
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.certkeys',
  },
  'ecdsa-sha2-nistp384-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'ecdsa-sha2-nistp384-cert-v01@openssh.com',
    signature: 'ecdsa-sha2-nistp384',
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.certkeys',
  },
  'ecdsa-sha2-nistp521-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'ecdsa-sha2-nistp521-cert-v01@openssh.com',
    signature: 'ecdsa-sha2-nistp521',
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.certkeys',
  },
  'sk-ssh-ed25519-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'sk-ssh-ed25519-cert-v01@openssh.com',
    signature: 'sk-ssh-ed25519@openssh.com',
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.u2f',
  },
  'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com',
    signature: 'sk-ecdsa-sha2-nistp256@openssh.com',
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.u2f',
  },
  'rsa-sha2-512-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'ssh-rsa-cert-v01@openssh.com',
    signature: 'rsa-sha2-512',
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.certkeys',
  },
  'rsa-sha2-256-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'ssh-rsa-cert-v01@openssh.com',
    signature: 'rsa-sha2-256',
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.certkeys',
  },
  'ssh-rsa-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'ssh-rsa-cert-v01@openssh.com',
    signature: 'ssh-rsa',
    security: 'insecure',
    ref: 'OpenSSH PROTOCOL.certkeys; signs with SHA-1',
  },
  'ssh-dss-cert-v01@openssh.com': {
    kind: 'openssh',
    blobType: 'ssh-dss-cert-v01@openssh.com',
    signature: 'ssh-dss',
    security: 'insecure',
    ref: 'OpenSSH PROTOCOL.certkeys; signs with SHA-1',
  },
  'x509v3-ecdsa-sha2-nistp256': {
    kind: 'x509',
    blobType: 'x509v3-ecdsa-sha2-nistp256',
    signature: 'ecdsa-sha2-nistp256',
    security: 'supported',
    ref: 'RFC 6187 section 3.4',
  },
  'x509v3-ecdsa-sha2-nistp384': {
    kind: 'x509',
    blobType: 'x509v3-ecdsa-sha2-nistp384',
    signature: 'ecdsa-sha2-nistp384',
    security: 'supported',
    ref: 'RFC 6187 section 3.4',
  },
  'x509v3-ecdsa-sha2-nistp521': {
    kind: 'x509',
    blobType: 'x509v3-ecdsa-sha2-nistp521',
    signature: 'ecdsa-sha2-nistp521',
    security: 'supported',
    ref: 'RFC 6187 section 3.4',
  },
  'x509v3-rsa2048-sha256': {
    kind: 'x509',
    blobType: 'x509v3-rsa2048-sha256',
    signature: 'rsa-sha2-256',
    signatureNames: ['rsa2048-sha256'],
    security: 'supported',
    ref: 'RFC 6187 section 3.3',
  },
  'x509v3-ssh-rsa': {
    kind: 'x509',
    blobType: 'x509v3-ssh-rsa',
    signature: 'ssh-rsa',
    security: 'insecure',
    ref: 'RFC 6187 section 3.2; signs with SHA-1',
  },
  'x509v3-ssh-dss': {
    kind: 'x509',
    blobType: 'x509v3-ssh-dss',
    signature: 'ssh-dss',
    security: 'insecure',
    ref: 'RFC 6187 section 3.1; signs with SHA-1',
  },
  'x509v3-sign-rsa': {
    kind: 'x509',
    blobType: 'x509v3-sign-rsa',
    signature: 'ssh-rsa',
    signatureNames: ['x509v3-sign-rsa', 'ssh-rsa'],
    security: 'insecure',
    ref: 'draft-ietf-secsh-transport-14 section 4.6, before RFC 4253; signs with SHA-1',
  },
  'x509v3-sign-dss': {
    kind: 'x509',
    blobType: 'x509v3-sign-dss',
    signature: 'ssh-dss',
    signatureNames: ['x509v3-sign-dss', 'ssh-dss'],
    security: 'insecure',
    ref: 'draft-ietf-secsh-transport-14 section 4.6, before RFC 4253; signs with SHA-1',
  },
} as const;
CERTIFICATE_ALGORITHMS satisfies Record<string, CertificateAlgorithmRow>;

/** A host key algorithm, with or without a certificate around the key. */
export interface HostKeyAlgorithm {
  readonly name: string;
  /** Undefined for a plain key. */
  readonly kind: CertificateKind | undefined;
  /** What the key's blob names. */
  readonly blobType: string;
  readonly signature: SignatureName;
  readonly signatureNames: readonly string[];
  readonly security: AlgorithmRow['security'];
}

const PLAIN: readonly HostKeyAlgorithm[] = Object.entries(SIGNATURE_ALGORITHMS).map(([name, row]) => ({
  name,
  kind: undefined,
  blobType: row.keyType,
  signature: name as SignatureName,
  signatureNames: [name],
  security: row.security,
}));

const CERTIFIED: readonly HostKeyAlgorithm[] = Object.entries(CERTIFICATE_ALGORITHMS).flatMap(
  ([name, row]: [string, CertificateAlgorithmRow]) => {
    const { kind, blobType, signature, signatureNames = [signature], security } = row;
    return isSignatureName(signature) ? [{ name, kind, blobType, signature, signatureNames, security }] : [];
  },
);

/** Every host key algorithm by its name. */
export const HOST_KEY_ALGORITHMS: ReadonlyMap<string, HostKeyAlgorithm> = new Map(
  [...PLAIN, ...CERTIFIED].map((one) => [one.name, one]),
);

/** The names of a kind that may be offered without being asked for by name, best first. */
export function certificateAlgorithms(kind: CertificateKind): string[] {
  return CERTIFIED.filter((one) => one.kind === kind && one.security !== 'insecure').map(({ name }) => name);
}

/** The algorithms a key or certificate of that blob type may be used with, best first. */
export function algorithmsForBlob(blobType: string): readonly HostKeyAlgorithm[] {
  const known = [...HOST_KEY_ALGORITHMS.values()].filter((one) => one.blobType === blobType);
  return known.length === 0 && blobType.startsWith('sk-') ? [onSecurityKey(blobType)] : known;
}

/** The algorithms that show a key of that type in an X.509 chain, best first. */
export function x509AlgorithmsFor(keyType: string): readonly HostKeyAlgorithm[] {
  return CERTIFIED.filter(
    ({ kind, signature }) => kind === 'x509' && SIGNATURE_ALGORITHMS[signature].keyType === keyType,
  );
}

/** A key on a FIDO security key signs by its own name, through an agent, whether or not we can verify it. */
function onSecurityKey(blobType: string): HostKeyAlgorithm {
  const row = (CERTIFICATE_ALGORITHMS as Record<string, CertificateAlgorithmRow>)[blobType];
  const signature = (row?.signature ?? blobType) as SignatureName;
  const kind = row?.kind;
  return { name: blobType, kind, blobType, signature, signatureNames: [signature], security: 'supported' };
}

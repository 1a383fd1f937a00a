import type { PropertyRow } from './rows.ts';

/** A key or certificate: `sshCert` logs in with one, `sshAcceptServerHostKey` is the one the server may show. */
export const CERTIFICATE_FIELDS = {
  /** First moment it is valid, such as `23-Jan-2000 15:00:00`, in the local time zone. */
  effectiveDate: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'First moment it is valid, such as `23-Jan-2000 15:00:00`, in the local time zone.',
  },
  /** Last moment it is valid, in the same form. */
  expirationDate: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'Last moment it is valid, in the same form.',
  },
  /** Object identifiers of the extended key usages, with commas between. */
  extendedKeyUsage: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'Object identifiers of the extended key usages, with commas between.',
  },
  /** MD5 of the public key, in hex with colons. */
  fingerprint: { type: 'str', default: '', access: 'ro', doc: 'MD5 of the public key, in hex with colons.' },
  /** SHA-1 of the public key, in hex with colons. */
  fingerprintSha1: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'SHA-1 of the public key, in hex with colons.',
  },
  /** SHA-256 of the public key, in hex with colons. */
  fingerprintSha256: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'SHA-256 of the public key, in hex with colons.',
  },
  /** Who issued the certificate. */
  issuer: { type: 'str', default: '', access: 'ro', doc: 'Who issued the certificate.' },
  /** The private key in PEM; empty where there is none or it cannot be exported. */
  privateKey: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'The private key in PEM; empty where there is none or it cannot be exported.',
  },
  /** Whether there is a private key to sign with. */
  privateKeyAvailable: {
    type: 'bool',
    default: false,
    access: 'ro',
    doc: 'Whether there is a private key to sign with.',
  },
  /** Name of the key container; only Windows stores have one. */
  privateKeyContainer: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'Name of the key container; only Windows stores have one.',
  },
  /** The public key in PEM. */
  publicKey: { type: 'str', default: '', access: 'ro', doc: 'The public key in PEM.' },
  /** Kind of the public key, such as `RSA`. */
  publicKeyAlgorithm: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'Kind of the public key, such as `RSA`.',
  },
  /** Bits of the public key. */
  publicKeyLength: { type: 'int', default: 0, access: 'ro', doc: 'Bits of the public key.' },
  /** Serial number in hex. */
  serialNumber: { type: 'str', default: '', access: 'ro', doc: 'Serial number in hex.' },
  /** Algorithm the certificate is signed with. */
  signatureAlgorithm: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'Algorithm the certificate is signed with.',
  },
  /** Path, name or contents of the store, as `storeType` has it. */
  store: {
    type: 'bytes',
    default: 'MY',
    access: 'rw',
    doc: 'Path, name or contents of the store, as `storeType` has it.',
  },
  /** Opens a protected store or key. */
  storePassword: { type: 'str', default: '', access: 'rw', doc: 'Opens a protected store or key.' },
  /** What kind of store it is. */
  storeType: {
    type: 'int',
    default: 0,
    access: 'rw',
    values: 'CertStoreTypes',
    doc: 'What kind of store it is. 0 and 1 are the stores of Windows.',
  },
  /** Alternative names of the subject, with commas between. */
  subjectAltNames: {
    type: 'str',
    default: '',
    access: 'ro',
    doc: 'Alternative names of the subject, with commas between.',
  },
  /** MD5 of the certificate, in hex. */
  thumbprintMd5: { type: 'str', default: '', access: 'ro', doc: 'MD5 of the certificate, in hex.' },
  /** SHA-1 of the certificate, in hex. */
  thumbprintSha1: { type: 'str', default: '', access: 'ro', doc: 'SHA-1 of the certificate, in hex.' },
  /** SHA-256 of the certificate, in hex. */
  thumbprintSha256: { type: 'str', default: '', access: 'ro', doc: 'SHA-256 of the certificate, in hex.' },
  /** `usageFlags` in words. */
  usage: { type: 'str', default: '', access: 'ro', doc: '`usageFlags` in words.' },
  /** Key usage bits of the certificate. */
  usageFlags: {
    type: 'int',
    default: 0,
    access: 'ro',
    doc: 'Key usage bits of the certificate: 128 digital signature, 64 non-repudiation, 32 key encipherment, 16 data encipherment, 8 key agreement, 4 certificate signing, 2 CRL signing, 1 encipher only.',
  },
  /** `V1`, `V2` or `V3`. */
  version: { type: 'str', default: '', access: 'ro', doc: '`V1`, `V2` or `V3`.' },
  /** Picks from the store: a full subject, a part of one, or `*`; set it last. Empty afterwards when none fits. */
  subject: {
    type: 'str',
    default: '',
    access: 'rw',
    doc: 'Picks from the store: a full subject, a part of one, or `*`; set it last. Empty afterwards when none fits.',
  },
  /** The certificate or public key itself, in PEM, base64 or as an SSH public key line; setting it picks it. */
  encoded: {
    type: 'bytes',
    default: '',
    access: 'rw',
    doc: 'The certificate or public key itself, in PEM, base64 or as an SSH public key line; setting it picks it, and looks in the store for its private key: `subject` stays empty where there is none.',
  },
} as const;
CERTIFICATE_FIELDS satisfies Record<string, PropertyRow>;

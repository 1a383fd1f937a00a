import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';

/** One key type. */
export interface KeyTypeRow {
  readonly family: 'ed25519' | 'ed448' | 'ec' | 'rsa' | 'dsa';
  /** For ECDSA, the curve as SSH, JWK and OpenSSL call it. */
  readonly curve?: string;
  readonly crv?: string;
  readonly openssl?: string;
  /** The curve as DER names it (RFC 5480 section 2.1.1.1). */
  readonly curveOid?: string;
  /** Bytes of one coordinate, or of the whole Ed25519 or Ed448 key. */
  readonly size?: number;
  readonly bits?: number;
  /** The private half lives on a FIDO security key: the public one names the application it is for. */
  readonly securityKey?: true;
  /** The type of the OpenSSH certificates for such keys. */
  readonly certificate?: string;
  readonly ref: string;
}

/** The key types known here. */
export const KEY_TYPES = {
  'ssh-ed25519': {
    family: 'ed25519',
    crv: 'Ed25519',
    size: 32,
    bits: 256,
    certificate: 'ssh-ed25519-cert-v01@openssh.com',
    ref: 'RFC 8709 section 4',
  },
  'ecdsa-sha2-nistp256': {
    family: 'ec',
    curve: 'nistp256',
    crv: 'P-256',
    openssl: 'prime256v1',
    curveOid: '1.2.840.10045.3.1.7',
    size: 32,
    bits: 256,
    certificate: 'ecdsa-sha2-nistp256-cert-v01@openssh.com',
    ref: 'RFC 5656 section 3.1',
  },
  'ecdsa-sha2-nistp384': {
    family: 'ec',
    curve: 'nistp384',
    crv: 'P-384',
    openssl: 'secp384r1',
    curveOid: '1.3.132.0.34',
    size: 48,
    bits: 384,
    certificate: 'ecdsa-sha2-nistp384-cert-v01@openssh.com',
    ref: 'RFC 5656 section 3.1',
  },
  'ecdsa-sha2-nistp521': {
    family: 'ec',
    curve: 'nistp521',
    crv: 'P-521',
    openssl: 'secp521r1',
    curveOid: '1.3.132.0.35',
    size: 66,
    bits: 521,
    certificate: 'ecdsa-sha2-nistp521-cert-v01@openssh.com',
    ref: 'RFC 5656 section 3.1',
  },
  'ssh-rsa': { family: 'rsa', certificate: 'ssh-rsa-cert-v01@openssh.com', ref: 'RFC 4253 section 6.6' },
  'ssh-ed448': { family: 'ed448', crv: 'Ed448', size: 57, bits: 448, ref: 'RFC 8709 section 4' },
  'ssh-dss': { family: 'dsa', certificate: 'ssh-dss-cert-v01@openssh.com', ref: 'RFC 4253 section 6.6' },
  'sk-ssh-ed25519@openssh.com': {
    family: 'ed25519',
    crv: 'Ed25519',
    size: 32,
    bits: 256,
    securityKey: true,
    certificate: 'sk-ssh-ed25519-cert-v01@openssh.com',
    ref: 'OpenSSH PROTOCOL.u2f',
  },
  'sk-ecdsa-sha2-nistp256@openssh.com': {
    family: 'ec',
    curve: 'nistp256',
    crv: 'P-256',
    openssl: 'prime256v1',
    curveOid: '1.2.840.10045.3.1.7',
    size: 32,
    bits: 256,
    securityKey: true,
    certificate: 'sk-ecdsa-sha2-nistp256-cert-v01@openssh.com',
    ref: 'OpenSSH PROTOCOL.u2f',
  },
} as const;
KEY_TYPES satisfies Record<string, KeyTypeRow>;

/** The name of a row of KEY_TYPES. */
export type KeyTypeName = keyof typeof KEY_TYPES;

/** Every key type as name and row, in the order of the table. */
export const keyTypes: readonly (readonly [KeyTypeName, KeyTypeRow])[] = Object.entries(KEY_TYPES) as [
  KeyTypeName,
  KeyTypeRow,
][];

/** The row of a key type; KEY_UNSUPPORTED, with what is known of the type, when there is none. */
export function keyTypeRow(type: string): KeyTypeRow {
  if (Object.hasOwn(KEY_TYPES, type)) return KEY_TYPES[type as KeyTypeName];
  const shown = sanitize(type, 64);
  const why = FOREIGN.find(([pattern]) => pattern.test(type))?.[1] ?? 'a key type not known here';
  throw new WherryError('KEY_UNSUPPORTED', `${shown}: ${why}`, { keyType: shown });
}

const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/-cert-v0[01]@openssh\.com$/, 'this is an OpenSSH certificate, where a plain key is needed'],
  [/^x509v3-/, 'this is an X.509 certificate, where a plain key is needed'],
];

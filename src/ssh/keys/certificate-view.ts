/** What the properties of a certificate in class libraries say, for X.509 certificates, OpenSSH certificates and bare keys. */
import { createHash, getFips, type KeyObject } from 'node:crypto';
import { toHex } from '../../base/bytes.ts';
import { sanitize } from '../../base/text.ts';
import { fingerprint } from './fingerprint.ts';
import type { KeyEntry } from './formats/key-entry.ts';
import { keyDetails } from './key-details.ts';
import { secretHalf } from './key-pair.ts';
import { subjectOf } from './key-store.ts';
import { FOR_EVER, formatSshCertificate } from './ssh-certificate.ts';
import { formatPublicKey, pem } from './write-keys.ts';

/** The flags of RFC 5280 section 4.2.1.3 that fit one byte, and their names. */
export const USAGE_FLAGS: readonly (readonly [flag: number, name: string])[] = [
  [0x80, 'Digital Signature'],
  [0x40, 'Non-Repudiation'],
  [0x20, 'Key Encipherment'],
  [0x10, 'Data Encipherment'],
  [0x08, 'Key Agreement'],
  [0x04, 'Certificate Signing'],
  [0x02, 'CRL Signing'],
  [0x01, 'Encipher Only'],
];

/** Names of signature algorithms; one without a name is shown as its object identifier. */
const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'RSA_MD5RSA',
  '1.2.840.113549.1.1.5': 'RSA_SHA1RSA',
  '1.2.840.113549.1.1.10': 'RSA_SSA_PSS',
  '1.2.840.113549.1.1.11': 'RSA_SHA256RSA',
  '1.2.840.113549.1.1.12': 'RSA_SHA384RSA',
  '1.2.840.113549.1.1.13': 'RSA_SHA512RSA',
  '1.2.840.10040.4.3': 'DSA_SHA1',
  '2.16.840.1.101.3.4.3.2': 'DSA_SHA256',
  '1.2.840.10045.4.1': 'ECDSA_SHA1',
  '1.2.840.10045.4.3.2': 'ECDSA_SHA256',
  '1.2.840.10045.4.3.3': 'ECDSA_SHA384',
  '1.2.840.10045.4.3.4': 'ECDSA_SHA512',
  '1.3.101.112': 'ED25519',
  '1.3.101.113': 'ED448',
};

/** Names of public key algorithms by node:crypto's. */
const PUBLIC_KEYS: Readonly<Record<string, string>> = {
  rsa: 'RSA',
  'rsa-pss': 'RSA',
  dsa: 'DSA',
  ec: 'ECDSA',
  ed25519: 'ED25519',
  ed448: 'ED448',
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * The facts about a key or certificate under the names class libraries have for them; all are texts but four. What an
 * entry has no answer for is an empty text. The values are computed when they are asked for, so that the private key is
 * in no dump of the object.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { CertificateView, parseKeys } from 'wherry/keys';
 *
 * const view = new CertificateView(parseKeys(readFileSync(privateKeyFile))[0]!);
 * console.log(view.publicKeyAlgorithm, view.publicKeyLength, view.fingerprintSha256);
 * ```
 */
export class CertificateView {
  readonly #entry: KeyEntry;

  constructor(entry: KeyEntry) {
    this.#entry = entry;
  }

  /** The first and last moment it is valid, local time: `23-Jan-2000 15:00:00`. */
  get effectiveDate(): string {
    const { certificate, sshCertificate } = this.#entry;
    return certificate ? localDate(certificate.notBefore) : sshDate(sshCertificate?.validAfter);
  }

  get expirationDate(): string {
    const { certificate, sshCertificate } = this.#entry;
    return certificate ? localDate(certificate.notAfter) : sshDate(sshCertificate?.validBefore);
  }

  /** Object identifiers, separated by commas. */
  get extendedKeyUsage(): string {
    return (this.#entry.certificate?.extendedKeyUsage ?? []).join(',');
  }

  /** MD5 of the public key as SSH carries it, hex with colons. */
  get fingerprint(): string {
    return this.#fingerprint('md5');
  }

  get fingerprintSha1(): string {
    return this.#fingerprint('sha1');
  }

  get fingerprintSha256(): string {
    return this.#fingerprint('sha256');
  }

  /** The issuer's name; of an OpenSSH certificate, the CA key's type and fingerprint. */
  get issuer(): string {
    const { certificate, sshCertificate } = this.#entry;
    if (certificate !== undefined) return certificate.issuer;
    const ca = sshCertificate?.signatureKey;
    return ca === undefined ? '' : `${ca.type} ${fingerprint(ca.blob)}`;
  }

  /** The private key, PKCS#8 in PEM; empty where there is none or it cannot be taken out. */
  get privateKey(): string {
    const key = this.#entry.privateKey;
    const secret = key === undefined ? undefined : secretHalf(key);
    return secret === undefined ? '' : (secret.export({ type: 'pkcs8', format: 'pem' }) as string);
  }

  get privateKeyAvailable(): boolean {
    return this.#entry.privateKey !== undefined;
  }

  /** The name of the container that has it; only stores of Windows have them. */
  get privateKeyContainer(): string {
    return this.#entry.keyContainer ?? '';
  }

  /** The public key in PEM. */
  get publicKey(): string {
    return (this.#key()?.export({ type: 'spki', format: 'pem' }) as string | undefined) ?? '';
  }

  /** `RSA`, `DSA`, `ECDSA`, `ED25519`, `ED448`. */
  get publicKeyAlgorithm(): string {
    const type = this.#key()?.asymmetricKeyType ?? '';
    return PUBLIC_KEYS[type] ?? type.toUpperCase();
  }

  /** In bits. */
  get publicKeyLength(): number {
    const { publicKey, certificate } = this.#entry;
    if (publicKey !== undefined) return publicKey.bits;
    return certificate === undefined ? 0 : (keyDetails(certificate.key).modulusLength ?? 0);
  }

  /** Hex digits, two for each byte. */
  get serialNumber(): string {
    const { certificate, sshCertificate } = this.#entry;
    if (certificate !== undefined) return certificate.serialNumber;
    return sshCertificate === undefined
      ? ''
      : sshCertificate.serial.toString(16).toUpperCase().padStart(16, '0');
  }

  /** A name such as `RSA_SHA256RSA`, or the object identifier; of an OpenSSH certificate, SSH's name. */
  get signatureAlgorithm(): string {
    const oid = this.#entry.certificate?.signatureAlgorithm;
    if (oid !== undefined) return SIGNATURES[oid] ?? oid;
    return this.#entry.sshCertificate?.signatureAlgorithm ?? '';
  }

  /** DNS names, addresses and the like, or the principals, separated by commas. */
  get subjectAltNames(): string {
    const { certificate, sshCertificate } = this.#entry;
    const names = certificate?.subjectAltNames ?? sshCertificate?.principals.map((name) => sanitize(name));
    return (names ?? []).join(',');
  }

  /** MD5 of the X.509 certificate, hex with colons. */
  get thumbprintMd5(): string {
    return this.#thumbprint('md5');
  }

  get thumbprintSha1(): string {
    return this.#thumbprint('sha1');
  }

  get thumbprintSha256(): string {
    return this.#thumbprint('sha256');
  }

  /** The names of the usage flags, separated by commas. */
  get usage(): string {
    const flags = this.usageFlags;
    return USAGE_FLAGS.filter(([flag]) => (flags & flag) !== 0)
      .map(([, name]) => name)
      .join(',');
  }

  get usageFlags(): number {
    return this.#entry.certificate?.keyUsage ?? 0;
  }

  /** `V1`, `V2` or `V3`. */
  get version(): string {
    const version = this.#entry.certificate?.version;
    return version === undefined ? '' : `V${version}`;
  }

  /** The subject's name; of an OpenSSH certificate its key id; of a bare key its comment. */
  get subject(): string {
    return subjectOf(this.#entry);
  }

  /** The certificate in PEM; an OpenSSH certificate or a bare public key as a line. */
  get encoded(): string {
    const { certificate, sshCertificate, publicKey, comment } = this.#entry;
    if (certificate !== undefined) return pem('CERTIFICATE', certificate.raw);
    if (sshCertificate !== undefined) return formatSshCertificate(sshCertificate, comment);
    return publicKey === undefined ? '' : formatPublicKey(publicKey, { comment }).trimEnd();
  }

  #key(): KeyObject | undefined {
    return this.#entry.certificate?.key ?? this.#entry.publicKey?.key;
  }

  #fingerprint(hash: string): string {
    const blob = this.#entry.publicKey?.blob;
    return blob === undefined ? '' : hexOf(hash, blob);
  }

  #thumbprint(hash: string): string {
    const raw = this.#entry.certificate?.raw;
    return raw === undefined ? '' : hexOf(hash, raw);
  }
}

function hexOf(hash: string, bytes: Uint8Array): string {
  // OpenSSL's FIPS provider has no MD5.
  if (hash === 'md5' && getFips() === 1) return '';
  return toHex(createHash(hash).update(bytes).digest()).match(/../g)!.join(':');
}

function sshDate(seconds: bigint | undefined): string {
  if (seconds === undefined || seconds === 0n || seconds === FOR_EVER) return '';
  return localDate(new Date(Number(seconds) * 1000));
}

function localDate(date: Date): string {
  if (Number.isNaN(date.getTime())) return '';
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${two(date.getDate())}-${MONTHS[date.getMonth()]}-${date.getFullYear()}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

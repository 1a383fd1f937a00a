/** OpenSSH certificates (PROTOCOL.certkeys): a public key and what a CA says of it. */
import { readU32, toBase64, utf8 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { LIMITS, type LimitName } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import { strictBase64 } from './base64.ts';
import { type KeyTypeName, type KeyTypeRow, keyTypes } from './key-types.ts';
import { asKeyErrors, type PublicKey, parsePublicKey, readPublicFields } from './public-key.ts';

/** Whom a certificate is for. */
export type CertificateKind = 'user' | 'host';

/** An OpenSSH certificate, taken apart. Nothing in it is believed before `verifySshCertificate` said yes. */
export interface SshCertificate {
  /** The type its blob names, such as `ssh-ed25519-cert-v01@openssh.com`. */
  readonly type: string;
  /** The certificate as SSH carries it. */
  readonly blob: Uint8Array;
  /** The key it is for, as a plain key. */
  readonly publicKey: PublicKey;
  readonly serial: bigint;
  readonly kind: CertificateKind;
  /** What the CA calls it; appears in server logs. */
  readonly keyId: string;
  /** User names or host names it is good for. */
  readonly principals: readonly string[];
  /** Seconds since 1970, first and last but one; `validBefore` of 2^64 - 1 means for ever. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  /** `force-command`, `source-address` and the like, as text; one that is not known makes it invalid. */
  readonly criticalOptions: ReadonlyMap<string, string>;
  /** `permit-pty` and the like. */
  readonly extensions: ReadonlyMap<string, string>;
  /** The CA's public key. */
  readonly signatureKey: PublicKey;
  /** The algorithm the CA signed with, as the signature names it. */
  readonly signatureAlgorithm: string;
  /** The signature blob, and the bytes it is over. */
  readonly signature: Uint8Array;
  readonly signedData: Uint8Array;
}

export const FOR_EVER = 0xffff_ffff_ffff_ffffn;

const KINDS: Readonly<Record<number, CertificateKind>> = { 1: 'user', 2: 'host' };

/** Certificate type names, and the key types they are for. */
const TYPES: ReadonlyMap<string, readonly [KeyTypeName, KeyTypeRow]> = new Map(
  keyTypes.flatMap(([name, row]) => (row.certificate === undefined ? [] : [[row.certificate, [name, row]]])),
);

/** Whether a key blob's type name is that of an OpenSSH certificate known here. */
export function isCertificateType(type: string): boolean {
  return TYPES.has(type);
}

/**
 * Reads an OpenSSH certificate from its blob. The signature is not checked: see `verifySshCertificate`.
 * KEY_FORMAT for a damaged one, KEY_UNSUPPORTED for a type not known here, and too many names or
 * options are KEY_FORMAT with `details.limit`.
 *
 * @example
 * ```ts
 * import { parseSshCertificate } from 'wherry/keys';
 *
 * function describe(blob: Uint8Array): string {
 *   const { kind, keyId, principals } = parseSshCertificate(blob);
 *   return `${kind} certificate ${keyId} for ${principals.join(', ')}`;
 * }
 * ```
 */
export function parseSshCertificate(blob: Uint8Array): SshCertificate {
  return asKeyErrors(() => {
    const own = new Uint8Array(blob);
    const reader = new WireReader(own, 0, 'OpenSSH certificate');
    const type = reader.text();
    const [keyType, row] = TYPES.get(type) ?? unknownType(type);
    reader.string(); // The nonce.
    const keyAt = reader.position;
    const fields = readPublicFields(reader, row);
    const publicKey = {
      type: keyType,
      blob: new WireWriter(1024).text(keyType).raw(own.subarray(keyAt, reader.position)).finish(),
      ...fields,
    };
    const serial = reader.u64();
    const kindNumber = reader.u32();
    const kind = KINDS[kindNumber];
    if (kind === undefined) throw reader.malformed(`certificate kind ${kindNumber}`);
    const keyId = sanitize(reader.text());
    const principals = readList(reader.string());
    const [validAfter, validBefore] = [reader.u64(), reader.u64()];
    const criticalOptions = readOptions(reader.string());
    const extensions = readOptions(reader.string());
    reader.string(); // Reserved.
    const signatureKey = parsePublicKey(reader.string());
    const signedData = own.subarray(0, reader.position);
    const signature = reader.string();
    reader.end();
    const signatureAlgorithm = sanitize(new WireReader(signature, 0, 'signature').text(), 64);
    return {
      type,
      blob: own,
      publicKey,
      serial,
      kind,
      keyId,
      principals,
      validAfter,
      validBefore,
      criticalOptions,
      extensions,
      signatureKey,
      signatureAlgorithm,
      signature,
      signedData,
    };
  });
}

/** A certificate with what stands around it in a `-cert.pub` file. */
export interface SshCertificateLine {
  readonly certificate: SshCertificate;
  /** The first word: the algorithm to log in with. For RSA it may differ from the certificate's type. */
  readonly algorithm: string;
  readonly comment: string;
}

/** RFC 8332 names of certificates, which are of the type `ssh-rsa-cert-v01@openssh.com` all the same. */
const RSA_ALIASES = ['rsa-sha2-256-cert-v01@openssh.com', 'rsa-sha2-512-cert-v01@openssh.com'];

/**
 * Reads the line `ssh-keygen -s` writes into a `-cert.pub` file: algorithm, base64, comment. The algorithm of an RSA
 * certificate may be any of `ssh-rsa-cert-v01@`, `rsa-sha2-256-cert-v01@` and `rsa-sha2-512-cert-v01@openssh.com`.
 * KEY_FORMAT when it is no such line or does not fit the certificate.
 *
 * @example
 * ```ts
 * import { parseSshCertificateLine } from 'wherry/keys';
 *
 * function owner(line: string): string {
 *   return parseSshCertificateLine(line).certificate.keyId;
 * }
 * ```
 */
export function parseSshCertificateLine(line: string): SshCertificateLine {
  const match = /^\s*([^ \t]+)[ \t]+([^ \t]+)(?:[ \t]+([^\r\n]*))?$/.exec(line.trimEnd());
  const blob = match === null ? undefined : strictBase64(match[2]!);
  if (match === null || blob === undefined) {
    const text = 'not a certificate line: expected a certificate type, base64 and a comment';
    throw new WherryError('KEY_FORMAT', text);
  }
  const certificate = parseSshCertificate(blob);
  const algorithm = match[1]!;
  const alias = certificate.publicKey.type === 'ssh-rsa' && RSA_ALIASES.includes(algorithm);
  if (algorithm !== certificate.type && !alias) {
    const named = sanitize(algorithm, 64);
    throw new WherryError(
      'KEY_FORMAT',
      `the line says ${named}, the certificate in it is ${certificate.type}`,
    );
  }
  return { certificate, algorithm, comment: match[3] ?? '' };
}

/** A certificate as a line of a `-cert.pub` file. */
export function formatSshCertificate(certificate: SshCertificate, comment = ''): string {
  return `${certificate.type} ${toBase64(certificate.blob)}${comment === '' ? '' : ` ${comment}`}`;
}

function unknownType(type: string): never {
  const shown = sanitize(type, 64);
  throw new WherryError('KEY_UNSUPPORTED', `${shown}: not a type of OpenSSH certificate known here`, {
    keyType: shown,
  });
}

function readList(bytes: Uint8Array): string[] {
  const reader = new WireReader(bytes, 0, 'certificate principals');
  const names: string[] = [];
  while (reader.remaining > 0) {
    names.push(reader.text());
    checkCount('certificatePrincipals', names.length);
  }
  return names;
}

/** Names with values, each value a string in a string, or nothing; no name twice (PROTOCOL.certkeys). */
function readOptions(bytes: Uint8Array): Map<string, string> {
  const reader = new WireReader(bytes, 0, 'certificate options');
  const options = new Map<string, string>();
  while (reader.remaining > 0) {
    const name = reader.text();
    const data = reader.string();
    if (options.has(name)) throw reader.malformed(`${sanitize(name, 64)} twice`);
    options.set(name, optionText(data));
    checkCount('certificateOptions', options.size);
  }
  return options;
}

function optionText(data: Uint8Array): string {
  const wrapped = data.length >= 4 && readU32(data, 0) === data.length - 4;
  return utf8(wrapped ? data.subarray(4) : data);
}

function checkCount(limit: LimitName, actual: number): void {
  const expected: number = LIMITS[limit].value;
  if (actual <= expected) return;
  const text = `the certificate is damaged: more than ${expected} entries in one list`;
  throw new WherryError('KEY_FORMAT', text, { limit, expected, actual });
}

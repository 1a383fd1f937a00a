/** Every format a key or certificate is read from. */
import { DerReader } from './der.ts';
import { type DerShape, derShape } from './formats/der-shape.ts';
import { looksLikeJceks, looksLikeJks, readJks } from './formats/jks.ts';
import { looksLikeJwk, readJwk } from './formats/jwk.ts';
import {
  certificateEntry,
  type KeyEntry,
  privateEntry,
  publicEntry,
  readCertificate,
} from './formats/key-entry.ts';
import { damaged, passphraseRequired, unsupported } from './formats/key-errors.ts';
import type { KeyFile } from './formats/key-file.ts';
import { openLegacyPem } from './formats/legacy-pem.ts';
import type { Passphrase } from './formats/password-encryption.ts';
import { readPkcs7 } from './formats/pkcs7.ts';
import { importEncryptedPkcs8 } from './formats/pkcs8.ts';
import { readPkcs12 } from './formats/pkcs12.ts';
import { bmpPassword } from './formats/pkcs12-kdf.ts';
import { parsePpk } from './formats/ppk.ts';
import { importDer } from './formats/private-der.ts';
import { readPublicDer } from './formats/public-der.ts';
import {
  blobEntry,
  isRfc4716,
  looksLikeBlob,
  PUBLIC_LINE,
  readPublicLines,
  readRfc4716,
} from './formats/ssh-public.ts';
import { parseSshcom, SSHCOM_LABEL } from './formats/sshcom.ts';
import type { WorkBudget } from './formats/work-budget.ts';
import { looksLikeXml, readXml } from './formats/xml.ts';
import { makePrivateKey } from './key-pair.ts';
import { parseOpensshPrivateKey } from './openssh-private-key.ts';
import type { PemBlock } from './pem.ts';

/** What a format's reader gets: a PEM block, or a whole file. */
export interface KeySource {
  /** The decoded block, or the file. */
  readonly bytes: Uint8Array;
  /** The file as text. */
  readonly text: string;
  readonly block?: PemBlock;
  readonly passphrase: Uint8Array | undefined;
  /** One for the whole file. */
  readonly budget: WorkBudget;
}

/** One format: how it is known, what is in it, how it is read. */
export interface KeyFormatRow {
  /** For people. */
  readonly title: string;
  /** Whether private keys can be in it. */
  readonly secret: boolean;
  /** Labels of its PEM blocks. */
  readonly labels?: readonly string[];
  /** Its DER structures, bare or in base64. */
  readonly shapes?: readonly DerShape[];
  /** Whether a file that is neither PEM nor DER is of this format. */
  readonly detect?: (file: KeyFile) => boolean;
  readonly ref: string;
  read(source: KeySource): KeyEntry[];
}

/** The name of a row of KEY_FORMATS. */
export type KeyFormatName =
  | 'openssh'
  | 'pkcs1'
  | 'sec1'
  | 'dsa'
  | 'pkcs8'
  | 'pkcs8-encrypted'
  | 'ppk'
  | 'sshcom'
  | 'pkcs12'
  | 'jks'
  | 'jceks'
  | 'bcfks'
  | 'x509'
  | 'pkcs7'
  | 'spki'
  | 'jwk'
  | 'xml'
  | 'rfc4716'
  | 'ssh-public'
  | 'ssh-blob';

/** The formats, in the order they are looked for. */
export const KEY_FORMATS: Readonly<Record<KeyFormatName, KeyFormatRow>> = {
  openssh: {
    title: 'OpenSSH private key',
    secret: true,
    labels: ['OPENSSH PRIVATE KEY'],
    ref: 'OpenSSH PROTOCOL.key',
    read: ({ bytes, passphrase, budget }) => [
      privateEntry(parseOpensshPrivateKey(bytes, passphrase, budget)),
    ],
  },
  pkcs1: {
    title: 'PKCS#1 (RSA), plain or with the old PEM encryption',
    secret: true,
    labels: ['RSA PRIVATE KEY'],
    shapes: ['pkcs1'],
    ref: 'RFC 8017 appendix A.1.2, RFC 1421',
    read: readTraditional,
  },
  sec1: {
    title: 'SEC1 (EC), plain or with the old PEM encryption',
    secret: true,
    labels: ['EC PRIVATE KEY'],
    shapes: ['sec1'],
    ref: 'RFC 5915, RFC 1421',
    read: readTraditional,
  },
  dsa: {
    title: "OpenSSL's DSA key, plain or with the old PEM encryption",
    secret: true,
    labels: ['DSA PRIVATE KEY'],
    shapes: ['dsa'],
    ref: 'OpenSSL d2i_DSAPrivateKey, RFC 1421',
    read: readTraditional,
  },
  pkcs8: {
    title: 'PKCS#8, plain',
    secret: true,
    labels: ['PRIVATE KEY'],
    shapes: ['pkcs8'],
    ref: 'RFC 5208 section 5, RFC 5958',
    read: ({ bytes, budget }) => [privateEntry(makePrivateKey(importDer(bytes), '', budget))],
  },
  'pkcs8-encrypted': {
    title: 'PKCS#8, encrypted with PBES1, PBES2, scrypt or a scheme of PKCS#12',
    secret: true,
    labels: ['ENCRYPTED PRIVATE KEY'],
    shapes: ['pkcs8-encrypted'],
    ref: 'RFC 5208 section 6, RFC 8018, RFC 7914',
    read({ bytes, passphrase, budget }) {
      const key = importEncryptedPkcs8(bytes, () => needed(passphrase), budget);
      return [privateEntry(makePrivateKey(key, '', budget))];
    },
  },
  ppk: {
    title: 'PuTTY private key (PPK) of version 2 or 3',
    secret: true,
    detect: ({ text }) => /^\s*PuTTY-User-Key-File-/.test(text),
    ref: "PuTTY's manual, appendix C",
    read: ({ text, passphrase, budget }) => [privateEntry(parsePpk(text.trimStart(), passphrase, budget))],
  },
  sshcom: {
    title: 'ssh.com and Tectia private key',
    secret: true,
    detect: ({ text }) => text.includes(`---- BEGIN ${SSHCOM_LABEL} ----`),
    ref: "PuTTY's import.c",
    read: ({ text, passphrase, budget }) => [privateEntry(parseSshcom(text, passphrase, budget))],
  },
  pkcs12: {
    title: 'PKCS#12 (PFX)',
    secret: true,
    labels: ['PKCS12'],
    shapes: ['pkcs12'],
    ref: 'RFC 7292',
    read: ({ bytes, passphrase, budget }) => readPkcs12(bytes, passphrase, budget),
  },
  jks: {
    title: 'Java keystore (JKS)',
    secret: true,
    detect: ({ bytes }) => looksLikeJks(bytes),
    ref: 'JDK sun.security.provider.JavaKeyStore',
    read: ({ bytes, passphrase, budget }) => readJks(bytes, passphrase, budget),
  },
  jceks: {
    title: 'Java keystore of type JCEKS: not available',
    secret: true,
    detect: ({ bytes }) => looksLikeJceks(bytes),
    ref: 'JDK com.sun.crypto.provider.JceKeyStore',
    read: () => notAvailable('a Java keystore of type JCEKS'),
  },
  bcfks: {
    title: 'Bouncy Castle FIPS keystore (BCFKS): not available',
    secret: true,
    shapes: ['bcfks'],
    ref: 'Bouncy Castle',
    read: () => notAvailable('a Bouncy Castle FIPS keystore (BCFKS)'),
  },
  x509: {
    title: 'X.509 certificate, PEM or DER',
    secret: false,
    labels: ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'],
    shapes: ['x509'],
    ref: 'RFC 5280',
    // A TRUSTED CERTIFICATE of OpenSSL has its own words behind the certificate.
    read: ({ bytes, budget }) => [certificateEntry(readCertificate(new DerReader(bytes).take().raw, budget))],
  },
  pkcs7: {
    title: 'PKCS#7 certificates (P7B)',
    secret: false,
    labels: ['PKCS7', 'CMS', 'PKCS #7 SIGNED DATA'],
    shapes: ['pkcs7'],
    ref: 'RFC 2315, RFC 5652',
    read: ({ bytes, budget }) => readPkcs7(bytes, budget),
  },
  spki: {
    title: 'Public key in PEM or DER',
    secret: false,
    labels: ['PUBLIC KEY', 'RSA PUBLIC KEY'],
    shapes: ['spki', 'rsa-public'],
    ref: 'RFC 5280 section 4.1, RFC 8017 appendix A.1.1',
    read: ({ bytes, budget }) => [publicEntry(readPublicDer(bytes), '', budget)],
  },
  jwk: {
    title: 'JSON Web Key (JWK) and JWK set',
    secret: true,
    detect: ({ text }) => looksLikeJwk(text),
    ref: 'RFC 7517, RFC 7518, RFC 8037',
    read: ({ text, budget }) => readJwk(text, budget),
  },
  xml: {
    title: 'XML: RSA, DSA and EC keys of .NET and XML-DSig, X.509',
    secret: true,
    detect: ({ text }) => looksLikeXml(text),
    ref: 'XML-DSig 1.1 section 4.5, RFC 4050, .NET RSA.ToXmlString',
    read: ({ text, budget }) => readXml(text, budget),
  },
  rfc4716: {
    title: 'SSH public key file (RFC 4716)',
    secret: false,
    detect: ({ text }) => isRfc4716(text),
    ref: 'RFC 4716',
    read: ({ text, budget }) => readRfc4716(text, budget),
  },
  'ssh-public': {
    title: 'SSH public keys and OpenSSH certificates, one a line',
    secret: false,
    detect: ({ text }) => PUBLIC_LINE.test(text),
    ref: 'OpenSSH sshd(8), PROTOCOL.certkeys',
    read: ({ text, budget }) => readPublicLines(text, budget),
  },
  'ssh-blob': {
    title: 'SSH public key or OpenSSH certificate as a bare blob',
    secret: false,
    detect: ({ bytes }) => looksLikeBlob(bytes),
    ref: 'RFC 4253 section 6.6',
    read: ({ bytes, budget }) => [blobEntry(bytes, '', budget)],
  },
};

/** Every format as name and row, in the order of the table. */
export const keyFormats: readonly (readonly [KeyFormatName, KeyFormatRow])[] = Object.entries(
  KEY_FORMATS,
) as [KeyFormatName, KeyFormatRow][];

export function formatOfBlock(label: string): readonly [KeyFormatName, KeyFormatRow] | undefined {
  return keyFormats.find(([, row]) => row.labels?.includes(label));
}

/** The format of a file that is no PEM. */
export function formatOfFile(file: KeyFile): readonly [KeyFormatName, KeyFormatRow] | undefined {
  const shape = derShape(file.bytes);
  return keyFormats.find(([, row]) =>
    shape !== undefined ? row.shapes?.includes(shape) : row.detect?.(file),
  );
}

function readTraditional({ bytes, block, passphrase, budget }: KeySource): KeyEntry[] {
  const encrypted = block?.headers.has('DEK-Info') ? block : undefined;
  const key = encrypted === undefined ? importDer(bytes) : openLegacyPem(encrypted, passphrase);
  return [privateEntry(makePrivateKey(key, '', budget))];
}

function needed(passphrase: Uint8Array | undefined): Passphrase {
  if (passphrase === undefined) throw passphraseRequired();
  return { bytes: passphrase, bmp: bmpPassword(passphrase) };
}

function notAvailable(what: string): never {
  throw unsupported(`this is ${what}, which is not available here; keytool can convert it to PKCS#12`);
}

/** The decoded body of a block. */
export function blockBytes(block: PemBlock): Uint8Array {
  if (block.bytes === undefined || block.bytes.length === 0) throw damaged('its body is not base64');
  return block.bytes;
}

/** X.509 certificates (RFC 5280): what people want to know of one, and its key as SSH has it. */
import { type KeyObject, X509Certificate as NodeCertificate } from 'node:crypto';
import { toHex, utf8 } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import { sanitize } from '../../../base/text.ts';
import { DER_TAGS, type DerElement, DerReader } from '../der.ts';
import { keyDetails } from '../key-details.ts';
import { asKeyErrors, encodePublicKey, type PublicKey, parsePublicKey } from '../public-key.ts';
import { readName } from './distinguished-name.ts';

/** An X.509 certificate, taken apart. Nothing in it is believed because it is readable. */
export interface X509 {
  /** The whole certificate, DER. */
  readonly raw: Uint8Array;
  /** 1, 2 or 3. */
  readonly version: number;
  /** Hex digits, two for each byte. */
  readonly serialNumber: string;
  /** `CN=…, O=…, C=…`, the most specific field first. */
  readonly subject: string;
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The object identifier of the algorithm the issuer signed with. */
  readonly signatureAlgorithm: string;
  readonly key: KeyObject;
  /** The key as SSH carries it; undefined for a kind SSH has no type for. */
  readonly publicKey: PublicKey | undefined;
  /** The key usage bits of RFC 5280 section 4.2.1.3: 0x80 is digitalSignature; undefined where there are none. */
  readonly keyUsage: number | undefined;
  /** Object identifiers of the extended key usage. */
  readonly extendedKeyUsage: readonly string[];
  /** DNS names, IP and mail addresses and URIs it is for besides the subject. */
  readonly subjectAltNames: readonly string[];
  /** Whether it may issue certificates (basic constraints). */
  readonly isCa: boolean;
}

/**
 * Reads an X.509 certificate from DER. KEY_FORMAT when it is none or damaged.
 *
 * @example
 * ```ts
 * import { parseX509 } from 'wherry/keys';
 *
 * function expires(der: Uint8Array): Date {
 *   return parseX509(der).notAfter;
 * }
 * ```
 */
export function parseX509(der: Uint8Array): X509 {
  return asKeyErrors(() => {
    const raw = new Uint8Array(der);
    const whole = new DerReader(raw);
    const certificate = whole.sequence();
    whole.end();
    const body = certificate.sequence();
    const signatureAlgorithm = certificate.sequence().oid();
    certificate.bitString();
    certificate.end();
    const version = (body.optional(0xa0)?.integer() ?? 0) + 1;
    const serialNumber = toHex(body.take(DER_TAGS.integer).content).toUpperCase();
    body.sequence(); // The signature algorithm again.
    const issuer = readName(body.sequence());
    const validity = body.sequence();
    const [notBefore, notAfter] = [readTime(validity.take()), readTime(validity.take())];
    const subject = readName(body.sequence());
    body.sequence(); // The key, which node:crypto reads.
    body.optional(0x81);
    body.optional(0x82);
    const extensions = readExtensions(body.optional(0xa3)?.sequence());
    const key = new NodeCertificate(raw).publicKey;
    keyDetails(key); // Throws for one that must not be looked at.
    return {
      raw,
      version,
      serialNumber,
      subject,
      issuer,
      notBefore,
      notAfter,
      signatureAlgorithm,
      key,
      publicKey: sshKey(key),
      ...extensions,
    };
  });
}

type Extensions = Pick<X509, 'keyUsage' | 'extendedKeyUsage' | 'subjectAltNames' | 'isCa'>;

/** The extensions looked at, by object identifier: what each adds. */
const EXTENSIONS: Readonly<Record<string, (value: DerReader) => Partial<Extensions>>> = {
  '2.5.29.15': (value) => ({ keyUsage: value.take(DER_TAGS.bitString).content[1] ?? 0 }),
  '2.5.29.17': (value) => ({ subjectAltNames: [...altNames(value.sequence())] }),
  '2.5.29.19': (value) => {
    const constraints = value.sequence();
    return { isCa: constraints.peek() === DER_TAGS.boolean && constraints.boolean() };
  },
  '2.5.29.37': (value) => {
    const uses = value.sequence();
    const extendedKeyUsage: string[] = [];
    while (uses.remaining > 0) extendedKeyUsage.push(uses.oid());
    return { extendedKeyUsage };
  },
};

function readExtensions(list: DerReader | undefined): Extensions {
  let found: Extensions = { keyUsage: undefined, extendedKeyUsage: [], subjectAltNames: [], isCa: false };
  while (list !== undefined && list.remaining > 0) {
    const extension = list.sequence();
    const oid = extension.oid();
    if (extension.peek() === DER_TAGS.boolean) extension.boolean();
    const read = Object.hasOwn(EXTENSIONS, oid) ? EXTENSIONS[oid] : undefined;
    if (read !== undefined) found = { ...found, ...read(new DerReader(extension.octetString())) };
  }
  return found;
}

function* altNames(names: DerReader): Generator<string, void, void> {
  while (names.remaining > 0) {
    const { tag, content } = names.take();
    if (tag === 0x87) yield ipText(content);
    else if (tag === 0x81 || tag === 0x82 || tag === 0x86) yield sanitize(utf8(content));
    else if (tag === 0xa4) yield readName(new DerReader(content).sequence());
  }
}

function ipText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  if (bytes.length !== 16) return toHex(bytes);
  // A URL shortens an IPv6 address as RFC 5952 has it.
  const groups = toHex(bytes).match(/.{4}/g)!.join(':');
  return new URL(`http://[${groups}]`).hostname.slice(1, -1);
}

function readTime({ tag, content }: DerElement): Date {
  const text = utf8(content);
  const match = /^(\d{2}|\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  const known = tag === DER_TAGS.utcTime || tag === DER_TAGS.generalizedTime;
  if (match === null || !known) throw new WherryError('KEY_FORMAT', 'the certificate is damaged: a time');
  const [, yearText = '', ...rest] = match;
  const [month = 1, day = 1, hour = 0, minute = 0, second = 0] = rest.map(Number);
  // RFC 5280 section 4.1.2.5.1: two digits below 50 are of this century.
  const short = Number(yearText) + (Number(yearText) < 50 ? 2000 : 1900);
  const year = yearText.length === 4 ? Number(yearText) : short;
  return new Date(Date.UTC(year, month - 1, day, hour, minute, second));
}

function sshKey(key: KeyObject): PublicKey | undefined {
  try {
    return parsePublicKey(encodePublicKey(key));
  } catch {
    return undefined;
  }
}

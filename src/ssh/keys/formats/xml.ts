/** Keys in XML: .NET's RSAKeyValue and DSAKeyValue with private numbers, XML-DSig's EC keys, X509Certificate. */
import { withoutZeros } from '../../../base/bytes.ts';
import { sanitize } from '../../../base/text.ts';
import { strictBase64 } from '../base64.ts';
import { checkDsa, fromBig, importPublicNumbers, type KeyNumbers, named } from '../key-numbers.ts';
import { importPrivate, makePrivateKey } from '../key-pair.ts';
import type { KeyTypeRow } from '../key-types.ts';
import { ecPrivateNumber, rsaNumbers } from '../private-fields.ts';
import { asKeyErrors, encodePublicKey, parsePublicKey } from '../public-key.ts';
import type { X509 } from '../x509/x509.ts';
import { plainType } from './key-algorithms.ts';
import { certificateEntry, type KeyEntry, privateEntry, publicEntry, readCertificate } from './key-entry.ts';
import { damaged, unsupported } from './key-errors.ts';
import type { WorkBudget } from './work-budget.ts';

/** The elements looked for, and how each is read. */
const ELEMENTS: Readonly<Record<string, (xml: string) => KeyNumbers>> = {
  RSAKeyValue: readRsa,
  DSAKeyValue: readDsa,
  ECKeyValue: readEc,
  ECDSAKeyValue: readEcDecimal,
};

export function looksLikeXml(text: string): boolean {
  return /^\s*<(?:\?xml|[A-Za-z:]*(?:RSA|DSA|EC|ECDSA)KeyValue|[A-Za-z:]*(?:KeyInfo|KeyValue|X509Data))\b/.test(
    text,
  );
}

/** The key of the document, its certificate, or both. Entities and document types are not looked at. */
export function readXml(text: string, budget: WorkBudget): KeyEntry[] {
  return asKeyErrors(() => {
    const certificate = elementOf(text, 'X509Certificate');
    const own = certificate === undefined ? undefined : readCertificate(decode(certificate), budget);
    for (const [name, read] of Object.entries(ELEMENTS)) {
      const xml = elementOf(text, name, true);
      if (xml !== undefined) return [entryOf(read(xml), own, budget)];
    }
    if (own === undefined) throw damaged('there is no key and no certificate in the XML');
    return [certificateEntry(own)];
  });
}

function entryOf(numbers: KeyNumbers, certificate: X509 | undefined, budget: WorkBudget): KeyEntry {
  const more = certificate === undefined ? {} : { certificate };
  const secret = numbers.kty === 'DSA' ? numbers.x : numbers.d;
  if (secret !== undefined) return privateEntry(makePrivateKey(importPrivate(numbers), '', budget), more);
  const publicKey = parsePublicKey(encodePublicKey(importPublicNumbers(numbers)));
  return { ...publicEntry(publicKey, '', budget), ...more };
}

function readRsa(xml: string): KeyNumbers {
  const [n, e, d] = [number(xml, 'Modulus'), number(xml, 'Exponent'), optionalNumber(xml, 'D')];
  if (d === undefined) return { kty: 'RSA', ...named({ n, e }) };
  const [p, q, qi] = [number(xml, 'P'), number(xml, 'Q'), number(xml, 'InverseQ')];
  return rsaNumbers({ n, e, d, p, q, qi });
}

function readDsa(xml: string): KeyNumbers {
  const [p, q, g, y] = [number(xml, 'P'), number(xml, 'Q'), number(xml, 'G'), number(xml, 'Y')];
  checkDsa(p, q, g, y);
  const x = optionalNumber(xml, 'X');
  return { kty: 'DSA', ...named(x === undefined ? { p, q, g, y } : { p, q, g, y, x }) };
}

/** XML-DSig 1.1 section 4.5.2.3: a named curve and a point; the private number is nobody's standard, but is met as D. */
function readEc(xml: string): KeyNumbers {
  const row = curveOf(/NamedCurve[^<>]{0,200}\bURI="([^"]{0,100})"/.exec(xml)?.[1]);
  const point = decode(elementOf(xml, 'PublicKey') ?? '');
  const size = row.size!;
  if (point.length !== 1 + 2 * size || point[0] !== 4) throw damaged('its point cannot be read');
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  const d = optionalNumber(xml, 'D');
  const numbers: KeyNumbers = { kty: 'EC', crv: row.crv!, ...named({ x, y }) };
  return d === undefined ? numbers : { ...numbers, d: ecPrivateNumber(d, row) };
}

/** RFC 4050, which .NET Framework writes: the coordinates as decimal numbers. */
function readEcDecimal(xml: string): KeyNumbers {
  const row = curveOf(/NamedCurve[^<>]{0,200}\bURN="([^"]{0,100})"/.exec(xml)?.[1]);
  const coordinate = (name: string): string => {
    const text = new RegExp(`<(?:\\w+:)?${name}\\b[^<>]{0,200}\\bValue="(\\d{1,200})"`).exec(xml)?.[1];
    if (text === undefined) throw damaged(`its element ${name} is missing`);
    return ecPrivateNumber(fromBig(BigInt(text)), row);
  };
  return { kty: 'EC', crv: row.crv!, x: coordinate('X'), y: coordinate('Y') };
}

function curveOf(name: string | undefined): KeyTypeRow {
  const found = plainType('ec', /^urn:oid:(.*)/.exec(name ?? '')?.[1]);
  if (found === undefined)
    throw unsupported(`an EC key on the curve ${sanitize(name ?? 'without a name', 64)}`);
  return found[1];
}

/** What stands between the tags of an element, or all of it with them; it must not be in itself. */
function elementOf(xml: string, name: string, whole = false): string | undefined {
  const open = new RegExp(`<(?:\\w+:)?${name}(?:\\s[^<>]*)?>`).exec(xml);
  if (open === null) return undefined;
  const start = open.index + open[0].length;
  const close = new RegExp(`</(?:\\w+:)?${name}\\s*>`).exec(xml.slice(start));
  if (close === null) throw damaged(`its element ${name} has no end`);
  const end = start + close.index;
  return whole ? xml.slice(open.index, end + close[0].length) : xml.slice(start, end);
}

function number(xml: string, name: string): Uint8Array {
  const found = optionalNumber(xml, name);
  if (found === undefined) throw damaged(`its element ${name} is missing`);
  return found;
}

/** XML-DSig's CryptoBinary: base64, big-endian, without leading zeros; some write them all the same. */
function optionalNumber(xml: string, name: string): Uint8Array | undefined {
  const text = elementOf(xml, name);
  if (text === undefined) return undefined;
  return withoutZeros(decode(text));
}

function decode(text: string): Uint8Array {
  const bytes = strictBase64(text.replace(/\s+/g, ''));
  if (bytes === undefined) throw damaged('an element of it is not base64');
  return bytes;
}

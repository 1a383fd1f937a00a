/** Names of subjects and issuers (X.501) as text: `CN=www.server.com, OU=test, C=US`. */
import { utf8, view } from '../../../base/bytes.ts';
import { sanitize } from '../../../base/text.ts';
import { DER_TAGS, type DerElement, type DerReader } from '../der.ts';

/** Short names of the fields; S and E are what Windows says for ST and emailAddress. */
const FIELDS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'SERIALNUMBER',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'S',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'T',
  '2.5.4.42': 'G',
  '2.5.4.97': 'ORGANIZATIONIDENTIFIER',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.2.840.113549.1.9.1': 'E',
};

/** A Name as text, the most specific field first (RFC 4514 section 2.1). A value with a comma is quoted. */
export function readName(name: DerReader): string {
  const parts: string[] = [];
  while (name.remaining > 0) {
    const set = name.set();
    const values: string[] = [];
    while (set.remaining > 0) {
      const pair = set.sequence();
      const oid = pair.oid();
      values.push(`${FIELDS[oid] ?? oid}=${quote(textOf(pair.take()))}`);
    }
    parts.push(values.join('+'));
  }
  return parts.reverse().join(', ');
}

/** The text of a DER string of any kind. */
export function textOf({ tag, content }: DerElement): string {
  if (tag === DER_TAGS.utf8String) return sanitize(utf8(content));
  if (tag === DER_TAGS.bmpString && content.length % 2 === 0) {
    return sanitize(Buffer.from(content).swap16().toString('utf16le'));
  }
  return sanitize(view(content).toString('latin1'));
}

function quote(value: string): string {
  return /[,+"=<>;]|^[ #]| $/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

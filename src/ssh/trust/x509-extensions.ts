/** The extensions of an X.509 certificate (RFC 5280 section 4.1), for what node:crypto does not tell. */
import { DER_TAGS, DerReader } from '../keys/der.ts';

export interface X509Extension {
  readonly oid: string;
  readonly critical: boolean;
  /** The value as a BIT STRING: the numbers of the bits that are set. */
  bits(): ReadonlySet<number>;
  /** The path length of basic constraints; undefined without one. */
  pathLength(): number | undefined;
}

/** `[3]` of a TBSCertificate. */
const EXTENSIONS = 0xa3;

export function readExtensions(certificate: Uint8Array): X509Extension[] {
  const fields = new DerReader(certificate).sequence().sequence();
  const extensions: X509Extension[] = [];
  while (fields.remaining > 0) {
    const list = fields.optional(EXTENSIONS)?.sequence();
    if (list === undefined) fields.take();
    else while (list.remaining > 0) extensions.push(readExtension(list.sequence()));
  }
  return extensions;
}

function readExtension(reader: DerReader): X509Extension {
  const oid = reader.oid();
  const critical = reader.peek() === DER_TAGS.boolean && reader.boolean();
  const value = reader.octetString();
  return {
    oid,
    critical,
    bits() {
      const [, ...bytes] = new DerReader(value).take(DER_TAGS.bitString).content;
      const set = new Set<number>();
      for (let i = 0; i < bytes.length * 8; i++) if (bytes[i >> 3]! & (0x80 >> (i & 7))) set.add(i);
      return set;
    },
    pathLength() {
      const fields = new DerReader(value).sequence();
      if (fields.peek() === DER_TAGS.boolean) fields.boolean();
      return fields.remaining > 0 ? fields.integer() : undefined;
    },
  };
}

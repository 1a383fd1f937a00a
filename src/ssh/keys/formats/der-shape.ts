/** Which structure DER bytes are, told by the tags of what is directly in them. */
import { DER_TAGS, DerReader } from '../der.ts';
import { withLengths } from './ber.ts';

export type DerShape =
  | 'pkcs1'
  | 'dsa'
  | 'sec1'
  | 'pkcs8'
  | 'pkcs8-encrypted'
  | 'pkcs12'
  | 'pkcs7'
  | 'x509'
  | 'spki'
  | 'rsa-public'
  | 'bcfks';

const { integer: INT, sequence: SEQ, octetString: OCTETS, bitString: BITS, oid: OID } = DER_TAGS;

/** Tags of the first elements of each structure; the longer ones first where one begins like another. */
const SHAPES: readonly (readonly [DerShape, readonly number[]])[] = [
  ['pkcs1', [INT, INT, INT, INT, INT, INT, INT, INT, INT]],
  ['dsa', [INT, INT, INT, INT, INT, INT]],
  ['rsa-public', [INT, INT]],
  ['pkcs8', [INT, SEQ, OCTETS]],
  ['sec1', [INT, OCTETS]],
  ['pkcs12', [INT, SEQ]],
  ['x509', [SEQ, SEQ, BITS]],
  ['pkcs8-encrypted', [SEQ, OCTETS]],
  ['spki', [SEQ, BITS]],
  ['bcfks', [SEQ, SEQ]],
  ['pkcs7', [OID, 0xa0]],
];

/** The structure; undefined for bytes that are none known here. */
export function derShape(bytes: Uint8Array): DerShape | undefined {
  if (bytes[0] !== SEQ) return undefined;
  try {
    const reader = new DerReader(withLengths(bytes)).sequence();
    const tags: number[] = [];
    while (reader.remaining > 0 && tags.length < 10) tags.push(reader.take().tag);
    return SHAPES.find(([, wanted]) => wanted.every((tag, i) => tags[i] === tag))?.[0];
  } catch {
    return undefined;
  }
}

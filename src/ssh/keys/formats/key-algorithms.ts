/** The algorithms that PKCS#8 and SubjectPublicKeyInfo name by an object identifier (RFC 3279, RFC 5480, RFC 8410). */
import { type KeyTypeRow, keyTypes } from '../key-types.ts';
import { unsupported } from './key-errors.ts';

const FAMILIES = new Map<string, KeyTypeRow['family']>([
  ['1.2.840.113549.1.1.1', 'rsa'],
  ['1.2.840.10040.4.1', 'dsa'],
  ['1.2.840.10045.2.1', 'ec'],
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
]);
/** Of keys SSH has no type for. */
const OTHERS = new Map([
  ['1.2.840.113549.1.1.10', 'rsa-pss'],
  ['1.2.840.113549.1.3.1', 'dh'],
  ['1.3.101.110', 'x25519'],
  ['1.3.101.111', 'x448'],
]);

/** The family of keys an algorithm is for; KEY_UNSUPPORTED when SSH has none. */
export function familyOf(oid: string): KeyTypeRow['family'] {
  const family = FAMILIES.get(oid);
  if (family !== undefined) return family;
  const kind = OTHERS.get(oid) ?? oid;
  throw unsupported(`SSH has no key type for a key of kind ${kind}`, kind);
}

/** The row of the plain keys of a family, on a curve where there are several. */
export function plainType(
  family: KeyTypeRow['family'],
  curveOid?: string,
): readonly [string, KeyTypeRow] | undefined {
  return keyTypes.find(([, row]) => row.family === family && (row as KeyTypeRow).curveOid === curveOid);
}

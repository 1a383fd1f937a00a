/** The algorithms that PKCS#8 and SubjectPublicKeyInfo name by an object identifier (RFC 3279, RFC 5480, RFC 8410). */
import type { WherryError } from '../../../base/errors.ts';
import { type KeyTypeRow, keyTypes } from '../key-types.ts';
import { unsupported } from './key-errors.ts';

const FAMILIES = new Map<string, KeyTypeRow['family']>([
  ['1.2.840.113549.1.1.1', 'rsa'],
  ['1.2.840.10040.4.1', 'dsa'],
  ['1.2.840.10045.2.1', 'ec'],
  ['1.3.101.112', 'ed25519'],
  ['1.3.101.113', 'ed448'],
]);
/** Algorithms and curves of keys SSH has no type for, by what OpenSSL calls them. */
const OTHERS = new Map([
  ['1.2.840.113549.1.1.10', 'rsa-pss'],
  ['1.2.840.113549.1.3.1', 'dh'],
  ['1.3.101.110', 'x25519'],
  ['1.3.101.111', 'x448'],
  ['1.3.132.0.10', 'ec secp256k1'],
  ['1.3.132.0.33', 'ec secp224r1'],
  ['1.2.840.10045.3.1.1', 'ec prime192v1'],
  ['1.2.156.10197.1.301', 'sm2'],
  ['1.3.36.3.3.2.8.1.1.7', 'ec brainpoolP256r1'],
  ['1.3.36.3.3.2.8.1.1.11', 'ec brainpoolP384r1'],
  ['1.3.36.3.3.2.8.1.1.13', 'ec brainpoolP512r1'],
]);

/** The family of keys an algorithm is for; KEY_UNSUPPORTED when SSH has none. */
export function familyOf(oid: string): KeyTypeRow['family'] {
  const family = FAMILIES.get(oid);
  if (family !== undefined) return family;
  throw noType(OTHERS.get(oid) ?? oid);
}

/** The key type of a named curve; KEY_UNSUPPORTED when SSH has none. */
export function curveType(oid: string): KeyTypeRow {
  const found = plainType('ec', oid);
  if (found !== undefined) return found[1];
  throw noType(OTHERS.get(oid) ?? `ec ${oid}`);
}

function noType(kind: string): WherryError {
  return unsupported(`SSH has no key type for a key of kind ${kind}`, kind);
}

/** The row of the plain keys of a family, on a curve where there are several. */
export function plainType(
  family: KeyTypeRow['family'],
  curveOid?: string,
): readonly [string, KeyTypeRow] | undefined {
  return keyTypes.find(([, row]) => row.family === family && (row as KeyTypeRow).curveOid === curveOid);
}

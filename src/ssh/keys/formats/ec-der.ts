/** Keys on curves in DER (RFC 5480, RFC 5915). */
import { withoutZeros } from '../../../base/bytes.ts';
import { DER_TAGS, DerReader } from '../der.ts';
import { base64url, type KeyNumbers } from '../key-numbers.ts';
import type { KeyTypeRow } from '../key-types.ts';
import { ecPrivateNumber } from '../private-fields.ts';
import { plainType } from './key-algorithms.ts';
import { damaged } from './key-errors.ts';

/**
 * The numbers of an ECPrivateKey; undefined where its curve is none of SSH's or not named, or where its point is not
 * there in full. `parameters` are those of a PKCS#8 around it.
 */
export function ecPrivateNumbers(sec1: Uint8Array, parameters?: DerReader): KeyNumbers | undefined {
  const body = new DerReader(sec1).sequence();
  body.integer();
  const d = withoutZeros(body.octetString());
  const own = body.optional(0xa0);
  const point = body.optional(0xa1)?.bitString();
  body.end();
  const curves = [own, parameters].filter((reader) => reader !== undefined && reader.remaining > 0);
  if (curves.length === 0) throw damaged('its curve is not named');
  const [row, other = row] = curves.map((reader) => curveOf(reader!));
  if (row === undefined || other !== row || point === undefined) return undefined;
  const numbers = ecPublicNumbers(point, row);
  return numbers === undefined ? undefined : { ...numbers, d: ecPrivateNumber(d, row) };
}

/** The numbers of a point that is there in full (SEC 1 section 2.3.3). */
export function ecPublicNumbers(point: Uint8Array, row: KeyTypeRow): KeyNumbers | undefined {
  const size = row.size!;
  if (point[0] !== 4 || point.length !== 1 + 2 * size) return undefined;
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  return { kty: 'EC', crv: row.crv!, x: base64url(x), y: base64url(y) };
}

/** The key type of a named curve; undefined for a curve SSH has none for, and for one written out. */
export function curveOf(parameters: DerReader): KeyTypeRow | undefined {
  return parameters.peek() === DER_TAGS.oid ? plainType('ec', parameters.oid())?.[1] : undefined;
}

/** Keys on curves in DER (RFC 5480, RFC 5915). */
import { createECDH, ECDH } from 'node:crypto';
import { withoutZeros } from '../../../base/bytes.ts';
import { DER_TAGS, DerReader } from '../der.ts';
import { base64url, fromBase64url, type KeyNumbers } from '../key-numbers.ts';
import type { KeyTypeRow } from '../key-types.ts';
import { ecPrivateNumber } from '../private-fields.ts';
import { curveType } from './key-algorithms.ts';
import { damaged } from './key-errors.ts';

/**
 * The numbers of an ECPrivateKey; undefined where its curve is written out. `parameters` are those of a PKCS#8 around
 * it, which name the curve where the key itself does not. A point that is missing is computed.
 */
export function ecPrivateNumbers(sec1: Uint8Array, parameters?: DerReader): KeyNumbers | undefined {
  const body = new DerReader(sec1).sequence();
  body.integer();
  const secret = body.octetString();
  const curve = body.optional(0xa0) ?? parameters;
  const point = body.optional(0xa1)?.bitString();
  body.end();
  if (curve === undefined || curve.remaining === 0) throw damaged('its curve is not named');
  const row = curveOf(curve);
  if (row === undefined) return undefined;
  const d = ecPrivateNumber(withoutZeros(secret), row);
  return { ...ecPublicNumbers(point ?? pointOf(d, row), row), d };
}

/** The numbers of a point: in full, compressed, or both (SEC 1 section 2.3.3, X9.62 section 4.3.6). */
export function ecPublicNumbers(point: Uint8Array, row: KeyTypeRow): KeyNumbers {
  const full = point[0] === 4 ? point : Buffer.from(ECDH.convertKey(point, row.openssl!) as Buffer);
  const size = row.size!;
  if (full.length !== 1 + 2 * size) throw damaged(`a point of ${full.length} bytes on curve ${row.curve}`);
  const [x, y] = [full.subarray(1, 1 + size), full.subarray(1 + size)];
  return { kty: 'EC', crv: row.crv!, x: base64url(x), y: base64url(y) };
}

function pointOf(d: string, row: KeyTypeRow): Uint8Array {
  const pair = createECDH(row.openssl!);
  pair.setPrivateKey(fromBase64url(d));
  return pair.getPublicKey();
}

/** The key type of a named curve, KEY_UNSUPPORTED where SSH has none; undefined for a curve that is written out. */
export function curveOf(parameters: DerReader): KeyTypeRow | undefined {
  if (parameters.peek() === DER_TAGS.oid) return curveType(parameters.oid());
  // SpecifiedECDomain of SEC 1 section C.2: version, field, curve, base, order.
  const written = parameters.sequence();
  written.integer();
  written.sequence();
  written.sequence();
  written.octetString();
  written.bigInteger();
  return undefined;
}

/** Public keys in DER: SubjectPublicKeyInfo (RFC 5280 section 4.1) and RSAPublicKey (RFC 8017 appendix A.1.1). */
import { createPublicKey } from 'node:crypto';
import { view } from '../../../base/bytes.ts';
import { DER_TAGS, DerReader } from '../der.ts';
import { base64url, type KeyNumbers, named } from '../key-numbers.ts';
import type { KeyTypeRow } from '../key-types.ts';
import {
  asKeyErrors,
  encodeNumbers,
  encodePublicKey,
  type PublicKey,
  parsePublicKey,
} from '../public-key.ts';
import { withLengths } from './ber.ts';
import { curveOf, ecPublicNumbers } from './ec-der.ts';
import { familyOf, plainType } from './key-algorithms.ts';

/** Bytes behind the structure do not matter. Left to OpenSSL are curves that are written out. */
export function readPublicDer(der: Uint8Array): PublicKey {
  return asKeyErrors(() => {
    const { raw } = new DerReader(withLengths(der)).take(DER_TAGS.sequence);
    const body = new DerReader(raw).sequence();
    if (body.peek() === DER_TAGS.integer) return parsePublicKey(encode('rsa', rsaNumbers(body)));
    const parameters = body.sequence();
    const family = familyOf(parameters.oid());
    const key = body.bitString();
    body.end();
    switch (family) {
      case 'rsa':
        return parsePublicKey(encode(family, rsaNumbers(new DerReader(key).sequence())));
      case 'dsa': {
        const group = parameters.sequence();
        const [p, q, g] = [group.bigInteger(), group.bigInteger(), group.bigInteger()];
        const numbers = { kty: 'DSA', ...named({ p, q, g, y: new DerReader(key).bigInteger() }) };
        return parsePublicKey(encode(family, numbers));
      }
      case 'ec': {
        const row = curveOf(parameters);
        if (row !== undefined) return parsePublicKey(encode(family, ecPublicNumbers(key, row), row.curveOid));
        const written = createPublicKey({ key: view(raw), format: 'der', type: 'spki' });
        return parsePublicKey(encodePublicKey(written));
      }
      default:
        return parsePublicKey(encode(family, { kty: 'OKP', x: base64url(key) }));
    }
  });
}

function rsaNumbers(list: DerReader): KeyNumbers {
  const [n, e] = [list.positiveInteger(), list.positiveInteger()];
  list.end();
  return { kty: 'RSA', ...named({ n, e }) };
}

function encode(family: KeyTypeRow['family'], numbers: KeyNumbers, curveOid?: string): Uint8Array {
  const [type, row] = plainType(family, curveOid)!;
  return encodeNumbers(type, row, numbers);
}

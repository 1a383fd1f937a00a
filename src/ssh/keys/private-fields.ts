/** The numbers of private keys as OpenSSH's format and its agent carry them (sshkey_private_serialize), behind the type name. */
import type { WireReader } from '../wire/reader.ts';
import type { WireWriter } from '../wire/writer.ts';
import { base64url, checkRsa, fromBase64url, fromBig, type KeyNumbers, named, toBig } from './key-numbers.ts';
import type { KeyTypeRow } from './key-types.ts';
import { PUBLIC_FIELDS } from './public-fields.ts';

interface PrivateFields {
  read(reader: WireReader, row: KeyTypeRow): KeyNumbers;
  write(writer: WireWriter, numbers: KeyNumbers, row: KeyTypeRow): void;
}

const edwards: PrivateFields = {
  read(reader, row) {
    const numbers = PUBLIC_FIELDS[row.family].read(reader, row);
    const both = reader.string();
    const size = row.size!;
    if (both.length !== 2 * size) throw reader.malformed(`an ${row.crv} private key of ${both.length} bytes`);
    if (base64url(both.subarray(size)) !== numbers.x) throw reader.malformed('two public keys that differ');
    return { ...numbers, d: base64url(both.subarray(0, size)) };
  },
  write(writer, numbers, row) {
    PUBLIC_FIELDS[row.family].write(writer, numbers, row);
    writer.string(Buffer.concat([fromBase64url(numbers.d), fromBase64url(numbers.x)]));
  },
};

export const PRIVATE_FIELDS: Readonly<Record<KeyTypeRow['family'], PrivateFields>> = {
  ed25519: edwards,
  ed448: edwards,
  ec: {
    read(reader, row) {
      const numbers = PUBLIC_FIELDS.ec.read(reader, row);
      return { ...numbers, d: ecPrivateNumber(reader.mpint(), row) };
    },
    write(writer, numbers, row) {
      PUBLIC_FIELDS.ec.write(writer, numbers, row);
      writer.mpint(fromBase64url(numbers.d));
    },
  },
  rsa: {
    read(reader) {
      const n = reader.mpint();
      const e = reader.mpint();
      const [d, qi, p, q] = [reader.mpint(), reader.mpint(), reader.mpint(), reader.mpint()];
      return rsaNumbers({ n, e, d, p, q, qi });
    },
    write(writer, numbers) {
      for (const name of ['n', 'e', 'd', 'qi', 'p', 'q'] as const) writer.mpint(fromBase64url(numbers[name]));
    },
  },
  dsa: {
    read(reader, row) {
      const numbers = PUBLIC_FIELDS.dsa.read(reader, row);
      return { ...numbers, x: base64url(reader.mpint()) };
    },
    write(writer, numbers, row) {
      PUBLIC_FIELDS.dsa.write(writer, numbers, row);
      writer.mpint(fromBase64url(numbers.x));
    },
  },
};

/** RFC 7518 section 6.3.2: JWK wants the two exponents that SSH's formats leave to be computed. */
export function rsaNumbers(
  numbers: Readonly<Record<'n' | 'e' | 'd' | 'p' | 'q' | 'qi', Uint8Array>>,
): KeyNumbers {
  const { n, e, d, p, q } = numbers;
  checkRsa(e, n);
  const [pLess, qLess] = [toBig(p) - 1n, toBig(q) - 1n];
  if (pLess < 2n || qLess < 2n || p.length >= n.length || q.length >= n.length || d.length > n.length) {
    throw new RangeError('a private number out of range');
  }
  return {
    kty: 'RSA',
    ...named({ ...numbers, dp: fromBig(toBig(d) % pLess), dq: fromBig(toBig(d) % qLess) }),
  };
}

/** The private number of an EC key at the full length of its curve. */
export function ecPrivateNumber(d: Uint8Array, row: KeyTypeRow): string {
  const size = row.size!;
  if (d.length === 0 || d.length > size) throw new RangeError('a private number out of range');
  const padded = new Uint8Array(size);
  padded.set(d, size - d.length);
  return base64url(padded);
}

/** The numbers of public keys as SSH carries them, behind the type name (RFC 4253 section 6.6 and its followers). */
import { sanitize } from '../../base/text.ts';
import type { WireReader } from '../wire/reader.ts';
import type { WireWriter } from '../wire/writer.ts';
import { base64url, checkDsa, checkRsa, fromBase64url, type KeyNumbers, named } from './key-numbers.ts';
import type { KeyTypeRow } from './key-types.ts';

/** Reads and writes the fields that follow the type name; also those of a private key file, which begin the same. */
interface PublicFields {
  read(reader: WireReader, row: KeyTypeRow): KeyNumbers;
  write(writer: WireWriter, numbers: KeyNumbers, row: KeyTypeRow): void;
}

const edwards: PublicFields = {
  read(reader, row) {
    const x = reader.string();
    if (x.length !== row.size) throw reader.malformed(`an ${row.crv} key of ${x.length} bytes`);
    return { kty: 'OKP', crv: row.crv!, x: base64url(x) };
  },
  write: (writer, numbers) => writer.string(fromBase64url(numbers.x)),
};

export const PUBLIC_FIELDS: Readonly<Record<KeyTypeRow['family'], PublicFields>> = {
  ed25519: edwards,
  ed448: edwards,
  ec: {
    read(reader, row) {
      const curve = reader.text();
      if (curve !== row.curve) {
        throw reader.malformed(`curve ${sanitize(curve, 32)} in a key of curve ${row.curve}`);
      }
      const point = reader.string();
      const size = row.size!;
      if (point.length !== 1 + 2 * size || point[0] !== 4)
        throw reader.malformed('not an uncompressed point');
      return {
        kty: 'EC',
        crv: row.crv!,
        x: base64url(point.subarray(1, 1 + size)),
        y: base64url(point.subarray(1 + size)),
      };
    },
    write(writer, numbers, row) {
      const size = row.size!;
      const point = new Uint8Array(1 + 2 * size).fill(4, 0, 1);
      for (const [end, text] of [
        [1 + size, numbers.x!],
        [1 + 2 * size, numbers.y!],
      ] as const) {
        const digits = fromBase64url(text);
        point.set(digits, end - digits.length);
      }
      writer.text(row.curve!).string(point);
    },
  },
  rsa: {
    read(reader) {
      const e = reader.mpint();
      const n = reader.mpint();
      checkRsa(e, n);
      return { kty: 'RSA', ...named({ e, n }) };
    },
    write(writer, numbers) {
      writer.mpint(fromBase64url(numbers.e)).mpint(fromBase64url(numbers.n));
    },
  },
  dsa: {
    read(reader) {
      const [p, q, g, y] = [reader.mpint(), reader.mpint(), reader.mpint(), reader.mpint()];
      checkDsa(p, q, g, y);
      return { kty: 'DSA', ...named({ p, q, g, y }) };
    },
    write(writer, numbers) {
      for (const name of ['p', 'q', 'g', 'y'] as const) writer.mpint(fromBase64url(numbers[name]));
    },
  },
};

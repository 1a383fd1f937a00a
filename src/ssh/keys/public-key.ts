import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { sameBytes, utf8 } from '../../base/bytes.ts';
import { isWherryError, WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import { strictBase64 } from './base64.ts';

/** A public key that has been checked. */
export interface PublicKey {
  /** The type its blob names, such as `ssh-ed25519`. */
  readonly type: string;
  /** The key as SSH carries it (RFC 4253 section 6.6). */
  readonly blob: Uint8Array;
  readonly key: KeyObject;
  /** Size as people state it: the modulus of RSA, the order of the curve elsewhere. */
  readonly bits: number;
}

/** One key type. */
export interface KeyTypeRow {
  readonly family: 'ed25519' | 'ec' | 'rsa';
  /** For ECDSA, the curve as SSH, JWK and OpenSSL call it. */
  readonly curve?: string;
  readonly crv?: string;
  readonly openssl?: string;
  /** Bytes of one coordinate, or of the whole Ed25519 key. */
  readonly size?: number;
  readonly bits?: number;
  readonly ref: string;
}

/** The key types known here. */
export const KEY_TYPES = {
  'ssh-ed25519': { family: 'ed25519', crv: 'Ed25519', size: 32, bits: 256, ref: 'RFC 8709 section 4' },
  'ecdsa-sha2-nistp256': {
    family: 'ec',
    curve: 'nistp256',
    crv: 'P-256',
    openssl: 'prime256v1',
    size: 32,
    bits: 256,
    ref: 'RFC 5656 section 3.1',
  },
  'ecdsa-sha2-nistp384': {
    family: 'ec',
    curve: 'nistp384',
    crv: 'P-384',
    openssl: 'secp384r1',
    size: 48,
    bits: 384,
    ref: 'RFC 5656 section 3.1',
  },
  'ecdsa-sha2-nistp521': {
    family: 'ec',
    curve: 'nistp521',
    crv: 'P-521',
    openssl: 'secp521r1',
    size: 66,
    bits: 521,
    ref: 'RFC 5656 section 3.1',
  },
  'ssh-rsa': { family: 'rsa', ref: 'RFC 4253 section 6.6' },
} as const;
KEY_TYPES satisfies Record<string, KeyTypeRow>;

/** The row of a key type; KEY_UNSUPPORTED, with what is known of the type, when there is none. */
export function keyTypeRow(type: string): KeyTypeRow {
  if (Object.hasOwn(KEY_TYPES, type)) return KEY_TYPES[type as keyof typeof KEY_TYPES];
  const shown = sanitize(type, 64);
  const why = FOREIGN.find(([pattern]) => pattern.test(type))?.[1] ?? 'a key type not known here';
  throw new WherryError('KEY_UNSUPPORTED', `${shown}: ${why}`, { keyType: shown });
}

const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/^ssh-dss$/, 'DSA keys are not supported; OpenSSH dropped them as too weak'],
  [/-cert-v0[01]@openssh\.com$/, 'this is an OpenSSH certificate, where a plain key is needed'],
  [/^sk-/, 'keys on a FIDO security key can be used through an SSH agent only'],
];

/**
 * The key of a blob (RFC 4253 section 6.6), checked strictly: the curve is the one the type names, lengths are
 * exact, the point lies on the curve, RSA sizes are within LIMITS and nothing is left over. The blob is copied.
 * KEY_FORMAT for a damaged blob, KEY_UNSUPPORTED for a type or size not taken here.
 */
export function parsePublicKey(blob: Uint8Array): PublicKey {
  return asKeyErrors(() => {
    const reader = new WireReader(blob, 0, 'public key');
    const type = reader.text();
    const row = keyTypeRow(type);
    const jwk = PUBLIC_FIELDS[row.family].read(reader, row);
    reader.end();
    return { type, blob: new Uint8Array(blob), ...importPublic(jwk, row) };
  });
}

/** The blob of a key, private or public. KEY_UNSUPPORTED when SSH has no type for it. */
export function encodePublicKey(key: KeyObject): Uint8Array {
  const { asymmetricKeyType: family, asymmetricKeyDetails: details } = key;
  for (const [type, row] of Object.entries(KEY_TYPES) as [string, KeyTypeRow][]) {
    if (row.family !== family || row.openssl !== details?.namedCurve) continue;
    const jwk = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'jwk' });
    const writer = new WireWriter(1024).text(type);
    PUBLIC_FIELDS[row.family].write(writer, jwk, row);
    return writer.finish();
  }
  const kind = [family ?? key.type, details?.namedCurve].filter(Boolean).join(' ');
  throw new WherryError('KEY_UNSUPPORTED', `SSH has no key type for a key of kind ${kind}`, {
    keyType: kind,
  });
}

/** One line of a `.pub` file: type, base64, comment. */
export interface PublicKeyLine {
  readonly publicKey: PublicKey;
  readonly comment: string;
}

/**
 * Reads the line `ssh-keygen` writes into a `.pub` file.
 *
 * @example
 * ```ts
 * import { readFile } from 'node:fs/promises';
 * import { parsePublicKeyLine } from 'wherry/keys';
 *
 * const { publicKey, comment } = parsePublicKeyLine(await readFile(`${privateKeyFile}.pub`, 'utf8'));
 * ```
 */
export function parsePublicKeyLine(line: string): PublicKeyLine {
  const match = /^[ \t]*([^ \t]+)[ \t]+([^ \t]+)(?:[ \t]+([^\r\n]*))?$/.exec(line.trimEnd());
  const blob = match === null ? undefined : strictBase64(match[2]!);
  if (match === null || blob === undefined) {
    throw new WherryError('KEY_FORMAT', 'not a public key line: expected a key type, base64 and a comment');
  }
  const publicKey = parsePublicKey(blob);
  if (publicKey.type !== match[1]) {
    const named = sanitize(match[1]!, 64);
    throw new WherryError('KEY_FORMAT', `the line says ${named}, the key in it is ${publicKey.type}`);
  }
  return { publicKey, comment: match[3] ?? '' };
}

/** Runs a parser; a malformed message inside it is a KEY_FORMAT error. */
export function asKeyErrors<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (isWherryError(error) && error.code.startsWith('KEY_')) throw error;
    const why = isWherryError(error) ? error.message : 'its numbers make no valid key';
    throw new WherryError('KEY_FORMAT', `the key is damaged: ${why}`, {}, error);
  }
}

function importPublic(jwk: JsonWebKey, row: KeyTypeRow): { key: KeyObject; bits: number } {
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return { key, bits: row.bits ?? key.asymmetricKeyDetails!.modulusLength! };
}

/** Reads and writes the fields that follow the type name; also those of a private key file, which are the same. */
interface PublicFields {
  read(reader: WireReader, row: KeyTypeRow): JsonWebKey;
  write(writer: WireWriter, jwk: JsonWebKey, row: KeyTypeRow): void;
}

export const PUBLIC_FIELDS: Readonly<Record<KeyTypeRow['family'], PublicFields>> = {
  ed25519: {
    read(reader) {
      const x = reader.string();
      if (x.length !== 32) throw reader.malformed(`an Ed25519 key of ${x.length} bytes`);
      return { kty: 'OKP', crv: 'Ed25519', x: base64url(x) };
    },
    write: (writer, jwk) => writer.string(Buffer.from(jwk.x!, 'base64url')),
  },
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
    write(writer, jwk, row) {
      const size = row.size!;
      const point = new Uint8Array(1 + 2 * size).fill(4, 0, 1);
      for (const [end, text] of [
        [1 + size, jwk.x!],
        [1 + 2 * size, jwk.y!],
      ] as const) {
        const digits = Buffer.from(text, 'base64url');
        point.set(digits, end - digits.length);
      }
      writer.text(row.curve!).string(point);
    },
  },
  rsa: {
    read(reader) {
      const e = reader.mpint();
      const n = reader.mpint();
      checkRsa(e, n, reader);
      return { kty: 'RSA', e: base64url(e), n: base64url(n) };
    },
    write(writer, jwk) {
      writer.mpint(Buffer.from(jwk.e!, 'base64url')).mpint(Buffer.from(jwk.n!, 'base64url'));
    },
  },
};

/** Throws unless an RSA modulus and exponent (big-endian, no leading zero) can belong to a sound key. */
export function checkRsa(e: Uint8Array, n: Uint8Array, reader: WireReader): void {
  const bits = n.length === 0 ? 0 : n.length * 8 - Math.clz32(n[0]!) + 24;
  const { rsaBitsMin: min, rsaBitsMax: max } = LIMITS;
  if (bits < min.value || bits > max.value) {
    const range = `${min.value} to ${max.value}`;
    throw new WherryError('KEY_UNSUPPORTED', `an RSA key of ${bits} bits; ${range} are taken`, {
      keyType: 'ssh-rsa',
      expected: range,
      actual: bits,
      limit: bits < min.value ? 'rsaBitsMin' : 'rsaBitsMax',
    });
  }
  // FIPS 186-5 section A.1.1: an odd exponent below 2^256.
  const one = e.length === 1 && e[0] === 1;
  if (e.length === 0 || e.length > 32 || one || (e.at(-1)! & 1) === 0 || (n.at(-1)! & 1) === 0) {
    throw reader.malformed('the RSA numbers make no valid key');
  }
}

/** Whether two public keys are the same. */
export function samePublicKey(a: PublicKey, b: PublicKey): boolean {
  return sameBytes(a.blob, b.blob);
}

/** The type a key blob names, without any check of what follows; undefined when there is none. */
export function blobType(blob: Uint8Array): string | undefined {
  try {
    return utf8(new WireReader(blob, 0, 'key').string());
  } catch {
    return undefined;
  }
}

export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url');
}

import { createPublicKey, type KeyObject } from 'node:crypto';
import { sameBytes, utf8 } from '../../base/bytes.ts';
import { isWherryError, WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import { strictBase64 } from './base64.ts';
import {
  bitLength,
  exportNumbers,
  fromBase64url,
  importPublicNumbers,
  type KeyNumbers,
} from './key-numbers.ts';
import { type KeyTypeRow, keyTypeRow, keyTypes } from './key-types.ts';
import { PUBLIC_FIELDS } from './public-fields.ts';

/** A public key that has been checked. */
export interface PublicKey {
  /** The type its blob names, such as `ssh-ed25519`. */
  readonly type: string;
  /** The key as SSH carries it (RFC 4253 section 6.6). */
  readonly blob: Uint8Array;
  readonly key: KeyObject;
  /** Size as people state it: the modulus of RSA and DSA, the order of the curve elsewhere. */
  readonly bits: number;
  /** For a key on a FIDO security key (`sk-…`), the application it was made for, such as `ssh:`. */
  readonly application?: string;
}

/**
 * The key of a blob (RFC 4253 section 6.6), checked strictly: the curve is the one the type names, lengths are
 * exact, the point lies on the curve, RSA sizes are within LIMITS and nothing is left over. The blob is copied.
 * KEY_FORMAT for a damaged blob, KEY_UNSUPPORTED for a type or size not taken here.
 */
export function parsePublicKey(blob: Uint8Array): PublicKey {
  return asKeyErrors(() => {
    const reader = new WireReader(blob, 0, 'public key');
    const type = reader.text();
    const fields = readPublicFields(reader, keyTypeRow(type));
    reader.end();
    return { type, blob: new Uint8Array(blob), ...fields };
  });
}

/** The fields behind the type name: of a key blob, or of a certificate, where others follow. */
export function readPublicFields(reader: WireReader, row: KeyTypeRow): Omit<PublicKey, 'type' | 'blob'> {
  const numbers = PUBLIC_FIELDS[row.family].read(reader, row);
  const key = importPublicNumbers(numbers);
  const bits = row.bits ?? bitLength(fromBase64url(numbers.n ?? numbers.p));
  return row.securityKey ? { key, bits, application: reader.text() } : { key, bits };
}

/** The blob of a key, private or public. KEY_UNSUPPORTED when SSH has no type for it. */
export function encodePublicKey(key: KeyObject): Uint8Array {
  const { asymmetricKeyType: family } = key;
  const curve = family === 'ec' ? key.asymmetricKeyDetails?.namedCurve : undefined;
  for (const [type, row] of keyTypes) {
    if (row.family !== family || row.openssl !== curve) continue;
    return encodeNumbers(type, row, exportNumbers(publicHalf(key)));
  }
  const kind = [family ?? key.type, curve].filter(Boolean).join(' ');
  throw new WherryError('KEY_UNSUPPORTED', `SSH has no key type for a key of kind ${kind}`, {
    keyType: kind,
  });
}

/** The blob of a key whose numbers are known; `parsePublicKey` checks them. */
export function encodeNumbers(type: string, row: KeyTypeRow, numbers: KeyNumbers): Uint8Array {
  const writer = new WireWriter(1024).text(type);
  PUBLIC_FIELDS[row.family].write(writer, numbers, row);
  return writer.finish();
}

function publicHalf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key;
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

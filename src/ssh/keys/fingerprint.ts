import { createHash } from 'node:crypto';
import { sameBytes, toHex } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { strictBase64, unpaddedBase64 } from './base64.ts';

interface FingerprintRow {
  readonly prefix: string;
  /** Bytes of the digest; unlike in every row, so that bare hex can be told by its length. */
  readonly length: number;
  readonly text: 'base64' | 'colons';
}

/** The digests a fingerprint can be made with, in OpenSSH's notation. */
export const FINGERPRINTS = {
  sha256: { prefix: 'SHA256:', length: 32, text: 'base64' },
  sha1: { prefix: 'SHA1:', length: 20, text: 'base64' },
  md5: { prefix: 'MD5:', length: 16, text: 'colons' },
} as const;
FINGERPRINTS satisfies Record<string, FingerprintRow>;

export type FingerprintAlgorithm = keyof typeof FINGERPRINTS;

/** A fingerprint taken apart. */
export interface Fingerprint {
  readonly algorithm: FingerprintAlgorithm;
  readonly digest: Uint8Array;
}

/**
 * The fingerprint of a public key blob as `ssh-keygen -l` prints it: `SHA256:` or `SHA1:` and base64 without
 * padding, `MD5:` and hex with colons.
 *
 * @example
 * ```ts
 * import { fingerprint } from 'wherry/keys';
 *
 * console.log(fingerprint(privateKey.publicKey.blob));
 * ```
 */
export function fingerprint(blob: Uint8Array, algorithm: FingerprintAlgorithm = 'sha256'): string {
  const row: FingerprintRow = FINGERPRINTS[algorithm];
  const digest = createHash(algorithm).update(blob).digest();
  if (row.text === 'base64') return row.prefix + unpaddedBase64(digest);
  return row.prefix + toHex(digest).match(/../g)!.join(':');
}

/**
 * Reads a fingerprint: `SHA256:` or `SHA1:` with base64 (padded or not), `MD5:` with hex, or bare hex with or
 * without colons, told by its length. Anything else is INVALID_ARGUMENT.
 *
 * @example
 * ```ts
 * import { parseFingerprint } from 'wherry/keys';
 *
 * parseFingerprint('16:27:ac:a5:76:28:2d:36:63:1b:56:4d:eb:df:a6:48').algorithm; // 'md5'
 * ```
 */
export function parseFingerprint(text: string): Fingerprint {
  const trimmed = text.trim();
  for (const [name, row] of Object.entries(FINGERPRINTS) as [FingerprintAlgorithm, FingerprintRow][]) {
    if (trimmed.slice(0, row.prefix.length).toUpperCase() !== row.prefix) continue;
    const rest = trimmed.slice(row.prefix.length);
    const digest = row.text === 'base64' ? strictBase64(rest) : hexBytes(rest);
    if (digest?.length !== row.length) throw notOne(text);
    return { algorithm: name, digest };
  }
  const digest = hexBytes(trimmed);
  for (const [name, row] of Object.entries(FINGERPRINTS) as [FingerprintAlgorithm, FingerprintRow][]) {
    if (digest?.length === row.length) return { algorithm: name, digest };
  }
  throw notOne(text);
}

/**
 * Whether the key blob has that fingerprint; compared in constant time. Bad text is INVALID_ARGUMENT.
 *
 * @example
 * ```ts
 * import { fingerprint, matchesFingerprint } from 'wherry/keys';
 *
 * const { blob } = privateKey.publicKey;
 * console.log(matchesFingerprint(blob, fingerprint(blob, 'sha256')));
 * ```
 */
export function matchesFingerprint(blob: Uint8Array, text: string | Fingerprint): boolean {
  const { algorithm, digest } = typeof text === 'string' ? parseFingerprint(text) : text;
  return sameBytes(createHash(algorithm).update(blob).digest(), digest);
}

function hexBytes(text: string): Uint8Array | undefined {
  const plain = /^[0-9a-f]+$/i.test(text) && text.length % 2 === 0;
  const colons = /^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i.test(text);
  return plain || colons ? Buffer.from(text.replaceAll(':', ''), 'hex') : undefined;
}

function notOne(text: string): WherryError {
  const shown = sanitize(text, 100);
  const forms = 'SHA256:base64, SHA1:base64, MD5:hex, or hex of 16, 20 or 32 bytes';
  return new WherryError('INVALID_ARGUMENT', `"${shown}" is not a fingerprint; expected ${forms}`);
}

import { createDecipheriv, type Decipher, type DecipherGCM } from 'node:crypto';
import { sameBytes } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import { payloadStream } from '../crypto/chacha20.ts';
import { poly1305 } from '../crypto/poly1305/poly1305.ts';

/** A cipher an OpenSSH private key file may be encrypted with. */
export interface KeyFileCipherRow {
  readonly mode: 'none' | 'block' | 'gcm' | 'chacha20-poly1305';
  /** node:crypto's name. */
  readonly openssl?: string;
  readonly keyLength: number;
  readonly ivLength: number;
  readonly blockLength: number;
  /** Bytes of the tag that follows the encrypted part. */
  readonly tagLength: number;
}

/** What `ssh-keygen -Z` can write (OpenSSH cipher.c). */
export const KEY_FILE_CIPHERS = {
  none: { mode: 'none', keyLength: 0, ivLength: 0, blockLength: 8, tagLength: 0 },
  'aes128-ctr': {
    mode: 'block',
    openssl: 'aes-128-ctr',
    keyLength: 16,
    ivLength: 16,
    blockLength: 16,
    tagLength: 0,
  },
  'aes192-ctr': {
    mode: 'block',
    openssl: 'aes-192-ctr',
    keyLength: 24,
    ivLength: 16,
    blockLength: 16,
    tagLength: 0,
  },
  'aes256-ctr': {
    mode: 'block',
    openssl: 'aes-256-ctr',
    keyLength: 32,
    ivLength: 16,
    blockLength: 16,
    tagLength: 0,
  },
  'aes128-cbc': {
    mode: 'block',
    openssl: 'aes-128-cbc',
    keyLength: 16,
    ivLength: 16,
    blockLength: 16,
    tagLength: 0,
  },
  'aes192-cbc': {
    mode: 'block',
    openssl: 'aes-192-cbc',
    keyLength: 24,
    ivLength: 16,
    blockLength: 16,
    tagLength: 0,
  },
  'aes256-cbc': {
    mode: 'block',
    openssl: 'aes-256-cbc',
    keyLength: 32,
    ivLength: 16,
    blockLength: 16,
    tagLength: 0,
  },
  'aes128-gcm@openssh.com': {
    mode: 'gcm',
    openssl: 'aes-128-gcm',
    keyLength: 16,
    ivLength: 12,
    blockLength: 16,
    tagLength: 16,
  },
  'aes256-gcm@openssh.com': {
    mode: 'gcm',
    openssl: 'aes-256-gcm',
    keyLength: 32,
    ivLength: 12,
    blockLength: 16,
    tagLength: 16,
  },
  '3des-cbc': {
    mode: 'block',
    openssl: 'des-ede3-cbc',
    keyLength: 24,
    ivLength: 8,
    blockLength: 8,
    tagLength: 0,
  },
  'chacha20-poly1305@openssh.com': {
    mode: 'chacha20-poly1305',
    keyLength: 64,
    ivLength: 0,
    blockLength: 8,
    tagLength: 16,
  },
} as const;
KEY_FILE_CIPHERS satisfies Record<string, KeyFileCipherRow>;

/** The row of a cipher; KEY_UNSUPPORTED naming it when there is none. */
export function keyFileCipher(name: string): KeyFileCipherRow {
  if (Object.hasOwn(KEY_FILE_CIPHERS, name)) return KEY_FILE_CIPHERS[name as keyof typeof KEY_FILE_CIPHERS];
  const shown = sanitize(name, 64);
  throw new WherryError(
    'KEY_UNSUPPORTED',
    `the private key is encrypted with ${shown}, which is not supported`,
  );
}

/** The plain bytes, as memory of their own; undefined when the tag does not fit. `secret`: the key, then the IV. */
export function decryptKeyFile(
  row: KeyFileCipherRow,
  secret: Uint8Array,
  bytes: Uint8Array,
  tag: Uint8Array,
): Uint8Array | undefined {
  return MODES[row.mode](row, secret, bytes, tag);
}

const MODES: Readonly<Record<KeyFileCipherRow['mode'], typeof decryptKeyFile>> = {
  none: (_row, _secret, bytes) => new Uint8Array(bytes),
  block: (row, secret, bytes) => makeDecipher(row, secret).setAutoPadding(false).update(bytes),
  gcm(row, secret, bytes, tag) {
    const decipher = makeDecipher(row, secret) as DecipherGCM;
    const plain = decipher.setAuthTag(tag).update(bytes);
    try {
      decipher.final();
    } catch {
      plain.fill(0);
      return undefined;
    }
    return plain;
  },
  // As for packet 0 (PROTOCOL.chacha20poly1305), but without the length field and its key.
  'chacha20-poly1305'(_row, secret, bytes, tag) {
    const { polyKey, cipher } = payloadStream(secret, 0);
    if (!sameBytes(poly1305(polyKey, bytes, 0, bytes.length), tag)) return undefined;
    return cipher.update(bytes);
  },
};

function makeDecipher({ openssl, keyLength, ivLength }: KeyFileCipherRow, secret: Uint8Array): Decipher {
  const iv = secret.subarray(keyLength, keyLength + ivLength);
  return createDecipheriv(openssl!, secret.subarray(0, keyLength), iv);
}

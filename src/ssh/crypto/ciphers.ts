import { ARCFOUR_DISCARD, arcfour } from './legacy/arcfour.ts';
import { blowfish } from './legacy/blowfish.ts';
import { cast128 } from './legacy/cast128.ts';
import { cbc64 } from './legacy/cbc.ts';
import { tripleDesCtr } from './legacy/triple-des-ctr.ts';
import { type AlgorithmRow, defaultNames } from './security.ts';
import type { MakeStreamCipher } from './stream-cipher.ts';

/** One symmetric cipher of the binary packet protocol, RFC 4253 section 6.3. */
export interface CipherRow extends AlgorithmRow {
  readonly mode: 'none' | 'gcm' | 'ctr' | 'cbc' | 'stream' | 'chacha20-poly1305';
  /** node:crypto's name; none where `make` stands for a cipher it does not have. */
  readonly openssl?: string;
  readonly make?: MakeStreamCipher;
  readonly keyLength: number;
  readonly ivLength: number;
  readonly blockLength: number;
  /** The cipher authenticates the packet itself, so no MAC is negotiated for it. */
  readonly aead: boolean;
  /** Weak against CVE-2023-48795 where the peer does not do strict key exchange; CBC so only with an EtM MAC. */
  readonly terrapin: boolean;
}

const blowfishCbc: MakeStreamCipher = cbc64(blowfish);
const cast128Cbc: MakeStreamCipher = cbc64(cast128);
const earlyArcfour: MakeStreamCipher = (key) => arcfour(key, 0);
const lateArcfour: MakeStreamCipher = (key) => arcfour(key, ARCFOUR_DISCARD);

/** The ciphers, in the order they are offered: fastest on today's processors first. */
export const CIPHERS = {
  'aes128-gcm@openssh.com': {
    mode: 'gcm',
    ivLength: 12,
    blockLength: 16,
    aead: true,
    terrapin: false,
    openssl: 'aes-128-gcm',
    keyLength: 16,
    security: 'default',
    ref: 'RFC 5647, OpenSSH PROTOCOL section 1.6',
  },
  'aes256-gcm@openssh.com': {
    mode: 'gcm',
    ivLength: 12,
    blockLength: 16,
    aead: true,
    terrapin: false,
    openssl: 'aes-256-gcm',
    keyLength: 32,
    security: 'default',
    ref: 'RFC 5647, OpenSSH PROTOCOL section 1.6',
  },
  'aes128-ctr': {
    mode: 'ctr',
    ivLength: 16,
    blockLength: 16,
    aead: false,
    terrapin: false,
    openssl: 'aes-128-ctr',
    keyLength: 16,
    security: 'default',
    ref: 'RFC 4344 section 4',
  },
  'aes192-ctr': {
    mode: 'ctr',
    ivLength: 16,
    blockLength: 16,
    aead: false,
    terrapin: false,
    openssl: 'aes-192-ctr',
    keyLength: 24,
    security: 'default',
    ref: 'RFC 4344 section 4',
  },
  'aes256-ctr': {
    mode: 'ctr',
    ivLength: 16,
    blockLength: 16,
    aead: false,
    terrapin: false,
    openssl: 'aes-256-ctr',
    keyLength: 32,
    security: 'default',
    ref: 'RFC 4344 section 4',
  },
  'chacha20-poly1305@openssh.com': {
    mode: 'chacha20-poly1305',
    openssl: 'chacha20',
    keyLength: 64,
    ivLength: 0,
    blockLength: 8,
    aead: true,
    terrapin: true,
    security: 'default',
    ref: 'OpenSSH PROTOCOL.chacha20poly1305',
  },
  'aes128-cbc': {
    mode: 'cbc',
    ivLength: 16,
    blockLength: 16,
    aead: false,
    terrapin: true,
    openssl: 'aes-128-cbc',
    keyLength: 16,
    security: 'insecure',
    ref: 'RFC 4253 section 6.3',
  },
  'aes192-cbc': {
    mode: 'cbc',
    ivLength: 16,
    blockLength: 16,
    aead: false,
    terrapin: true,
    openssl: 'aes-192-cbc',
    keyLength: 24,
    security: 'insecure',
    ref: 'RFC 4253 section 6.3',
  },
  'aes256-cbc': {
    mode: 'cbc',
    ivLength: 16,
    blockLength: 16,
    aead: false,
    terrapin: true,
    openssl: 'aes-256-cbc',
    keyLength: 32,
    security: 'insecure',
    ref: 'RFC 4253 section 6.3',
  },
  '3des-ctr': {
    mode: 'ctr',
    ivLength: 8,
    blockLength: 8,
    aead: false,
    terrapin: false,
    make: tripleDesCtr as MakeStreamCipher,
    keyLength: 24,
    security: 'insecure',
    ref: 'RFC 4344 section 4',
  },
  '3des-cbc': {
    mode: 'cbc',
    ivLength: 8,
    blockLength: 8,
    aead: false,
    terrapin: true,
    openssl: 'des-ede3-cbc',
    keyLength: 24,
    security: 'insecure',
    ref: 'RFC 4253 section 6.3',
  },
  'blowfish-cbc': {
    mode: 'cbc',
    ivLength: 8,
    blockLength: 8,
    aead: false,
    terrapin: true,
    make: blowfishCbc as MakeStreamCipher,
    keyLength: 16,
    security: 'insecure',
    ref: 'RFC 4253 section 6.3',
  },
  'cast128-cbc': {
    mode: 'cbc',
    ivLength: 8,
    blockLength: 8,
    aead: false,
    terrapin: true,
    make: cast128Cbc as MakeStreamCipher,
    keyLength: 16,
    security: 'insecure',
    ref: 'RFC 4253 section 6.3, RFC 2144',
  },
  arcfour256: {
    mode: 'stream',
    ivLength: 0,
    blockLength: 8,
    aead: false,
    terrapin: false,
    make: lateArcfour as MakeStreamCipher,
    keyLength: 32,
    security: 'insecure',
    ref: 'RFC 4345 section 4',
  },
  arcfour128: {
    mode: 'stream',
    ivLength: 0,
    blockLength: 8,
    aead: false,
    terrapin: false,
    make: lateArcfour as MakeStreamCipher,
    keyLength: 16,
    security: 'insecure',
    ref: 'RFC 4345 section 4',
  },
  arcfour: {
    mode: 'stream',
    ivLength: 0,
    blockLength: 8,
    aead: false,
    terrapin: false,
    make: earlyArcfour as MakeStreamCipher,
    keyLength: 16,
    security: 'insecure',
    ref: 'RFC 4253 section 6.3',
  },
} as const;
CIPHERS satisfies Record<string, CipherRow>;

export const DEFAULT_CIPHERS: readonly string[] = defaultNames(CIPHERS);

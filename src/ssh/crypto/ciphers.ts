import { type AlgorithmRow, defaultNames } from './security.ts';

/** One symmetric cipher of the binary packet protocol, RFC 4253 section 6.3. */
export interface CipherRow extends AlgorithmRow {
  readonly mode: 'none' | 'gcm' | 'ctr' | 'chacha20-poly1305';
  /** node:crypto's name. */
  readonly openssl: string;
  readonly keyLength: number;
  readonly ivLength: number;
  readonly blockLength: number;
  /** The cipher authenticates the packet itself, so no MAC is negotiated for it. */
  readonly aead: boolean;
  /** Weak against CVE-2023-48795 where the peer does not do strict key exchange. */
  readonly terrapin: boolean;
}

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
} as const;
CIPHERS satisfies Record<string, CipherRow>;

export type CipherName = keyof typeof CIPHERS;

export const DEFAULT_CIPHERS: readonly string[] = defaultNames(CIPHERS);

import { type AlgorithmRow, defaultNames } from './security.ts';

/** One message authentication code, RFC 4253 section 6.4. */
export interface MacRow extends AlgorithmRow {
  /** node:crypto's hash name. */
  readonly hash: string;
  readonly keyLength: number;
  readonly tagLength: number;
  /** Over the ciphertext (OpenSSH PROTOCOL section 1.5) instead of the clear packet. */
  readonly etm: boolean;
}

/** The MACs, in the order they are offered; AEAD ciphers need none. */
export const MACS = {
  'hmac-sha2-256-etm@openssh.com': {
    hash: 'sha256',
    keyLength: 32,
    tagLength: 32,
    etm: true,
    security: 'default',
    ref: 'RFC 6668, OpenSSH PROTOCOL section 1.5',
  },
  'hmac-sha2-512-etm@openssh.com': {
    hash: 'sha512',
    keyLength: 64,
    tagLength: 64,
    etm: true,
    security: 'default',
    ref: 'RFC 6668, OpenSSH PROTOCOL section 1.5',
  },
  'hmac-sha2-256': {
    hash: 'sha256',
    keyLength: 32,
    tagLength: 32,
    etm: false,
    security: 'default',
    ref: 'RFC 6668',
  },
  'hmac-sha2-512': {
    hash: 'sha512',
    keyLength: 64,
    tagLength: 64,
    etm: false,
    security: 'default',
    ref: 'RFC 6668',
  },
  'hmac-sha1': {
    hash: 'sha1',
    keyLength: 20,
    tagLength: 20,
    etm: false,
    security: 'supported',
    ref: 'RFC 4253 section 6.4',
  },
} as const;
MACS satisfies Record<string, MacRow>;

export type MacName = keyof typeof MACS;

export const DEFAULT_MACS: readonly string[] = defaultNames(MACS);

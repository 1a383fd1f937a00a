import { type AlgorithmRow, defaultNames } from './security.ts';

/** One message authentication code, RFC 4253 section 6.4. */
export interface MacRow extends AlgorithmRow {
  readonly family: 'hmac' | 'umac';
  /** For HMAC, node:crypto's hash name. */
  readonly hash?: string;
  readonly keyLength: number;
  /** Bytes of the tag; an HMAC that is longer is cut. */
  readonly tagLength: number;
  /** Over the ciphertext (OpenSSH PROTOCOL section 1.5) instead of the clear packet. */
  readonly etm: boolean;
}

/** The MACs, in the order they are offered; AEAD ciphers need none. */
export const MACS = {
  'hmac-sha2-256-etm@openssh.com': {
    family: 'hmac',
    hash: 'sha256',
    keyLength: 32,
    tagLength: 32,
    etm: true,
    security: 'default',
    ref: 'RFC 6668, OpenSSH PROTOCOL section 1.5',
  },
  'hmac-sha2-512-etm@openssh.com': {
    family: 'hmac',
    hash: 'sha512',
    keyLength: 64,
    tagLength: 64,
    etm: true,
    security: 'default',
    ref: 'RFC 6668, OpenSSH PROTOCOL section 1.5',
  },
  'hmac-sha2-256': {
    family: 'hmac',
    hash: 'sha256',
    keyLength: 32,
    tagLength: 32,
    etm: false,
    security: 'default',
    ref: 'RFC 6668',
  },
  'hmac-sha2-512': {
    family: 'hmac',
    hash: 'sha512',
    keyLength: 64,
    tagLength: 64,
    etm: false,
    security: 'default',
    ref: 'RFC 6668',
  },
  'umac-128-etm@openssh.com': {
    family: 'umac',
    keyLength: 16,
    tagLength: 16,
    etm: true,
    security: 'supported',
    ref: 'RFC 4418, draft-miller-secsh-umac-01, OpenSSH PROTOCOL section 1.5',
  },
  'umac-64-etm@openssh.com': {
    family: 'umac',
    keyLength: 16,
    tagLength: 8,
    etm: true,
    security: 'supported',
    ref: 'RFC 4418, draft-miller-secsh-umac-01, OpenSSH PROTOCOL section 1.5',
  },
  'umac-128@openssh.com': {
    family: 'umac',
    keyLength: 16,
    tagLength: 16,
    etm: false,
    security: 'supported',
    ref: 'RFC 4418, draft-miller-secsh-umac-01',
  },
  'umac-64@openssh.com': {
    family: 'umac',
    keyLength: 16,
    tagLength: 8,
    etm: false,
    security: 'supported',
    ref: 'RFC 4418, draft-miller-secsh-umac-01',
  },
  'hmac-sha2-256-96-etm@openssh.com': {
    family: 'hmac',
    hash: 'sha256',
    keyLength: 32,
    tagLength: 12,
    etm: true,
    security: 'supported',
    ref: 'draft-dbider-sha2-mac-for-ssh-02, OpenSSH PROTOCOL section 1.5',
  },
  'hmac-sha2-512-96-etm@openssh.com': {
    family: 'hmac',
    hash: 'sha512',
    keyLength: 64,
    tagLength: 12,
    etm: true,
    security: 'supported',
    ref: 'draft-dbider-sha2-mac-for-ssh-02, OpenSSH PROTOCOL section 1.5',
  },
  'hmac-sha2-256-96': {
    family: 'hmac',
    hash: 'sha256',
    keyLength: 32,
    tagLength: 12,
    etm: false,
    security: 'supported',
    ref: 'draft-dbider-sha2-mac-for-ssh-02',
  },
  'hmac-sha2-512-96': {
    family: 'hmac',
    hash: 'sha512',
    keyLength: 64,
    tagLength: 12,
    etm: false,
    security: 'supported',
    ref: 'draft-dbider-sha2-mac-for-ssh-02',
  },
  'hmac-sha1-etm@openssh.com': {
    family: 'hmac',
    hash: 'sha1',
    keyLength: 20,
    tagLength: 20,
    etm: true,
    security: 'supported',
    ref: 'RFC 4253 section 6.4, OpenSSH PROTOCOL section 1.5',
  },
  'hmac-sha1': {
    family: 'hmac',
    hash: 'sha1',
    keyLength: 20,
    tagLength: 20,
    etm: false,
    security: 'supported',
    ref: 'RFC 4253 section 6.4',
  },
  'hmac-sha1-96': {
    family: 'hmac',
    hash: 'sha1',
    keyLength: 20,
    tagLength: 12,
    etm: false,
    security: 'insecure',
    ref: 'RFC 4253 section 6.4',
  },
  'hmac-ripemd160': {
    family: 'hmac',
    hash: 'ripemd160',
    keyLength: 20,
    tagLength: 20,
    etm: false,
    security: 'insecure',
    ref: 'RFC 2286, without a specification for SSH',
  },
  'hmac-ripemd160-96': {
    family: 'hmac',
    hash: 'ripemd160',
    keyLength: 20,
    tagLength: 12,
    etm: false,
    security: 'insecure',
    ref: 'RFC 2286, without a specification for SSH',
  },
  'hmac-md5': {
    family: 'hmac',
    hash: 'md5',
    keyLength: 16,
    tagLength: 16,
    etm: false,
    security: 'insecure',
    ref: 'RFC 4253 section 6.4',
  },
  'hmac-md5-96': {
    family: 'hmac',
    hash: 'md5',
    keyLength: 16,
    tagLength: 12,
    etm: false,
    security: 'insecure',
    ref: 'RFC 4253 section 6.4',
  },
} as const;
MACS satisfies Record<string, MacRow>;

export const DEFAULT_MACS: readonly string[] = defaultNames(MACS);

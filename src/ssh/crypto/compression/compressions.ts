import { type AlgorithmRow, defaultNames } from '../security.ts';

/** One compression method, RFC 4253 section 6.2. */
export interface CompressionRow extends AlgorithmRow {
  readonly zlib: boolean;
  /** Begins with the end of the login instead of the keys, so that nobody unknown reaches the inflater. */
  readonly delayed: boolean;
}

/** The compression methods, in the order they are offered. */
export const COMPRESSIONS = {
  none: { zlib: false, delayed: false, security: 'default', ref: 'RFC 4253 section 6.2' },
  'zlib@openssh.com': {
    zlib: true,
    delayed: true,
    security: 'supported',
    ref: 'draft-miller-secsh-compression-delayed-00',
  },
  zlib: { zlib: true, delayed: false, security: 'supported', ref: 'RFC 4253 section 6.2, RFC 1950' },
} as const;
COMPRESSIONS satisfies Record<string, CompressionRow>;

export type CompressionName = keyof typeof COMPRESSIONS;

export const DEFAULT_COMPRESSIONS: readonly string[] = defaultNames(COMPRESSIONS);

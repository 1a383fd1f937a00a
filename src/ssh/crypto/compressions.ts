import { type AlgorithmRow, defaultNames } from './security.ts';

/** Compression methods, RFC 4253 section 6.2. */
export const COMPRESSIONS = {
  none: { security: 'default', ref: 'RFC 4253 section 6.2' },
} as const;
COMPRESSIONS satisfies Record<string, AlgorithmRow>;

export type CompressionName = keyof typeof COMPRESSIONS;

export const DEFAULT_COMPRESSIONS: readonly string[] = defaultNames(COMPRESSIONS);

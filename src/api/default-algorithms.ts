import { DEFAULT_CIPHERS } from '../ssh/crypto/ciphers.ts';
import { DEFAULT_COMPRESSIONS } from '../ssh/crypto/compression/compressions.ts';
import { DEFAULT_KEX } from '../ssh/crypto/key-exchanges.ts';
import { DEFAULT_MACS } from '../ssh/crypto/macs.ts';
import { hostKeyAlgorithms } from '../ssh/crypto/signatures.ts';

/** The kinds of algorithms that the two sides choose from lists. */
export type AlgorithmKind = 'kex' | 'hostKey' | 'ciphers' | 'macs' | 'compressions';

/** What is offered where `algorithms` of ConnectOptions says nothing, best first. Whatever is weak is not among it. */
export const DEFAULT_ALGORITHMS: Readonly<Record<AlgorithmKind, readonly string[]>> = {
  kex: DEFAULT_KEX,
  hostKey: hostKeyAlgorithms,
  ciphers: DEFAULT_CIPHERS,
  macs: DEFAULT_MACS,
  compressions: DEFAULT_COMPRESSIONS,
};

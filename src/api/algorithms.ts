import { CIPHERS, DEFAULT_CIPHERS } from '../ssh/crypto/ciphers.ts';
import { DEFAULT_KEX, KEX_ALGORITHMS } from '../ssh/crypto/key-exchanges.ts';
import { DEFAULT_MACS, MACS } from '../ssh/crypto/macs.ts';
import { hostKeyAlgorithms, SIGNATURE_ALGORITHMS } from '../ssh/crypto/signatures.ts';

/** The names of one kind of algorithm. */
export interface AlgorithmNames {
  /** Everything that works when it is named. */
  readonly supported: readonly string[];
  /** What is offered when nothing is named, best first. */
  readonly defaults: readonly string[];
}

/**
 * The algorithms there are, by the names of `ConnectOptions.algorithms`.
 *
 * @example
 * ```ts
 * import { algorithmNames } from 'wherry';
 *
 * const { ciphers } = algorithmNames();
 * console.log(ciphers.defaults[0], ciphers.supported.length);
 * ```
 */
export function algorithmNames(): Readonly<Record<'kex' | 'hostKey' | 'ciphers' | 'macs', AlgorithmNames>> {
  return {
    kex: { supported: Object.keys(KEX_ALGORITHMS), defaults: DEFAULT_KEX },
    hostKey: { supported: Object.keys(SIGNATURE_ALGORITHMS), defaults: hostKeyAlgorithms },
    ciphers: { supported: Object.keys(CIPHERS), defaults: DEFAULT_CIPHERS },
    macs: { supported: Object.keys(MACS), defaults: DEFAULT_MACS },
  };
}

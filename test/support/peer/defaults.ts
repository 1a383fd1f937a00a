import { Log, type Logger } from '../../../src/base/log.ts';
import { type RandomSource, systemRandom } from '../../../src/base/random.ts';
import { DEFAULT_CIPHERS } from '../../../src/ssh/crypto/ciphers.ts';
import { DEFAULT_COMPRESSIONS } from '../../../src/ssh/crypto/compression/compressions.ts';
import { DEFAULT_MACS } from '../../../src/ssh/crypto/macs.ts';
import { hostKeyAlgorithms } from '../../../src/ssh/crypto/signatures.ts';
import type { AlgorithmLists } from '../../../src/ssh/transport/negotiate.ts';
import type { TransportOptions } from '../../../src/ssh/transport/options.ts';
import type { StrictKexLevel } from '../../../src/ssh/transport/strict-kex.ts';

/** What both halves of a test connection can be told; everything has a default. */
export interface HalfOptions {
  readonly algorithms?: Partial<AlgorithmLists>;
  /** Default true. */
  readonly strictKex?: boolean | StrictKexLevel;
  readonly rekeyBytes?: number;
  readonly rekeyPackets?: number;
  readonly rekeyInterval?: number;
  readonly serverVersions?: readonly string[];
  readonly groupBits?: number;
  readonly closeTimeout?: number;
  readonly waitForPeerToClose?: boolean;
  readonly random?: RandomSource;
  readonly logger?: Logger;
  readonly software?: string;
}

/** Fast ones first, so that tests which are not about key exchange spend no time there. */
const QUICK_KEX: readonly string[] = ['curve25519-sha256', 'ecdh-sha2-nistp256'];

export function algorithmLists(given: Partial<AlgorithmLists> = {}): AlgorithmLists {
  return {
    kex: QUICK_KEX,
    hostKey: hostKeyAlgorithms,
    ciphers: DEFAULT_CIPHERS,
    macs: DEFAULT_MACS,
    compressions: DEFAULT_COMPRESSIONS,
    ...given,
  };
}

function strictLevel(given: HalfOptions['strictKex']): StrictKexLevel {
  if (typeof given === 'string') return given;
  return given === false ? 'off' : 'offer';
}

/** The transport options of a half. */
export function transportOptions(options: HalfOptions): Omit<TransportOptions, 'role' | 'verifyHostKey'> {
  return {
    software: options.software ?? 'wherry_test',
    algorithms: algorithmLists(options.algorithms),
    strictKex: strictLevel(options.strictKex),
    rekeyBytes: options.rekeyBytes ?? 2 ** 30,
    rekeyPackets: options.rekeyPackets ?? 2 ** 31,
    rekeyInterval: options.rekeyInterval,
    serverVersions: options.serverVersions,
    groupBits: options.groupBits,
    closeTimeout: options.closeTimeout,
    waitForPeerToClose: options.waitForPeerToClose,
    random: options.random ?? systemRandom,
    log: new Log(options.logger),
  };
}

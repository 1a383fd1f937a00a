import type { Log } from '../../base/log.ts';
import type { RandomSource } from '../../base/random.ts';
import type { PrivateKey } from '../keys/private-key.ts';
import type { PublicKey } from '../keys/public-key.ts';
import type { AlgorithmLists } from './negotiate.ts';

/** A host key whose signature has been verified, and the algorithm it signed with. */
export interface PresentedHostKey {
  readonly key: PublicKey;
  readonly algorithm: string;
  /** `SHA256:` and base64. */
  readonly fingerprint: string;
}

export interface TransportOptions {
  readonly role: 'client' | 'server';
  /** The software part of our version line. */
  readonly software: string;
  readonly algorithms: AlgorithmLists;
  /** Offer strict key exchange (OpenSSH PROTOCOL section 1.10). */
  readonly strictKex: boolean;
  /** Bytes and packets in one direction after which new keys are exchanged. */
  readonly rekeyBytes: number;
  readonly rekeyPackets: number;
  readonly random: RandomSource;
  readonly log: Log;
  /** Client: resolves when the host key is trusted, rejects with HOST_KEY_* otherwise. */
  readonly verifyHostKey?: (presented: PresentedHostKey) => Promise<void>;
  /** Server: the keys it can prove. */
  readonly hostKeys?: readonly PrivateKey[];
}

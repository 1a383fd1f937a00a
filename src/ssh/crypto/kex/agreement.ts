import type { RandomSource } from '../../../base/random.ts';

/** The first mover's half of a key agreement. */
export interface Initiator {
  /** What goes to the peer: Q_C, e, or the concatenation a hybrid method defines. */
  readonly publicValue: Uint8Array;
  /** The shared secret from the peer's public value; throws SSH_KEY_EXCHANGE for a value that is not sound. */
  finish(peerPublic: Uint8Array): Uint8Array;
}

/**
 * A key agreement without its messages, for either role. Shared secrets are raw: big-endian magnitude for
 * the Diffie-Hellman families, the hash output for the hybrids.
 */
export interface KeyAgreement {
  initiate(random: RandomSource): Promise<Initiator>;
  respond(
    random: RandomSource,
    peerPublic: Uint8Array,
  ): Promise<{ publicValue: Uint8Array; secret: Uint8Array }>;
}

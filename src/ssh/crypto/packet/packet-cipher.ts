/**
 * The seam between the packet layer and the algorithms, one direction each. A clear packet is
 * `packet_length, padding_length, payload, padding` (RFC 4253 section 6); what goes on the wire besides
 * (encryption, MAC) is the business of the two halves below.
 */
export interface PacketSealer {
  /** Padding makes the packet a multiple of this, counted from byte `alignFrom`. */
  readonly blockLength: number;
  /** 4 where the length field lies outside the encrypted blocks (AEAD, EtM), else 0. */
  readonly alignFrom: 0 | 4;
  readonly tagLength: number;
  /** Writes the sealed form of the first `length` bytes of `packet` into `out`; returns the bytes written. */
  seal(sequence: number, packet: Uint8Array, length: number, out: Uint8Array, at: number): number;
}

export interface PacketOpener {
  /** Bytes that must have arrived before packet_length can be told. */
  readonly headLength: number;
  readonly blockLength: number;
  readonly alignFrom: 0 | 4;
  readonly tagLength: number;
  /**
   * CBC decrypts the length before anything is authenticated, and a chosen block shows in when a wrong one is refused
   * (Albrecht, Paterson, Watson 2009). After a failure the largest packet's worth of bytes is taken in before it is told.
   */
  readonly hidesFailure?: boolean;
  /** packet_length. Called once per packet, before `open`; the value is not yet authenticated. */
  readLength(sequence: number, bytes: Uint8Array, at: number): number;
  /**
   * Checks and decrypts the packet whose wire form starts at `at`. Returns padding_length, payload and
   * padding, in memory of its own or in that of `bytes`; throws SSH_MAC when the check fails.
   */
  open(sequence: number, bytes: Uint8Array, at: number, packetLength: number): Uint8Array;
}

/** Keys of one direction, derived from the exchange (RFC 4253 section 7.2). */
export interface DirectionKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly macKey: Uint8Array;
}

import { readU32, sameBytes } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import { lengthCrypt, payloadStream } from '../chacha20.ts';
import { poly1305 } from '../poly1305/poly1305.ts';
import type { DirectionKeys, PacketOpener, PacketSealer } from './packet-cipher.ts';

const TAG = 16;

/** OpenSSH PROTOCOL.chacha20poly1305: the length under a key of its own, the tag over both ciphertexts. */
export class ChachaPolySealer implements PacketSealer {
  readonly blockLength = 8;
  readonly alignFrom = 4;
  readonly tagLength: number = TAG;
  readonly #key: Uint8Array;

  constructor(keys: DirectionKeys) {
    this.#key = keys.key;
  }

  seal(sequence: number, packet: Uint8Array, length: number, out: Uint8Array, at: number): number {
    out.set(lengthCrypt(this.#key, sequence, packet.subarray(0, 4)), at);
    const { polyKey, cipher } = payloadStream(this.#key, sequence);
    out.set(cipher.update(packet.subarray(4, length)), at + 4);
    out.set(poly1305(polyKey, out, at, at + length), at + length);
    return length + TAG;
  }
}

export class ChachaPolyOpener implements PacketOpener {
  readonly headLength = 4;
  readonly blockLength = 8;
  readonly alignFrom = 4;
  readonly tagLength: number = TAG;
  readonly #key: Uint8Array;

  constructor(keys: DirectionKeys) {
    this.#key = keys.key;
  }

  readLength(sequence: number, bytes: Uint8Array, at: number): number {
    return readU32(lengthCrypt(this.#key, sequence, bytes.subarray(at, at + 4)), 0);
  }

  open(sequence: number, bytes: Uint8Array, at: number, packetLength: number): Uint8Array {
    const end = at + 4 + packetLength;
    const { polyKey, cipher } = payloadStream(this.#key, sequence);
    if (!sameBytes(poly1305(polyKey, bytes, at, end), bytes.subarray(end, end + TAG))) {
      throw new WherryError('SSH_MAC', 'a packet failed its integrity check (Poly1305)');
    }
    return cipher.update(bytes.subarray(at + 4, end));
  }
}

import { readU32, writeU32 } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import type { CipherRow } from '../ciphers.ts';
import { type AesGcm, GCM_TAG_BYTES } from '../gcm/aes-gcm.ts';
import { quickestGcm } from '../gcm/quickest-gcm.ts';
import type { DirectionKeys, PacketOpener, PacketSealer } from './packet-cipher.ts';

/** RFC 5647 section 7.1: the last 8 bytes of the IV count the packets, whatever the sequence number does. */
function advance(iv: Uint8Array): void {
  const low = (readU32(iv, 8) + 1) >>> 0;
  writeU32(iv, 8, low);
  if (low === 0) writeU32(iv, 4, (readU32(iv, 4) + 1) >>> 0);
}

/** AES-GCM as OpenSSH runs it: packet_length in the clear as associated data, a 16-byte tag behind. */
export class GcmSealer implements PacketSealer {
  readonly blockLength = 16;
  readonly alignFrom = 4;
  readonly tagLength: number = GCM_TAG_BYTES;
  readonly #gcm: AesGcm;
  readonly #iv: Uint8Array;

  constructor(row: CipherRow, keys: DirectionKeys) {
    this.#gcm = quickestGcm(row.openssl!, keys.key, 'seal');
    this.#iv = Uint8Array.from(keys.iv);
  }

  seal(_sequence: number, packet: Uint8Array, length: number, out: Uint8Array, at: number): number {
    const head = packet.subarray(0, 4);
    out.set(head, at);
    this.#gcm.seal(this.#iv, head, packet.subarray(4, length), out.subarray(at + 4));
    advance(this.#iv);
    return length + GCM_TAG_BYTES;
  }
}

export class GcmOpener implements PacketOpener {
  readonly headLength = 4;
  readonly blockLength = 16;
  readonly alignFrom = 4;
  readonly tagLength: number = GCM_TAG_BYTES;
  readonly #gcm: AesGcm;
  readonly #iv: Uint8Array;

  constructor(row: CipherRow, keys: DirectionKeys) {
    this.#gcm = quickestGcm(row.openssl!, keys.key, 'open');
    this.#iv = Uint8Array.from(keys.iv);
  }

  readLength(_sequence: number, bytes: Uint8Array, at: number): number {
    return readU32(bytes, at);
  }

  open(_sequence: number, bytes: Uint8Array, at: number, packetLength: number): Uint8Array {
    const end = at + 4 + packetLength;
    const head = bytes.subarray(at, at + 4);
    const tag = bytes.subarray(end, end + GCM_TAG_BYTES);
    const clear = this.#gcm.open(this.#iv, head, bytes.subarray(at + 4, end), tag);
    if (clear === undefined) {
      throw new WherryError('SSH_MAC', 'a packet failed its integrity check (AES-GCM)');
    }
    advance(this.#iv);
    return clear;
  }
}

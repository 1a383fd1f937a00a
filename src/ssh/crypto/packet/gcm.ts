import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
} from 'node:crypto';
import { readU32, writeU32 } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import type { CipherRow } from '../ciphers.ts';
import type { DirectionKeys, PacketOpener, PacketSealer } from './packet-cipher.ts';

const TAG = 16;

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
  readonly tagLength: number = TAG;
  readonly #name: CipherGCMTypes;
  readonly #key: KeyObject;
  readonly #iv: Uint8Array;

  constructor(row: CipherRow, keys: DirectionKeys) {
    this.#name = row.openssl as CipherGCMTypes;
    this.#key = createSecretKey(keys.key);
    this.#iv = Uint8Array.from(keys.iv);
  }

  seal(_sequence: number, packet: Uint8Array, length: number, out: Uint8Array, at: number): number {
    const cipher = createCipheriv(this.#name, this.#key, this.#iv);
    cipher.setAAD(packet.subarray(0, 4));
    out.set(packet.subarray(0, 4), at);
    out.set(cipher.update(packet.subarray(4, length)), at + 4);
    cipher.final();
    out.set(cipher.getAuthTag(), at + length);
    advance(this.#iv);
    return length + TAG;
  }
}

export class GcmOpener implements PacketOpener {
  readonly headLength = 4;
  readonly blockLength = 16;
  readonly alignFrom = 4;
  readonly tagLength: number = TAG;
  readonly #name: CipherGCMTypes;
  readonly #key: KeyObject;
  readonly #iv: Uint8Array;

  constructor(row: CipherRow, keys: DirectionKeys) {
    this.#name = row.openssl as CipherGCMTypes;
    this.#key = createSecretKey(keys.key);
    this.#iv = Uint8Array.from(keys.iv);
  }

  readLength(_sequence: number, bytes: Uint8Array, at: number): number {
    return readU32(bytes, at);
  }

  open(_sequence: number, bytes: Uint8Array, at: number, packetLength: number): Uint8Array {
    const end = at + 4 + packetLength;
    const decipher = createDecipheriv(this.#name, this.#key, this.#iv, { authTagLength: TAG });
    decipher.setAAD(bytes.subarray(at, at + 4));
    decipher.setAuthTag(bytes.subarray(end, end + TAG));
    const clear = decipher.update(bytes.subarray(at + 4, end));
    try {
      decipher.final();
    } catch (cause) {
      throw new WherryError('SSH_MAC', 'a packet failed its integrity check (AES-GCM)', {}, cause);
    }
    advance(this.#iv);
    return clear;
  }
}

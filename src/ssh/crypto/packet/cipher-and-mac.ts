import { type Cipher, createCipheriv, createDecipheriv, createHmac, type Decipher } from 'node:crypto';
import { readU32, sameBytes, writeU32 } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import type { CipherRow } from '../ciphers.ts';
import type { MacRow } from '../macs.ts';
import type { DirectionKeys, PacketOpener, PacketSealer } from './packet-cipher.ts';

/** HMAC over the sequence number and bytes, RFC 4253 section 6.4. */
class PacketMac {
  readonly #row: MacRow;
  readonly #key: Uint8Array;
  readonly #sequence: Uint8Array = new Uint8Array(4);

  constructor(row: MacRow, key: Uint8Array) {
    this.#row = row;
    this.#key = key;
  }

  digest(sequence: number, first: Uint8Array, second?: Uint8Array): Uint8Array {
    writeU32(this.#sequence, 0, sequence);
    const hmac = createHmac(this.#row.hash, this.#key).update(this.#sequence).update(first);
    if (second !== undefined) hmac.update(second);
    const tag = hmac.digest();
    return tag.length === this.#row.tagLength ? tag : tag.subarray(0, this.#row.tagLength);
  }

  check(sequence: number, tag: Uint8Array, first: Uint8Array, second?: Uint8Array): void {
    if (!sameBytes(this.digest(sequence, first, second), tag)) {
      throw new WherryError('SSH_MAC', 'a packet failed its integrity check (HMAC)');
    }
  }
}

/** A cipher with a running state over all packets, and a MAC beside it: encrypt-then-MAC or encrypt-and-MAC. */
export class CipherMacSealer implements PacketSealer {
  readonly blockLength: number;
  readonly alignFrom: 0 | 4;
  readonly tagLength: number;
  readonly #cipher: Cipher;
  readonly #mac: PacketMac;

  constructor(cipher: CipherRow, mac: MacRow, keys: DirectionKeys) {
    this.blockLength = Math.max(8, cipher.blockLength);
    this.alignFrom = mac.etm ? 4 : 0;
    this.tagLength = mac.tagLength;
    this.#cipher = createCipheriv(cipher.openssl, keys.key, keys.iv);
    this.#cipher.setAutoPadding(false);
    this.#mac = new PacketMac(mac, keys.macKey);
  }

  seal(sequence: number, packet: Uint8Array, length: number, out: Uint8Array, at: number): number {
    const from = this.alignFrom;
    if (from === 4) out.set(packet.subarray(0, 4), at);
    out.set(this.#cipher.update(packet.subarray(from, length)), at + from);
    const covered = from === 4 ? out.subarray(at, at + length) : packet.subarray(0, length);
    out.set(this.#mac.digest(sequence, covered), at + length);
    return length + this.tagLength;
  }
}

/** Encrypt-then-MAC: the length is in the clear, the tag covers length and ciphertext. */
export class EtmOpener implements PacketOpener {
  readonly headLength = 4;
  readonly alignFrom = 4;
  readonly blockLength: number;
  readonly tagLength: number;
  readonly #decipher: Decipher;
  readonly #mac: PacketMac;

  constructor(cipher: CipherRow, mac: MacRow, keys: DirectionKeys) {
    this.blockLength = Math.max(8, cipher.blockLength);
    this.tagLength = mac.tagLength;
    this.#decipher = createDecipheriv(cipher.openssl, keys.key, keys.iv);
    this.#decipher.setAutoPadding(false);
    this.#mac = new PacketMac(mac, keys.macKey);
  }

  readLength(_sequence: number, bytes: Uint8Array, at: number): number {
    return readU32(bytes, at);
  }

  open(sequence: number, bytes: Uint8Array, at: number, packetLength: number): Uint8Array {
    const end = at + 4 + packetLength;
    this.#mac.check(sequence, bytes.subarray(end, end + this.tagLength), bytes.subarray(at, end));
    return this.#decipher.update(bytes.subarray(at + 4, end));
  }
}

/** Encrypt-and-MAC: the first block must be decrypted to learn the length; the tag covers the clear packet. */
export class EncryptAndMacOpener implements PacketOpener {
  readonly alignFrom = 0;
  readonly headLength: number;
  readonly blockLength: number;
  readonly tagLength: number;
  readonly #decipher: Decipher;
  readonly #mac: PacketMac;
  #head: Uint8Array;

  constructor(cipher: CipherRow, mac: MacRow, keys: DirectionKeys) {
    this.blockLength = Math.max(8, cipher.blockLength);
    this.headLength = this.blockLength;
    this.tagLength = mac.tagLength;
    this.#decipher = createDecipheriv(cipher.openssl, keys.key, keys.iv);
    this.#decipher.setAutoPadding(false);
    this.#mac = new PacketMac(mac, keys.macKey);
    this.#head = new Uint8Array(0);
  }

  readLength(_sequence: number, bytes: Uint8Array, at: number): number {
    this.#head = this.#decipher.update(bytes.subarray(at, at + this.headLength));
    return readU32(this.#head, 0);
  }

  open(sequence: number, bytes: Uint8Array, at: number, packetLength: number): Uint8Array {
    const end = at + 4 + packetLength;
    const clear = Buffer.allocUnsafe(4 + packetLength);
    clear.set(this.#head);
    clear.set(this.#decipher.update(bytes.subarray(at + this.headLength, end)), this.headLength);
    this.#mac.check(sequence, bytes.subarray(end, end + this.tagLength), clear);
    return clear.subarray(4);
  }
}

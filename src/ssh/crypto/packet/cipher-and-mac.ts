import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { readU32, sameBytes, writeU32 } from '../../../base/bytes.ts';
import { WherryError } from '../../../base/errors.ts';
import type { CipherRow } from '../ciphers.ts';
import type { MacRow } from '../macs.ts';
import type { CipherWay, StreamCipher } from '../stream-cipher.ts';
import { Umac } from '../umac/umac.ts';
import type { DirectionKeys, PacketOpener, PacketSealer } from './packet-cipher.ts';

/** The tag of a packet under its sequence number, RFC 4253 section 6.4. */
interface PacketMac {
  digest(sequence: number, covered: Uint8Array): Uint8Array;
}

/** HMAC over the sequence number and bytes. */
class PacketHmac implements PacketMac {
  readonly #row: MacRow;
  readonly #key: Uint8Array;
  readonly #sequence: Uint8Array = new Uint8Array(4);

  constructor(row: MacRow, key: Uint8Array) {
    this.#row = row;
    this.#key = key;
  }

  digest(sequence: number, covered: Uint8Array): Uint8Array {
    writeU32(this.#sequence, 0, sequence);
    const tag = createHmac(this.#row.hash!, this.#key).update(this.#sequence).update(covered).digest();
    return tag.length === this.#row.tagLength ? tag : tag.subarray(0, this.#row.tagLength);
  }
}

function makeMac(row: MacRow, key: Uint8Array): PacketMac {
  return row.family === 'umac' ? new Umac(key, row.tagLength) : new PacketHmac(row, key);
}

function checkTag(mac: PacketMac, sequence: number, tag: Uint8Array, covered: Uint8Array): void {
  if (!sameBytes(mac.digest(sequence, covered), tag)) {
    throw new WherryError('SSH_MAC', 'a packet failed its integrity check (MAC)');
  }
}

function makeCipher(row: CipherRow, keys: DirectionKeys, way: CipherWay): StreamCipher {
  if (row.make !== undefined) return row.make(keys.key, keys.iv, way);
  const make = way === 'encrypt' ? createCipheriv : createDecipheriv;
  return make(row.openssl!, keys.key, keys.iv).setAutoPadding(false);
}

/** A cipher with a running state over all packets, and a MAC beside it: encrypt-then-MAC or encrypt-and-MAC. */
export class CipherMacSealer implements PacketSealer {
  readonly blockLength: number;
  readonly alignFrom: 0 | 4;
  readonly tagLength: number;
  readonly #cipher: StreamCipher;
  readonly #mac: PacketMac;

  constructor(cipher: CipherRow, mac: MacRow, keys: DirectionKeys) {
    this.blockLength = Math.max(8, cipher.blockLength);
    this.alignFrom = mac.etm ? 4 : 0;
    this.tagLength = mac.tagLength;
    this.#cipher = makeCipher(cipher, keys, 'encrypt');
    this.#mac = makeMac(mac, keys.macKey);
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
  readonly #decipher: StreamCipher;
  readonly #mac: PacketMac;

  constructor(cipher: CipherRow, mac: MacRow, keys: DirectionKeys) {
    this.blockLength = Math.max(8, cipher.blockLength);
    this.tagLength = mac.tagLength;
    this.#decipher = makeCipher(cipher, keys, 'decrypt');
    this.#mac = makeMac(mac, keys.macKey);
  }

  readLength(_sequence: number, bytes: Uint8Array, at: number): number {
    return readU32(bytes, at);
  }

  open(sequence: number, bytes: Uint8Array, at: number, packetLength: number): Uint8Array {
    const end = at + 4 + packetLength;
    checkTag(this.#mac, sequence, bytes.subarray(end, end + this.tagLength), bytes.subarray(at, end));
    return this.#decipher.update(bytes.subarray(at + 4, end));
  }
}

/** Encrypt-and-MAC: the first block must be decrypted to learn the length; the tag covers the clear packet. */
export class EncryptAndMacOpener implements PacketOpener {
  readonly alignFrom = 0;
  readonly hidesFailure: boolean;
  readonly headLength: number;
  readonly blockLength: number;
  readonly tagLength: number;
  readonly #decipher: StreamCipher;
  readonly #mac: PacketMac;
  #head: Uint8Array;

  constructor(cipher: CipherRow, mac: MacRow, keys: DirectionKeys) {
    this.blockLength = Math.max(8, cipher.blockLength);
    this.hidesFailure = cipher.mode === 'cbc';
    this.headLength = this.blockLength;
    this.tagLength = mac.tagLength;
    this.#decipher = makeCipher(cipher, keys, 'decrypt');
    this.#mac = makeMac(mac, keys.macKey);
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
    checkTag(this.#mac, sequence, bytes.subarray(end, end + this.tagLength), clear);
    return clear.subarray(4);
  }
}

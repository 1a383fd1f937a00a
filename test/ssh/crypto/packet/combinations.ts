import { keep } from '../../../../src/base/lent-memory.ts';
import { type RandomSource, randomBytes, systemRandom } from '../../../../src/base/random.ts';
import type { ByteStream } from '../../../../src/net/byte-stream.ts';
import { CIPHERS, type CipherRow } from '../../../../src/ssh/crypto/ciphers.ts';
import { MACS, type MacRow } from '../../../../src/ssh/crypto/macs.ts';
import type { DirectionKeys } from '../../../../src/ssh/crypto/packet/packet-cipher.ts';
import { makeOpener, makeSealer } from '../../../../src/ssh/crypto/packet/packet-ciphers.ts';
import { PacketReader } from '../../../../src/ssh/transport/packet-reader.ts';
import { PacketWriter } from '../../../../src/ssh/transport/packet-writer.ts';

/** A cipher with the MAC beside it, or alone where it needs none. */
export interface Combination {
  readonly name: string;
  readonly cipherName: string;
  readonly macName: string | undefined;
  readonly cipher: CipherRow;
  readonly mac: MacRow | undefined;
}

const PLAIN = 'hmac-sha2-256';
const ETM = 'hmac-sha2-256-etm@openssh.com';

/** Every cipher with a MAC of both kinds, and every MAC with one cipher; all pairs would say no more. */
export const COMBINATIONS: readonly Combination[] = (
  Object.entries(CIPHERS) as [string, CipherRow][]
).flatMap(([cipherName, cipher]): Combination[] =>
  cipher.aead
    ? [{ name: cipherName, cipherName, macName: undefined, cipher, mac: undefined }]
    : (Object.entries(MACS) as [string, MacRow][])
        .filter(([macName]) => cipherName === 'aes128-ctr' || macName === PLAIN || macName === ETM)
        .map(([macName, mac]) => ({
          name: `${cipherName} with ${macName}`,
          cipherName,
          macName,
          cipher,
          mac,
        })),
);

export function freshKeys({ cipher, mac }: Combination): DirectionKeys {
  return {
    key: randomBytes(cipher.keyLength),
    iv: randomBytes(cipher.ivLength),
    macKey: randomBytes(mac?.keyLength ?? 0),
  };
}

/** A writer whose stream is a buffer. */
export class Outbox {
  readonly writer: PacketWriter;
  #pieces: Uint8Array[] = [];

  constructor(combination?: Combination, keys?: DirectionKeys, random: RandomSource = systemRandom) {
    const stream = {
      write: (bytes: Uint8Array, done: () => void) => {
        this.#pieces.push(Uint8Array.from(bytes));
        done();
      },
    };
    this.writer = new PacketWriter(stream as ByteStream, random);
    if (combination !== undefined) {
      this.writer.arm(makeSealer(combination.cipher, combination.mac, keys!), false);
    }
  }

  /** The wire form of one payload. */
  seal(head: Uint8Array, body?: Uint8Array): Uint8Array {
    this.writer.packet(head, body);
    this.writer.flush();
    const all = Buffer.concat(this.#pieces);
    this.#pieces = [];
    return all;
  }
}

/** A reader that keeps what it delivers. */
export class Inbox {
  readonly payloads: Uint8Array[] = [];
  readonly reader: PacketReader;
  paused = false;

  constructor(combination?: Combination, keys?: DirectionKeys) {
    const flow = {
      pause: () => {
        this.paused = true;
      },
      resume: () => {
        this.paused = false;
      },
    };
    this.reader = new PacketReader((payload) => this.payloads.push(keep(payload)), flow);
    if (combination !== undefined) {
      this.reader.arm(makeOpener(combination.cipher, combination.mac, keys!), false);
    }
  }

  /** Pushes pieces of the given size, each in memory that is overwritten afterwards. */
  push(bytes: Uint8Array, size: number = bytes.length): void {
    for (let at = 0; at < bytes.length; at += size) {
      const piece = Uint8Array.from(bytes.subarray(at, at + size));
      this.reader.push(piece);
      piece.fill(0xa5);
    }
  }
}

export function pattern(length: number, seed: number = length): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (seed * 31 + i * 7) & 0xff;
  return bytes;
}

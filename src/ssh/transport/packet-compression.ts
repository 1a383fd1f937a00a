import {
  COMPRESSIONS,
  type CompressionName,
  type CompressionRow,
} from '../crypto/compression/compressions.ts';
import { Deflater, Inflater, type loadZlib } from '../crypto/compression/zlib.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';

type Zlib = Awaited<ReturnType<typeof loadZlib>>;

function rowOf(name: string): CompressionRow {
  return COMPRESSIONS[name as CompressionName];
}

export function isCompressed(...names: string[]): boolean {
  return names.some((name) => rowOf(name).zlib);
}

/**
 * Decides when each direction compresses: from new keys on, with a fresh stream each time (RFC 4253 section 6.2), and
 * for the delayed method not before the login has succeeded.
 */
export class PacketCompression {
  readonly #reader: PacketReader;
  readonly #writer: PacketWriter;
  #loggedIn = false;
  #waiting: (() => void)[] = [];

  constructor(reader: PacketReader, writer: PacketWriter) {
    this.#reader = reader;
    this.#writer = writer;
  }

  /** Our NEWKEYS is out. */
  sendingKeys(name: string, zlib: Zlib | undefined): void {
    this.#writer.deflater = undefined;
    this.#begin(name, () => {
      this.#writer.deflater = new Deflater(zlib!);
    });
  }

  /** The peer's NEWKEYS has come. */
  receivingKeys(name: string, zlib: Zlib | undefined): void {
    this.#reader.inflater = undefined;
    this.#begin(name, () => {
      this.#reader.inflater = new Inflater(zlib!);
    });
  }

  /** SSH_MSG_USERAUTH_SUCCESS has come or gone. */
  loggedIn(): void {
    this.#loggedIn = true;
    for (const begin of this.#waiting) begin();
    this.#waiting = [];
  }

  #begin(name: string, begin: () => void): void {
    const row = rowOf(name);
    if (!row.zlib) return;
    if (row.delayed && !this.#loggedIn) this.#waiting.push(begin);
    else begin();
  }
}

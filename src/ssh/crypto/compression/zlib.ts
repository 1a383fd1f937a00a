import { WherryError } from '../../../base/errors.ts';
import { checkLimit, LIMITS } from '../../../base/limits.ts';

type Pako = typeof import('pako');

/** The library, loaded when compression has been agreed on: node:zlib cannot flush a packet in step. */
export function loadZlib(): Promise<Pako> {
  return import('pako');
}

/** Room for the result at first; packets are rarely longer. */
const ROOM = 65_536;
const LEVEL = 6;

/** The sending half: one zlib stream over all payloads since the keys changed, each of them flushed whole. */
export class Deflater {
  readonly #pako: Pako;
  readonly #stream: InstanceType<Pako['ZStream']>;
  #out: Uint8Array<ArrayBuffer> = new Uint8Array(ROOM);

  constructor(pako: Pako) {
    this.#pako = pako;
    this.#stream = new pako.ZStream();
    pako.zlibDeflateInit(this.#stream, LEVEL);
  }

  /** What a payload of `head` followed by `body` is on the wire; good until the next call. */
  deflate(head: Uint8Array, body?: Uint8Array): Uint8Array {
    const { Z_NO_FLUSH, Z_PARTIAL_FLUSH } = this.#pako;
    const stream = this.#stream;
    stream.output = this.#out;
    stream.next_out = 0;
    stream.avail_out = this.#out.length;
    this.#feed(head, body === undefined ? Z_PARTIAL_FLUSH : Z_NO_FLUSH);
    if (body !== undefined) this.#feed(body, Z_PARTIAL_FLUSH);
    return this.#out.subarray(0, stream.next_out);
  }

  #feed(bytes: Uint8Array, flush: 0 | 1): void {
    const stream = this.#stream;
    stream.input = bytes;
    stream.next_in = 0;
    stream.avail_in = bytes.length;
    for (;;) {
      this.#pako.zlibDeflate(stream, flush);
      if (stream.avail_out > 0) return;
      this.#out = enlarged(this.#out, 2 * this.#out.length);
      stream.output = this.#out;
      stream.avail_out = this.#out.length - stream.next_out;
    }
  }
}

/** The receiving half. A packet that inflates to more than LIMITS allow ends the connection before it is there. */
export class Inflater {
  readonly #pako: Pako;
  readonly #stream: InstanceType<Pako['ZStream']>;
  #out: Uint8Array<ArrayBuffer> = new Uint8Array(ROOM);

  constructor(pako: Pako) {
    this.#pako = pako;
    this.#stream = new pako.ZStream();
    pako.zlibInflateInit(this.#stream);
  }

  /** The payload, in memory of its own. */
  inflate(payload: Uint8Array): Uint8Array {
    const { Z_OK, Z_BUF_ERROR, Z_SYNC_FLUSH, zlibInflate } = this.#pako;
    const stream = this.#stream;
    stream.input = payload;
    stream.next_in = 0;
    stream.avail_in = payload.length;
    stream.output = this.#out;
    stream.next_out = 0;
    stream.avail_out = this.#out.length;
    for (;;) {
      const status = zlibInflate(stream, Z_SYNC_FLUSH);
      checkLimit('inflatedBytes', stream.next_out);
      // Z_BUF_ERROR: nothing left to do. The end of the stream is none for SSH, which never ends it.
      if (status !== Z_OK && status !== Z_BUF_ERROR) throw damaged(stream.msg);
      if (stream.avail_out > 0) break;
      this.#out = enlarged(this.#out, Math.min(2 * this.#out.length, LIMITS.inflatedBytes.value + 1));
      stream.output = this.#out;
      stream.avail_out = this.#out.length - stream.next_out;
    }
    if (stream.avail_in > 0 || stream.next_out === 0) throw damaged('an incomplete packet');
    return this.#out.slice(0, stream.next_out);
  }
}

function enlarged(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

function damaged(why: string): WherryError {
  return new WherryError('SSH_MALFORMED', `a compressed packet is damaged: ${why}`, {
    phase: 'decompression',
  });
}

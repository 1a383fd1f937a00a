import { writeU32 } from '../../base/bytes.ts';
import type { RandomSource } from '../../base/random.ts';
import type { ByteStream } from '../../net/byte-stream.ts';
import type { Deflater } from '../crypto/compression/zlib.ts';
import { clearSealer } from '../crypto/packet/none.ts';
import type { PacketSealer } from '../crypto/packet/packet-cipher.ts';

/** Sealed packets of one turn of the loop leave in one socket write; a batch is sent early when this full. */
const BATCH_BYTES = 262_144;
/** Written but not yet taken by the kernel: above it senders are asked to wait. */
const HIGH_WATER_BYTES = 524_288;
const SPARE_BATCHES = 4;
/** So many of the last messages are known by their sequence number: a power of two. */
const REMEMBERED = 256;
/** After a write of less, nobody sends much at present: one batch is kept. */
const MUCH_BYTES = 32_768;
/** Length fields, padding and tag around a payload, at most. */
const MAX_OVERHEAD = 5 + 255 + 64;

/** Frames and seals packets (RFC 4253 section 6) and hands them to the stream in batches. */
export class PacketWriter {
  /** Sequence number of the next packet. */
  sequence = 0;
  packets = 0;
  bytes = 0;
  /** Called when `congested` turns false. */
  onDrain: () => void = () => {};
  /** Compresses payloads; none where they go as they are. */
  deflater: Deflater | undefined;
  #sealer: PacketSealer = clearSealer;
  readonly #stream: ByteStream;
  readonly #random: RandomSource;
  #clear: Uint8Array = new Uint8Array(1024);
  #batch: Uint8Array | undefined;
  #at = 0;
  #scheduled = false;
  #outstanding = 0;
  #wasCongested = false;
  #spare: Uint8Array[] = [];
  readonly #sent: Uint8Array = new Uint8Array(REMEMBERED);

  constructor(stream: ByteStream, random: RandomSource) {
    this.#stream = stream;
    this.#random = random;
  }

  /** More waits for the kernel than should: senders that can wait, wait for `onDrain`. */
  get congested(): boolean {
    const congested = this.unsent > HIGH_WATER_BYTES;
    if (congested) this.#wasCongested = true;
    return congested;
  }

  /** Bytes sealed that the stream has not taken yet. */
  get unsent(): number {
    return this.#outstanding + this.#at;
  }

  arm(sealer: PacketSealer, resetSequence: boolean): void {
    this.#sealer = sealer;
    this.packets = 0;
    this.bytes = 0;
    if (resetSequence) this.sequence = 0;
  }

  /** Raw bytes ahead of the first packet: the version line. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#batch!.set(bytes, this.#at);
    this.#at += bytes.length;
    this.#schedule();
  }

  /** One packet whose payload is `head` followed by `body`. Both are copied before this returns. */
  packet(head: Uint8Array, body?: Uint8Array): void {
    this.#sent[this.sequence % REMEMBERED] = head[0]!;
    if (this.deflater === undefined) this.#seal(head, body);
    else this.#seal(this.deflater.deflate(head, body), undefined);
  }

  /** The number of the message sent under that sequence number; undefined where too much was sent since. */
  sentAs(sequence: number): number | undefined {
    const since = (this.sequence - sequence) >>> 0;
    return since === 0 || since > REMEMBERED ? undefined : this.#sent[sequence % REMEMBERED] || undefined;
  }

  #seal(head: Uint8Array, body: Uint8Array | undefined): void {
    const sealer = this.#sealer;
    const payload = head.length + (body === undefined ? 0 : body.length);
    const block = sealer.blockLength;
    const unpadded = 5 + payload - sealer.alignFrom;
    let padding = block - (unpadded % block);
    if (padding < 4) padding += block;
    const length = 5 + payload + padding;

    const clear = this.#clearRoom(length);
    writeU32(clear, 0, length - 4);
    clear[4] = padding;
    clear.set(head, 5);
    if (body !== undefined) clear.set(body, 5 + head.length);
    this.#random.fill(clear.subarray(5 + payload, length));

    this.#reserve(length + sealer.tagLength);
    const written = sealer.seal(this.sequence, clear, length, this.#batch!, this.#at);
    this.#at += written;
    this.bytes += written;
    this.packets++;
    this.sequence = (this.sequence + 1) >>> 0;
    this.#schedule();
  }

  /** Wipes what is left here of packets that are sealed. */
  forget(): void {
    this.#clear.fill(0);
  }

  flush(): void {
    if (this.#at === 0) return;
    const batch = this.#batch!;
    const length = this.#at;
    this.#batch = undefined;
    this.#at = 0;
    this.#outstanding += length;
    this.#stream.write(batch.subarray(0, length), () => this.#written(batch, length));
  }

  #written(batch: Uint8Array, length: number): void {
    this.#outstanding -= length;
    if (batch.length === BATCH_BYTES && this.#spare.length < SPARE_BATCHES) this.#spare.push(batch);
    if (length < MUCH_BYTES && this.#outstanding === 0 && this.#at === 0)
      this.#spare.length = Math.min(this.#spare.length, 1);
    if (this.#wasCongested && this.#outstanding <= HIGH_WATER_BYTES / 2) {
      this.#wasCongested = false;
      this.onDrain();
    }
  }

  #schedule(): void {
    if (this.#at >= BATCH_BYTES - 65_536) this.flush();
    else if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(() => {
        this.#scheduled = false;
        this.flush();
      });
    }
  }

  #reserve(length: number): void {
    if (this.#batch !== undefined && this.#at + length > this.#batch.length) this.flush();
    if (this.#batch === undefined) {
      this.#batch =
        length > BATCH_BYTES
          ? Buffer.allocUnsafeSlow(length)
          : (this.#spare.pop() ?? Buffer.allocUnsafeSlow(BATCH_BYTES));
    }
  }

  #clearRoom(length: number): Uint8Array {
    if (this.#clear.length < length) this.#clear = Buffer.allocUnsafeSlow(length + MAX_OVERHEAD);
    return this.#clear;
  }
}

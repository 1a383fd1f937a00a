import { WherryError } from '../../base/errors.ts';
import { beginLoan, endLoan, keep, lend, takeBack } from '../../base/lent-memory.ts';
import { LIMITS } from '../../base/limits.ts';
import type { Inflater } from '../crypto/compression/zlib.ts';
import { clearOpener } from '../crypto/packet/none.ts';
import type { PacketOpener } from '../crypto/packet/packet-cipher.ts';
import { CONNECTION } from '../wire/messages.ts';

/** The longest packet in blocks of 8 or 16 bytes: what a failure is hidden in (PacketOpener.hidesFailure). */
const HIDING_LENGTH = LIMITS.packetBytes.value - 4;

/**
 * Cuts the byte stream into packets (RFC 4253 section 6) and opens them in place. A packet that lies whole
 * in one chunk is not copied before decryption; one that spans chunks is gathered first.
 */
export class PacketReader {
  /** Sequence number of the next packet. */
  sequence = 0;
  /** Packets and wire bytes since the last NEWKEYS. */
  packets = 0;
  bytes = 0;
  /** Undoes the peer's compression; none where payloads come as they are. */
  inflater: Inflater | undefined;
  #opener: PacketOpener = clearOpener;
  readonly #deliver: (payload: Uint8Array) => void;
  /** The packet being gathered, and packet_length once known. */
  #gather: Uint8Array = new Uint8Array(0);
  #have = 0;
  #length = -1;
  #hidden: { left: number; bytes: number; error: unknown } | undefined;
  #held = false;
  #parsing = false;
  #backlog: Uint8Array[] = [];
  #paused = false;
  readonly #flow: { pause(): void; resume(): void };

  /** `flow` stops the source while bytes pile up behind a hold. */
  constructor(deliver: (payload: Uint8Array) => void, flow: { pause(): void; resume(): void }) {
    this.#deliver = deliver;
    this.#flow = flow;
  }

  /** Takes the new keys for everything after the packet now being delivered. */
  arm(opener: PacketOpener, resetSequence: boolean): void {
    this.#opener = opener;
    this.packets = 0;
    this.bytes = 0;
    if (resetSequence) this.sequence = 0;
  }

  /** Stops delivery after the current packet; bytes that arrive meanwhile are kept. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    while (!this.#held && !this.#parsing && this.#backlog.length > 0) this.#parse(this.#backlog.shift()!);
    if (!this.#held && this.#paused) {
      this.#paused = false;
      this.#flow.resume();
    }
  }

  push(chunk: Uint8Array): void {
    if (this.#held || this.#parsing) this.#keep('push', chunk);
    else this.#parse(chunk);
  }

  #keep(where: 'push' | 'unshift', chunk: Uint8Array): void {
    this.#backlog[where](Uint8Array.prototype.slice.call(chunk));
    if (!this.#paused) {
      this.#paused = true;
      this.#flow.pause();
    }
  }

  #parse(chunk: Uint8Array): void {
    this.#parsing = true;
    lend(chunk);
    beginLoan();
    let at = 0;
    try {
      while (at < chunk.length) {
        if (this.#held) {
          this.#keep('unshift', chunk.subarray(at));
          return;
        }
        if (this.#hidden !== undefined) {
          this.#swallow(chunk.length - at);
          return;
        }
        at = this.#have > 0 ? this.#continueGathering(chunk, at) : this.#takeInPlace(chunk, at);
      }
    } finally {
      this.#parsing = false;
      endLoan();
    }
  }

  #takeInPlace(chunk: Uint8Array, at: number): number {
    const available = chunk.length - at;
    if (available >= this.#opener.headLength) {
      if (this.#length < 0) this.#readLength(chunk, at);
      const total = this.#total();
      if (available >= total) {
        this.#open(chunk, at, total);
        return at + total;
      }
    }
    this.#room(this.#length < 0 ? this.#opener.headLength : this.#total());
    takeBack();
    this.#gather.set(chunk.subarray(at), 0);
    this.#have = available;
    return chunk.length;
  }

  #continueGathering(chunk: Uint8Array, at: number): number {
    const wanted = this.#length < 0 ? this.#opener.headLength : this.#total();
    const take = Math.min(wanted - this.#have, chunk.length - at);
    this.#room(wanted);
    this.#gather.set(chunk.subarray(at, at + take), this.#have);
    this.#have += take;
    if (this.#have === wanted) {
      if (this.#length < 0) this.#readLength(this.#gather, 0);
      if (this.#have === this.#total()) {
        this.#have = 0;
        this.#open(this.#gather, 0, this.#total());
      }
    }
    return at + take;
  }

  #total(): number {
    return 4 + this.#length + this.#opener.tagLength;
  }

  #room(size: number): void {
    if (this.#gather.length >= size) return;
    const larger = new Uint8Array(Math.max(size, 1024, Math.min(this.#gather.length * 2, 65_536)));
    larger.set(this.#gather.subarray(0, this.#have));
    lend(larger);
    this.#gather = larger;
  }

  #readLength(bytes: Uint8Array, at: number): void {
    const opener = this.#opener;
    const length = opener.readLength(this.sequence, bytes, at);
    const aligned = (length + 4 - opener.alignFrom) % opener.blockLength === 0;
    if (length < 5 || length > LIMITS.packetBytes.value || length + 4 < opener.headLength || !aligned) {
      if (opener.hidesFailure) {
        this.#length = HIDING_LENGTH;
        return;
      }
      throw new WherryError('SSH_MALFORMED', `impossible packet length ${length}`, {
        limit: 'packetBytes',
        actual: length,
      });
    }
    this.#length = length;
  }

  #open(bytes: Uint8Array, at: number, total: number): void {
    const clear = this.#opener.hidesFailure
      ? this.#openHiding(bytes, at)
      : this.#opener.open(this.sequence, bytes, at, this.#length);
    if (clear === undefined) return;
    const end = this.#length - clear[0]!;
    this.#length = -1;
    if (clear[0]! < 4 || end < 2)
      throw new WherryError('SSH_MALFORMED', `impossible padding length ${clear[0]}`);
    this.sequence = (this.sequence + 1) >>> 0;
    this.packets++;
    this.bytes += total;
    const payload = clear.subarray(1, end);
    if (this.inflater !== undefined) this.#deliver(this.inflater.inflate(payload));
    else this.#deliver(payload[0] === CONNECTION.SSH_MSG_CHANNEL_DATA.number ? payload : keep(payload));
  }

  /** Undefined where the check failed and that must not show yet. */
  #openHiding(bytes: Uint8Array, at: number): Uint8Array | undefined {
    try {
      return this.#opener.open(this.sequence, bytes, at, this.#length);
    } catch (error) {
      const left = HIDING_LENGTH - this.#length;
      if (left === 0) throw error;
      this.#hidden = { left, bytes: left, error };
      return undefined;
    }
  }

  /** Takes in what is missing to the longest packet, then does the work it would have made, and fails. */
  #swallow(length: number): void {
    const hidden = this.#hidden!;
    hidden.left -= length;
    if (hidden.left > 0) return;
    const zeros = new Uint8Array(hidden.bytes + this.#opener.tagLength);
    try {
      this.#opener.open(this.sequence, zeros, 0, hidden.bytes - 4);
    } catch {}
    throw hidden.error;
  }
}

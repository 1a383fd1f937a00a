import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { readStatus } from '../sftp/ask.ts';
import { SFTP_PACKETS, sftpPacketName } from '../sftp/packets.ts';
import type { SftpSession } from '../sftp/session.ts';
import { SFTP_STATUS, statusError } from '../sftp/status.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import type { Budget, BudgetUser } from './budget.ts';
import type { RateGate } from './rate-limit.ts';
import { ReadSlot } from './read-slot.ts';
import { type ReadSize, RequestSize, refusesSize, SAFE_BYTES } from './request-size.ts';
import { sinkError } from './run.ts';
import type { Sink } from './sink.ts';

export interface ReadPlan {
  readonly session: SftpSession;
  readonly handle: Uint8Array;
  readonly path: string;
  /** First remote byte to fetch. */
  readonly start: number;
  /** Fetch up to here and no further; undefined for the whole file. */
  readonly end: number | undefined;
  /** The size the server told; undefined or 0 where it told none, which proves nothing. */
  readonly size: number | undefined;
  /** What a READ asks for at most; shared by all downloads of the session. */
  readonly requestSize: ReadSize;
  /** Requests under way at most. */
  readonly requests: number;
  /** What all downloads of the session share. */
  readonly budget: Budget;
  readonly rate: RateGate;
  readonly sink: Sink;
  /** Remote offset of the sink's first byte. */
  readonly sinkBase: number;
  /** A first request goes out after a pause in which the server owed nothing. */
  asks(): void;
  received(bytes: number): void;
}

/**
 * Fetches a file by many READs at a time. The length of a READ is a hint to the server: what it leaves out is
 * asked for again. The size it told is one too: reading goes on until it says end of file.
 */
export class ReadPipeline implements BudgetUser {
  readonly #plan: ReadPlan;
  readonly #active = new Set<ReadSlot>();
  readonly #free: ReadSlot[] = [];
  #asked = 0;
  #next: number;
  /** Behind this offset only `#probeDepth` requests are out at a time. */
  readonly #known: number;
  #probes = 0;
  #probeDepth = 1;
  readonly #size: RequestSize;
  /** Waits for the rate limit. */
  #timer: ReturnType<typeof setTimeout> | undefined;
  #left = false;
  #eof: number | undefined;
  /** End of the furthest byte that came. */
  #reached: number;
  #error: WherryError | undefined;
  #settle: { resolve(): void; reject(error: WherryError): void } | undefined;

  constructor(plan: ReadPlan) {
    this.#plan = plan;
    this.#next = plan.start;
    this.#reached = plan.start;
    this.#size = new RequestSize(Math.min(plan.requestSize.bytes, plan.rate.largestRequest));
    this.#known = Math.max(plan.start, Math.min(plan.size ?? 0, plan.end ?? Number.POSITIVE_INFINITY));
  }

  /** Resolves when all bytes were given to the sink. */
  run(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#plan.budget.join();
      this.#plan.sink.listen({
        drained: () => this.#issue(),
        failed: (error) => this.stop(sinkError(error, this.#plan.path)),
      });
      this.#issue();
    });
  }

  get waiting(): boolean {
    return this.#active.size > 0;
  }

  /** Up to where every byte has been given to the sink. */
  get safeLength(): number {
    let safe = this.#next;
    for (const slot of this.#active) safe = Math.min(safe, slot.offset + slot.got);
    return Math.min(safe, this.#reached, this.#eof ?? safe);
  }

  /** Ends the transfer for `error`; replies still under way are dropped. */
  stop(error: WherryError): void {
    if (this.#error !== undefined || this.#settle === undefined || this.#left) return;
    this.#error = error;
    this.#leave();
    this.#settle.reject(error);
  }

  /** The budget has room. */
  room(): void {
    this.#issue();
  }

  onData(slot: ReadSlot, bytes: Uint8Array): void {
    if (this.#error !== undefined) return;
    if (slot.askedAt > 0) {
      this.#plan.budget.answered(performance.now() - slot.askedAt);
      slot.askedAt = 0;
    }
    const at = slot.offset + slot.got;
    slot.got += bytes.length;
    if (at + bytes.length > this.#reached) this.#reached = at + bytes.length;
    this.#plan.sink.write(at - this.#plan.sinkBase, bytes);
    try {
      this.#plan.received(bytes.length);
    } catch (error) {
      this.stop(error as WherryError);
    }
  }

  onDataEnd(slot: ReadSlot): void {
    if (this.#error !== undefined) return;
    const { got } = slot;
    this.#asked -= got;
    slot.offset += got;
    slot.maxData -= got;
    slot.got = 0;
    if (got === 0) this.#endOfFile(slot);
    else if (slot.maxData === 0 && slot.rest > 0) this.#askPiece(slot);
    else if (slot.maxData === 0) {
      if (slot.probe) this.#probeDepth = Math.min(this.#probeDepth * 2, 64);
      this.#size.full(got);
      this.#release(slot);
    } else {
      if (slot.offset < this.#known) this.#size.short(got);
      this.#plan.session.read(this.#plan.handle, slot.offset, slot.maxData, slot);
    }
    if (got > 0) this.#plan.budget.give(got);
    this.#issue();
  }

  onReply(slot: ReadSlot, type: number, body: WireReader): void {
    if (this.#error !== undefined) return;
    const { path } = this.#plan;
    const details = { operation: 'read', path: sanitize(path), offset: slot.offset };
    if (type !== SFTP_PACKETS.SSH_FXP_STATUS) {
      const text = `read ${sanitize(path)}: ${sftpPacketName(type)} where data was expected`;
      this.stop(new WherryError('SFTP_PROTOCOL', text, details));
      return;
    }
    const { status, message } = readStatus(body);
    if (status === SFTP_STATUS.SSH_FX_EOF.number) {
      this.#endOfFile(slot);
      this.#issue();
    } else if (status === SFTP_STATUS.SSH_FX_OK.number) {
      this.stop(new WherryError('SFTP_PROTOCOL', `read ${sanitize(path)}: success without data`, details));
    } else if (!this.#goesOn(slot, status)) this.stop(statusError(status, message, details));
  }

  /** What a refusal may mean besides that the file cannot be read: too much was asked for, or nothing is there. */
  #goesOn(slot: ReadSlot, status: number): boolean {
    const { requestSize, size } = this.#plan;
    if (!refusesSize(status)) return false;
    // Of an empty file only from a server that is known for it: others may fail to read what has no size.
    const told = size !== undefined && (size > 0 || !requestSize.pastEnd);
    if (told && slot.offset >= size) {
      requestSize.pastEnd = false;
      this.#endOfFile(slot);
      this.#issue();
      return true;
    }
    if (!requestSize.refused(slot.maxData)) return false;
    this.#size.bound(SAFE_BYTES);
    slot.rest += slot.maxData;
    this.#askPiece(slot);
    return true;
  }

  #askPiece(slot: ReadSlot): void {
    slot.maxData = Math.min(SAFE_BYTES, slot.rest);
    slot.rest -= slot.maxData;
    this.#plan.asks();
    this.#plan.session.read(this.#plan.handle, slot.offset, slot.maxData, slot);
  }

  #endOfFile(slot: ReadSlot): void {
    this.#eof = Math.min(this.#eof ?? Number.POSITIVE_INFINITY, slot.offset);
    this.#release(slot);
  }

  #release(slot: ReadSlot): void {
    const left = slot.maxData + slot.rest;
    this.#asked -= left;
    if (slot.probe) this.#probes--;
    this.#active.delete(slot);
    this.#free.push(slot);
    if (left > 0) this.#plan.budget.give(left);
  }

  #issue(): void {
    const { budget, end, sink, session, handle, rate, requests } = this.#plan;
    const last = end ?? Number.POSITIVE_INFINITY;
    while (this.#error === undefined && !this.#left && this.#eof === undefined && this.#next < last) {
      const probe = this.#next >= this.#known;
      if (probe && this.#probes >= this.#probeDepth) break;
      if (this.#active.size >= requests || this.#timer !== undefined) break;
      if (sink.pending > 0 && this.#asked + sink.pending >= budget.share) break;
      const length = Math.min(this.#size.bytes, (probe ? last : this.#known) - this.#next);
      if (!budget.take(length, this)) return;
      if (!rate.open) {
        const wait = rate.take(length);
        if (wait > 0) {
          budget.give(length);
          this.#later(wait);
          break;
        }
      }
      this.#ask(session, handle, length, probe);
    }
    budget.pass(this);
    if (
      this.#error === undefined &&
      !this.#left &&
      this.#active.size === 0 &&
      (this.#eof !== undefined || this.#next >= last)
    ) {
      this.#finish();
    }
  }

  #ask(session: SftpSession, handle: Uint8Array, length: number, probe: boolean): void {
    const slot = this.#free.pop() ?? new ReadSlot(this);
    slot.offset = this.#next;
    slot.maxData = length;
    slot.got = 0;
    slot.rest = 0;
    slot.probe = probe;
    this.#next += length;
    this.#asked += length;
    if (probe) this.#probes++;
    if (this.#active.size === 0) {
      this.#plan.asks();
      slot.askedAt = performance.now();
    } else slot.askedAt = 0;
    this.#active.add(slot);
    session.read(handle, slot.offset, length, slot);
  }

  #later(wait: number): void {
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#issue();
    }, wait);
  }

  #leave(): void {
    this.#left = true;
    clearTimeout(this.#timer);
    this.#plan.budget.leave(this, this.#asked);
    this.#asked = 0;
  }

  #finish(): void {
    const { path, size, end } = this.#plan;
    const eof = this.#eof;
    const promised = Math.min(size ?? 0, end ?? Number.POSITIVE_INFINITY);
    if (eof !== undefined && (eof < promised || eof < this.#reached)) {
      const expected = Math.max(promised, this.#reached);
      const text = `${sanitize(path)} ended at byte ${eof} where ${expected} were expected: it changed while it was read`;
      this.stop(
        new WherryError('TRANSFER_SIZE_CHANGED', text, {
          operation: 'download',
          path: sanitize(path),
          expected,
          actual: eof,
        }),
      );
      return;
    }
    this.#leave();
    this.#settle?.resolve();
  }
}

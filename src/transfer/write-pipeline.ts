import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { readStatus } from '../sftp/ask.ts';
import { SFTP_PACKETS, sftpPacketName } from '../sftp/packets.ts';
import { SFTP_STATUS, statusError } from '../sftp/status.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import type { Budget, BudgetUser } from './budget.ts';
import type { RateGate } from './rate-limit.ts';
import { refusesSize, SAFE_BYTES, type WriteSize } from './request-size.ts';
import type { Source } from './source.ts';
import { NOTHING, type WriteBlock, type WriteLane, WriteSlot } from './write-slot.ts';

export interface WritePlan {
  readonly lane: WriteLane;
  readonly path: string;
  /** Remote offset of the first byte. */
  readonly start: number;
  /** Bytes a WRITE carries at most. */
  readonly size: WriteSize;
  /** Requests under way at most. */
  readonly requests: number;
  /** What all uploads of the session share. */
  readonly budget: Budget;
  readonly rate: RateGate;
  readonly source: Source;
  /** A first request goes out after a pause in which the server owed nothing. */
  asks(): void;
  acknowledged(bytes: number): void;
  /** Hears, where that shows before all is acknowledged, that every WRITE is under way and none will go again. */
  readonly sent: (() => void) | undefined;
}

/** What lanes may be ahead of the first byte that is not acknowledged. */
export const LANES_SPAN_BYTES = 33_554_432;
/** Sent before anybody else's turn comes. */
const STEP_BYTES = 261_120;

/**
 * Sends a file by many WRITEs at a time, held back by a budget, the channel window and the socket. Further lanes, each
 * with a window of its own, take what the first one has no window for.
 */
export class WritePipeline implements BudgetUser {
  readonly #plan: WritePlan;
  readonly #active = new Set<WriteSlot>();
  readonly #free: WriteSlot[] = [];
  readonly #lanes: WriteLane[] = [];
  readonly #listening: (() => void)[] = [];
  /** Bytes that are sent in one go. */
  readonly #step: number;
  #offset: number;
  #outstanding = 0;
  #over = false;
  #largest = 0;
  /** A WRITE was refused, and went again in pieces. */
  #inPieces = false;
  /** No WRITE goes any more: the handles may be closed. */
  #final = false;
  /** Nothing more is sent; the replies under way are still waited for. */
  #failure: WherryError | undefined;
  #failedAt = Number.POSITIVE_INFINITY;
  /** Nothing more is waited for. */
  #stopped: WherryError | undefined;
  #wake: (() => void) | undefined;

  constructor(plan: WritePlan) {
    this.#plan = plan;
    this.#offset = plan.start;
    const { size, requests, rate } = plan;
    const whole =
      requests === Number.POSITIVE_INFINITY ? Math.max(1, Math.floor(STEP_BYTES / size.bytes)) : 1;
    this.#step = Math.min(whole * size.bytes, rate.largestRequest);
  }

  /** Another way to the same file. */
  add(lane: WriteLane): void {
    if (this.#over) return;
    this.#lanes.push(lane);
    this.#listening.push(lane.session.onWritable(() => this.#wakeUp()));
    this.#wakeUp();
  }

  /** The budget has room. */
  room(): void {
    this.#wakeUp();
  }

  /** Resolves with the remote offset behind the last byte, when every byte is acknowledged. */
  async run(): Promise<number> {
    const { source, lane, budget } = this.#plan;
    this.add(lane);
    budget.join();
    let ahead = source.next();
    ahead.catch(() => {});
    try {
      for (;;) {
        const bytes = await this.#orStopped(ahead);
        if (bytes === undefined) break;
        const block = { bytes, left: bytes.length };
        let at = 0;
        while (at < bytes.length) {
          const size = Math.min(this.#step, bytes.length - at);
          const way = await this.#room(size);
          if (way === undefined) break;
          this.#send(block, at, size, way);
          at += size;
        }
        if (at < bytes.length) break;
        ahead = source.next();
        ahead.catch(() => {});
      }
      while (this.#active.size > 0 && this.#stopped === undefined) {
        this.#finalize();
        await this.#sleep();
      }
      const error = this.#stopped ?? this.#failure;
      if (error !== undefined) throw error;
      return this.#offset;
    } finally {
      this.#over = true;
      for (const stopListening of this.#listening) stopListening();
      budget.leave(this, this.#outstanding);
    }
  }

  get waiting(): boolean {
    return this.#active.size > 0;
  }

  /** Up to where every byte is acknowledged. */
  get safeLength(): number {
    let safe = Math.min(this.#offset, this.#failedAt);
    for (const slot of this.#active) safe = Math.min(safe, slot.offset);
    return safe;
  }

  /** Ends the transfer at once for `error`. */
  stop(error: WherryError): void {
    this.#stopped ??= error;
    this.#wakeUp();
  }

  onReply(slot: WriteSlot, type: number, body: WireReader): void {
    if (this.#over) return;
    if (slot.sentAt > 0) this.#plan.budget.answered(performance.now() - slot.sentAt);
    slot.sentAt = 0;
    const { status, message } =
      type === SFTP_PACKETS.SSH_FXP_STATUS ? readStatus(body) : { status: undefined, message: '' };
    if (this.#goesOn(slot, status)) return;
    this.#outstanding -= slot.length;
    this.#active.delete(slot);
    const error = this.#replyError(slot, type, status, message);
    if (error === undefined) {
      if (slot.pieceAt === 0) this.#plan.size.took(slot.length);
      this.#giveBack(slot);
      try {
        this.#plan.acknowledged(slot.length);
      } catch (cause) {
        this.stop(cause as WherryError);
      }
    } else if (slot.offset + slot.pieceAt < this.#failedAt) {
      this.#failedAt = slot.offset + slot.pieceAt;
      this.#failure = error;
    }
    this.#wakeUp();
    this.#plan.budget.give(slot.length);
  }

  /** Whether the slot has more to send: the next piece, or smaller ones of what was refused. */
  #goesOn(slot: WriteSlot, status: number | undefined): boolean {
    const ok = status === SFTP_STATUS.SSH_FX_OK.number;
    if (ok && slot.pieceAt + slot.piece === slot.length) return false;
    if (this.#final) return false;
    if (!ok && (!refusesSize(status) || !this.#plan.size.refused(slot.piece))) return false;
    if (ok) slot.pieceAt += slot.piece;
    this.#inPieces = true;
    this.#plan.asks();
    slot.piece = Math.min(SAFE_BYTES, slot.length - slot.pieceAt);
    const { session, handle } = slot.lane!;
    const bytes = slot.bytes.subarray(slot.pieceAt, slot.pieceAt + slot.piece);
    session.write(handle, slot.offset + slot.pieceAt, bytes, slot);
    return true;
  }

  /** The source has ended. A WRITE that may be refused for its size would go again, by a handle that is still open. */
  #finalize(): void {
    const { requests, size, sent } = this.#plan;
    if (sent === undefined || this.#final || this.#failure !== undefined) return;
    if (this.#inPieces || this.#largest > size.taken || this.#active.size >= requests) return;
    this.#final = true;
    sent();
  }

  #replyError(
    slot: WriteSlot,
    type: number,
    status: number | undefined,
    message: string,
  ): WherryError | undefined {
    if (status === SFTP_STATUS.SSH_FX_OK.number) return undefined;
    const path = sanitize(this.#plan.path);
    const details = { operation: 'write', path, offset: slot.offset + slot.pieceAt };
    if (status !== undefined) return statusError(status, message, details);
    const text = `write ${path}: ${sftpPacketName(type)} where a status was expected`;
    return new WherryError('SFTP_PROTOCOL', text, details);
  }

  #giveBack(slot: WriteSlot): void {
    const block = slot.block!;
    block.left -= slot.length;
    if (block.left === 0) this.#plan.source.release(block.bytes);
    slot.block = undefined;
    slot.bytes = NOTHING;
    this.#free.push(slot);
  }

  #send(block: WriteBlock, from: number, size: number, lane: WriteLane): void {
    for (let at = from; at < from + size && this.#stopped === undefined; ) {
      const length = Math.min(this.#plan.size.bytes, from + size - at);
      const slot = this.#free.pop() ?? new WriteSlot(this);
      slot.offset = this.#offset;
      slot.length = length;
      slot.block = block;
      slot.bytes = block.bytes.subarray(at, at + length);
      slot.lane = lane;
      slot.pieceAt = 0;
      slot.piece = length;
      slot.sentAt = 0;
      if (this.#active.size === 0) {
        this.#plan.asks();
        slot.sentAt = performance.now();
      }
      this.#active.add(slot);
      if (length > this.#largest) this.#largest = length;
      this.#offset += length;
      at += length;
      lane.session.write(lane.handle, slot.offset, slot.bytes, slot);
    }
  }

  /** A lane for the next `bytes`, when one has room and the budget and the rate allow; undefined after a failure. */
  async #room(bytes: number): Promise<WriteLane | undefined> {
    const { budget, rate, requests } = this.#plan;
    for (;;) {
      if (this.#stopped !== undefined) throw this.#stopped;
      if (this.#failure !== undefined) return undefined;
      const held = this.#active.size >= requests || this.#tooFarAhead();
      const lane = held ? undefined : this.#lanes.find(({ session }) => !session.congested);
      if (lane === undefined) {
        budget.pass(this);
        await this.#sleep();
      } else if (budget.take(bytes, this)) {
        this.#outstanding += bytes;
        const wait = rate.open ? 0 : rate.take(bytes);
        if (wait === 0) return lane;
        this.#outstanding -= bytes;
        budget.give(bytes);
        await this.#pause(wait);
      } else await this.#sleep();
    }
  }

  /** Lanes overtake each other; a resume must know by how much at most. WriteSlots are in the order of their offsets. */
  #tooFarAhead(): boolean {
    if (this.#lanes.length < 2 || this.#active.size === 0) return false;
    const { value } = this.#active.values().next();
    return this.#offset - value!.offset >= LANES_SPAN_BYTES - STEP_BYTES;
  }

  async #pause(ms: number): Promise<void> {
    const timer = setTimeout(() => this.#wakeUp(), ms);
    await this.#sleep();
    clearTimeout(timer);
  }

  /** The source's bytes, unless the transfer is stopped while the source is slow. */
  async #orStopped(next: Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    let arrived = false;
    const watched = next.finally(() => {
      arrived = true;
      this.#wakeUp();
    });
    watched.catch(() => {});
    while (!arrived && this.#stopped === undefined && this.#failure === undefined) await this.#sleep();
    if (this.#stopped !== undefined) throw this.#stopped;
    return arrived ? next : undefined;
  }

  #sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #wakeUp(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import { readStatus } from '../sftp/ask.ts';
import { SFTP_PACKETS, sftpPacketName } from '../sftp/packets.ts';
import type { PendingRequest, SftpSession } from '../sftp/session.ts';
import { SFTP_STATUS, statusError } from '../sftp/status.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import type { Source } from './source.ts';

export interface WritePlan {
  readonly session: SftpSession;
  readonly handle: Uint8Array;
  readonly path: string;
  /** Remote offset of the first byte. */
  readonly start: number;
  /** Bytes a WRITE carries at most. */
  readonly chunk: number;
  /** Bytes sent and not yet acknowledged, at most. */
  readonly budget: number;
  readonly source: Source;
  /** A first request goes out after a pause in which the server owed nothing. */
  asks(): void;
  acknowledged(bytes: number): void;
}

/** Bytes from one `Source.next`, given back when all their WRITEs are acknowledged. */
interface Block {
  readonly bytes: Uint8Array;
  left: number;
}

/** One WRITE under way; used again for the next one. */
class Slot implements PendingRequest {
  offset = 0;
  length = 0;
  block: Block | undefined;
  readonly #owner: WritePipeline;

  constructor(owner: WritePipeline) {
    this.#owner = owner;
  }

  reply(type: number, body: WireReader): void {
    this.#owner.onReply(this, type, body);
  }

  fail(error: WherryError): void {
    this.#owner.stop(error);
  }
}

/** Sends a file by many WRITEs at a time, held back by a budget, the channel window and the socket. */
export class WritePipeline {
  readonly #plan: WritePlan;
  readonly #active = new Set<Slot>();
  readonly #free: Slot[] = [];
  #offset: number;
  #outstanding = 0;
  /** Nothing more is sent; the replies under way are still waited for. */
  #failure: WherryError | undefined;
  #failedAt = Number.POSITIVE_INFINITY;
  /** Nothing more is waited for. */
  #stopped: WherryError | undefined;
  #wake: (() => void) | undefined;

  constructor(plan: WritePlan) {
    this.#plan = plan;
    this.#offset = plan.start;
  }

  /** Resolves with the remote offset behind the last byte, when every byte is acknowledged. */
  async run(): Promise<number> {
    const { source, session } = this.#plan;
    const stopListening = session.onWritable(() => this.#wakeUp());
    let ahead = source.next();
    ahead.catch(() => {});
    try {
      for (;;) {
        const bytes = await this.#orStopped(ahead);
        if (bytes === undefined) break;
        await this.#room();
        if (this.#failure !== undefined) break;
        ahead = source.next();
        ahead.catch(() => {});
        this.#send({ bytes, left: bytes.length });
      }
      while (this.#active.size > 0 && this.#stopped === undefined) await this.#sleep();
      const error = this.#stopped ?? this.#failure;
      if (error !== undefined) throw error;
      return this.#offset;
    } finally {
      stopListening();
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

  onReply(slot: Slot, type: number, body: WireReader): void {
    this.#outstanding -= slot.length;
    this.#active.delete(slot);
    const error = this.#replyError(slot, type, body);
    if (error === undefined) {
      this.#giveBack(slot);
      try {
        this.#plan.acknowledged(slot.length);
      } catch (cause) {
        this.stop(cause as WherryError);
      }
    } else if (slot.offset < this.#failedAt) {
      this.#failedAt = slot.offset;
      this.#failure = error;
    }
    this.#wakeUp();
  }

  #replyError(slot: Slot, type: number, body: WireReader): WherryError | undefined {
    const { status, message } =
      type === SFTP_PACKETS.SSH_FXP_STATUS ? readStatus(body) : { status: undefined, message: '' };
    if (status === SFTP_STATUS.SSH_FX_OK.number) return undefined;
    const path = sanitize(this.#plan.path);
    const details = { operation: 'write', path, offset: slot.offset };
    if (status !== undefined) return statusError(status, message, details);
    const text = `write ${path}: ${sftpPacketName(type)} where a status was expected`;
    return new WherryError('SFTP_PROTOCOL', text, details);
  }

  #giveBack(slot: Slot): void {
    const block = slot.block!;
    block.left -= slot.length;
    if (block.left === 0) this.#plan.source.release(block.bytes);
    slot.block = undefined;
    this.#free.push(slot);
  }

  #send(block: Block): void {
    const { session, handle, chunk } = this.#plan;
    for (let at = 0; at < block.bytes.length && this.#stopped === undefined; at += chunk) {
      const length = Math.min(chunk, block.bytes.length - at);
      const slot = this.#free.pop() ?? new Slot(this);
      slot.offset = this.#offset;
      slot.length = length;
      slot.block = block;
      if (this.#active.size === 0) this.#plan.asks();
      this.#active.add(slot);
      this.#offset += length;
      this.#outstanding += length;
      session.write(handle, slot.offset, block.bytes.subarray(at, at + length), slot);
    }
  }

  async #room(): Promise<void> {
    const { session, budget } = this.#plan;
    while (this.#failure === undefined && (session.congested || this.#outstanding >= budget)) {
      if (this.#stopped !== undefined) throw this.#stopped;
      await this.#sleep();
    }
    if (this.#stopped !== undefined) throw this.#stopped;
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

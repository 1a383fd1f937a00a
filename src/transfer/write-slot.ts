import type { WherryError } from '../base/errors.ts';
import type { PendingRequest, SftpSession } from '../sftp/session.ts';
import type { WireReader } from '../ssh/wire/reader.ts';

/** A session and the handle of the file there. */
export interface WriteLane {
  readonly session: SftpSession;
  readonly handle: Uint8Array;
}

/** Whoever sent: the pipeline of an upload. */
interface WriteSlotOwner {
  onReply(slot: WriteSlot, type: number, body: WireReader): void;
  stop(error: WherryError): void;
}

/** Bytes from one `Source.next`, given back when all their WRITEs are acknowledged. */
export interface WriteBlock {
  readonly bytes: Uint8Array;
  left: number;
}

export const NOTHING: Uint8Array = new Uint8Array(0);

/** One WRITE under way; used again for the next one. */
export class WriteSlot implements PendingRequest {
  offset = 0;
  length = 0;
  /** What it carries, and by which way. */
  bytes: Uint8Array = NOTHING;
  lane: WriteLane | undefined;
  /** A WRITE that was refused for its size goes again in pieces, one after the other: the one under way. */
  pieceAt = 0;
  piece = 0;
  /** When it was sent, where nothing else was under way; 0 otherwise. */
  sentAt = 0;
  block: WriteBlock | undefined;
  readonly #owner: WriteSlotOwner;

  constructor(owner: WriteSlotOwner) {
    this.#owner = owner;
  }

  reply(type: number, body: WireReader): void {
    this.#owner.onReply(this, type, body);
  }

  fail(error: WherryError): void {
    this.#owner.stop(error);
  }
}

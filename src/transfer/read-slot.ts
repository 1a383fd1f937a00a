import type { WherryError } from '../base/errors.ts';
import type { PendingRequest } from '../sftp/session.ts';
import type { WireReader } from '../ssh/wire/reader.ts';

/** Whoever asked: the pipeline of a download. */
interface ReadSlotOwner {
  onData(slot: ReadSlot, bytes: Uint8Array): void;
  onDataEnd(slot: ReadSlot): void;
  onReply(slot: ReadSlot, type: number, body: WireReader): void;
  stop(error: WherryError): void;
}

/** One READ under way; used again for the next one. */
export class ReadSlot implements PendingRequest {
  offset = 0;
  maxData = 0;
  got = 0;
  /** Bytes behind those, which are asked for next: a READ that was refused for its size goes again in pieces. */
  rest = 0;
  /** When it was asked for, where nothing else was under way; 0 otherwise. */
  askedAt = 0;
  /** Asks for bytes behind the size the server told. */
  probe = false;
  readonly #owner: ReadSlotOwner;

  constructor(owner: ReadSlotOwner) {
    this.#owner = owner;
  }

  data(bytes: Uint8Array): void {
    this.#owner.onData(this, bytes);
  }

  dataEnds(): void {
    this.#owner.onDataEnd(this);
  }

  reply(type: number, body: WireReader): void {
    this.#owner.onReply(this, type, body);
  }

  fail(error: WherryError): void {
    this.#owner.stop(error);
  }
}

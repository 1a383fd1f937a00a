import { writeU32, writeU64 } from '../base/bytes.ts';
import { SFTP_PACKETS } from './packets.ts';

/** Where requests go: see `SftpChannel`. */
interface Output {
  write(head: Uint8Array, body?: Uint8Array): boolean;
}

/** Small requests of one turn of the loop share a channel message of up to this many bytes. */
const OUTBOX_BYTES = 16_384;
const { SSH_FXP_READ, SSH_FXP_WRITE } = SFTP_PACKETS;

/** Writes requests; READ and WRITE without building anything on the way. They are the same in every version. */
export class Outbox {
  readonly #output: Output;
  readonly #bytes: Uint8Array = new Uint8Array(OUTBOX_BYTES);
  #at = 0;
  readonly #isAlone: () => boolean;
  #flushScheduled = false;

  /** `isAlone`: no other request is under way. One that is leaves at once; many wait for each other until the turn ends. */
  constructor(output: Output, isAlone: () => boolean) {
    this.#output = output;
    this.#isAlone = isAlone;
  }

  /** `body` is what follows the request id. */
  send(type: number, id: number, body: Uint8Array): void {
    const length = 9 + body.length;
    const at = this.#room(length);
    if (at < 0) {
      const frame = new Uint8Array(length);
      putFrame(frame, 0, type, id, body);
      this.#output.write(frame);
    } else putFrame(this.#bytes, at, type, id, body);
  }

  read(id: number, handle: Uint8Array, offset: number, length: number): void {
    const size = 9 + 4 + handle.length + 12;
    let at = this.#room(size);
    let out = this.#bytes;
    const direct = at < 0;
    if (direct) {
      out = new Uint8Array(size);
      at = 0;
    }
    putHandle(out, at, SSH_FXP_READ, size - 4, id, handle);
    writeU64(out, at + 13 + handle.length, offset);
    writeU32(out, at + 21 + handle.length, length);
    if (direct) this.#output.write(out);
  }

  /** False when the caller should wait. */
  write(id: number, handle: Uint8Array, offset: number, data: Uint8Array): boolean {
    const headSize = 9 + 4 + handle.length + 12;
    const head = new Uint8Array(headSize);
    putHandle(head, 0, SSH_FXP_WRITE, headSize - 4 + data.length, id, handle);
    writeU64(head, 13 + handle.length, offset);
    writeU32(head, 21 + handle.length, data.length);
    this.flush();
    return this.#output.write(head, data);
  }

  flush(): void {
    if (this.#at === 0) return;
    const length = this.#at;
    this.#at = 0;
    this.#output.write(this.#bytes.subarray(0, length));
  }

  /** Where a frame of `length` bytes goes; -1 when it is too large to share. */
  #room(length: number): number {
    if (this.#at + length > OUTBOX_BYTES) this.flush();
    if (length > OUTBOX_BYTES) return -1;
    const at = this.#at;
    this.#at += length;
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      const soon = this.#isAlone() ? queueMicrotask : setImmediate;
      soon(() => {
        this.#flushScheduled = false;
        this.flush();
      });
    }
    return at;
  }
}

function putFrame(out: Uint8Array, at: number, type: number, id: number, body: Uint8Array): void {
  writeU32(out, at, 5 + body.length);
  out[at + 4] = type;
  writeU32(out, at + 5, id);
  out.set(body, at + 9);
}

function putHandle(
  out: Uint8Array,
  at: number,
  type: number,
  length: number,
  id: number,
  handle: Uint8Array,
): void {
  writeU32(out, at, length);
  out[at + 4] = type;
  writeU32(out, at + 5, id);
  writeU32(out, at + 9, handle.length);
  out.set(handle, at + 13);
}

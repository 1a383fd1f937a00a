import { readU32 } from '../base/bytes.ts';
import { WherryError } from '../base/errors.ts';
import { checkLimit } from '../base/limits.ts';
import { SFTP_PACKETS } from './packets.ts';

/** Where frames go. File data is handed on piece by piece, as it arrives; all other frames come whole. */
export interface FrameConsumer {
  /** A whole frame: type, request id (or version) and the rest, from the type byte on. */
  frame(bytes: Uint8Array): void;
  /** The head of a DATA reply: which request it answers and how many bytes follow. False to get it whole. */
  dataStarts(id: number, length: number): boolean;
  data(bytes: Uint8Array): void;
  dataEnds(): void;
}

const LENGTH = 4;
/** uint32 length, byte type, uint32 id, uint32 data length. */
const DATA_HEAD = 13;

/** Cuts channel data into SFTP packets (filexfer-02 section 3). */
export class FrameParser {
  readonly #consumer: FrameConsumer;
  readonly #head: Uint8Array = new Uint8Array(DATA_HEAD);
  #headHave = 0;
  /** A whole frame being gathered. */
  #body: Uint8Array | undefined;
  #bodyHave = 0;
  /** File data of a DATA reply still to come, and bytes of the frame behind it. */
  #dataLeft = 0;
  #skip = 0;
  #streaming = false;

  constructor(consumer: FrameConsumer) {
    this.#consumer = consumer;
  }

  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#streaming) at = this.#stream(bytes, at);
      else if (this.#body !== undefined) at = this.#gather(bytes, at);
      else at = this.#readHead(bytes, at);
    }
  }

  #readHead(bytes: Uint8Array, at: number): number {
    const wanted = this.#headHave < LENGTH + 1 ? LENGTH + 1 : this.#headWanted();
    const take = Math.min(wanted - this.#headHave, bytes.length - at);
    this.#head.set(bytes.subarray(at, at + take), this.#headHave);
    this.#headHave += take;
    if (this.#headHave === LENGTH + 1) {
      const length = readU32(this.#head, 0);
      checkLimit('sftpFrameBytes', length);
      if (length < 5) throw new WherryError('SFTP_PROTOCOL', `SFTP packet of ${length} bytes`);
      if (this.#headWanted() === LENGTH + 1) this.#startBody(length);
    } else if (this.#headHave === DATA_HEAD) this.#startData();
    return at + take;
  }

  #headWanted(): number {
    return this.#head[LENGTH] === SFTP_PACKETS.SSH_FXP_DATA && readU32(this.#head, 0) >= DATA_HEAD - LENGTH
      ? DATA_HEAD
      : LENGTH + 1;
  }

  #startData(): void {
    const rest = readU32(this.#head, 0) - (DATA_HEAD - LENGTH);
    const length = readU32(this.#head, 9);
    if (length > rest) {
      throw new WherryError('SFTP_PROTOCOL', `SSH_FXP_DATA says ${length} bytes, its packet has ${rest}`);
    }
    if (!this.#consumer.dataStarts(readU32(this.#head, 5), length)) {
      this.#startBody(readU32(this.#head, 0));
      return;
    }
    this.#headHave = 0;
    this.#streaming = true;
    this.#dataLeft = length;
    this.#skip = rest - length;
    if (length === 0 && this.#skip === 0) this.#endData();
  }

  #startBody(length: number): void {
    this.#body = new Uint8Array(length);
    this.#bodyHave = this.#headHave - LENGTH;
    this.#body.set(this.#head.subarray(LENGTH, this.#headHave));
    this.#headHave = 0;
    if (this.#bodyHave === length) this.#endBody();
  }

  #stream(bytes: Uint8Array, at: number): number {
    if (this.#dataLeft > 0) {
      const take = Math.min(this.#dataLeft, bytes.length - at);
      this.#dataLeft -= take;
      this.#consumer.data(take === bytes.length ? bytes : bytes.subarray(at, at + take));
      if (this.#dataLeft === 0 && this.#skip === 0) this.#endData();
      return at + take;
    }
    const take = Math.min(this.#skip, bytes.length - at);
    this.#skip -= take;
    if (this.#skip === 0) this.#endData();
    return at + take;
  }

  #gather(bytes: Uint8Array, at: number): number {
    const body = this.#body!;
    const take = Math.min(body.length - this.#bodyHave, bytes.length - at);
    body.set(bytes.subarray(at, at + take), this.#bodyHave);
    this.#bodyHave += take;
    if (this.#bodyHave === body.length) this.#endBody();
    return at + take;
  }

  #endBody(): void {
    const body = this.#body!;
    this.#body = undefined;
    this.#consumer.frame(body);
  }

  #endData(): void {
    this.#streaming = false;
    this.#consumer.dataEnds();
  }
}

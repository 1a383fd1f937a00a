import { readU32, writeU32 } from '../base/bytes.ts';
import { isWherryError } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { SFTP_PACKETS } from '../sftp/packets.ts';
import { SftpReader } from '../sftp/reader.ts';
import type { ChannelHandlers } from '../ssh/connection/channel.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import { FilesError } from './files.ts';
import { type Reply, SERVED_EXTENSIONS, type SftpRequests, status } from './sftp-requests.ts';

const VERSION = 3;
/** Length, type and id, which stand before the body of a reply. */
const REPLY_HEADER = 9;

/** What the server needs of its channel. */
export interface ServedChannel {
  attach(handlers: ChannelHandlers, options?: { holdCredit?: boolean }): void;
  giveCredit(bytes: number): void;
  write(head: Uint8Array, body?: Uint8Array): boolean;
  close(): void;
}

/**
 * The server's side of one SFTP session, version 3: one request after the other, in order. While the client does not
 * take its replies no further request is worked on, and the window stays shut, so what waits here is bounded.
 */
export class SftpServer {
  readonly #channel: ServedChannel;
  readonly #requests: SftpRequests;
  /** What has come and is not worked on yet, and how much of it makes a packet whole. */
  #input: Uint8Array[] = [];
  #waiting = 0;
  #wanted = 4;
  /** Bytes for which the window was not opened again. */
  #owed = 0;
  #started = false;
  #congested = false;
  #over = false;

  constructor(channel: ServedChannel, requests: SftpRequests) {
    this.#channel = channel;
    this.#requests = requests;
    const handlers: ChannelHandlers = {
      data: (bytes) => this.#receive(bytes),
      writable: () => {
        this.#congested = false;
        this.#work();
      },
      eof: () => this.#end(),
      closed: () => this.#end(),
    };
    channel.attach(handlers, { holdCredit: true });
  }

  #receive(bytes: Uint8Array): void {
    this.#input.push(bytes);
    this.#waiting += bytes.length;
    this.#owed += bytes.length;
    this.#work();
  }

  #work(): void {
    if (this.#waiting >= this.#wanted) {
      const input = this.#input.length === 1 ? this.#input[0]! : Buffer.concat(this.#input);
      const rest = input.subarray(this.#packets(input));
      this.#input = rest.length === 0 ? [] : [rest];
      this.#waiting = rest.length;
    }
    if (this.#congested || this.#over) return;
    this.#channel.giveCredit(this.#owed);
    this.#owed = 0;
  }

  /** Works on the whole packets in `input`; returns where the rest begins. */
  #packets(input: Uint8Array): number {
    let at = 0;
    this.#wanted = 4;
    while (!this.#over && !this.#congested && input.length - at >= 4) {
      const length = readU32(input, at);
      if (length === 0 || length > LIMITS.sftpFrameBytes.value) this.#end();
      else if (input.length - at < 4 + length) {
        this.#wanted = 4 + length;
        break;
      } else {
        this.#packet(input.subarray(at + 4, at + 4 + length));
        at += 4 + length;
      }
    }
    return this.#over ? input.length : at;
  }

  #packet(packet: Uint8Array): void {
    const reader = new SftpReader(packet, 1, 'sftp request');
    if (!this.#started) {
      if (packet[0] === SFTP_PACKETS.SSH_FXP_INIT) this.#version();
      else this.#end();
      return;
    }
    let id: number;
    try {
      id = reader.u32();
    } catch {
      this.#end();
      return;
    }
    this.#reply(id, this.#answer(packet[0]!, reader));
  }

  #answer(type: number, reader: SftpReader): Reply {
    try {
      return this.#requests.answer(type, reader);
    } catch (error) {
      if (error instanceof FilesError) return status(error.status, error.message);
      if (isWherryError(error)) return status('SSH_FX_BAD_MESSAGE', error.message);
      return status('SSH_FX_FAILURE', 'the server could not do that');
    }
  }

  #version(): void {
    this.#started = true;
    const body = new WireWriter().u8(SFTP_PACKETS.SSH_FXP_VERSION).u32(VERSION);
    for (const [name, { data }] of Object.entries(SERVED_EXTENSIONS)) body.text(name).text(data);
    const packet = body.finish();
    this.#send(new WireWriter().u32(packet.length).finish(), packet);
  }

  #reply(id: number, { type, body }: Reply): void {
    const head = new Uint8Array(REPLY_HEADER);
    writeU32(head, 0, 5 + body.length);
    head[4] = type;
    writeU32(head, 5, id);
    this.#send(head, body);
  }

  #send(head: Uint8Array, body: Uint8Array): void {
    if (!this.#channel.write(head, body)) this.#congested = true;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#requests.end();
    this.#channel.close();
  }
}

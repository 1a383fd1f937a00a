import { readU32, writeU32, writeU64 } from '../base/bytes.ts';
import { abortedError, Deadline, type WaitOptions } from '../base/deadline.ts';
import { WherryError, withDetails } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import type { ChannelHandlers } from '../ssh/connection/channel.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import { type FrameConsumer, FrameParser } from './frame-parser.ts';
import { SFTP_PACKETS, sftpPacketName } from './packets.ts';
import { SftpReader } from './reader.ts';

/** What a session needs of the channel it runs on: see `Channel` in src/ssh/connection for each. */
export interface SftpChannel {
  readonly congested: boolean;
  attach(handlers: ChannelHandlers): void;
  write(head: Uint8Array, body?: Uint8Array): boolean;
  close(): void;
}

/** A reply that came whole: its type, and a reader behind the request id. */
export interface SftpReply {
  readonly type: number;
  readonly body: WireReader;
}

/** A request under way. Exactly one of `reply`, `dataEnds` and `fail` ends it. */
export interface PendingRequest {
  /** Set by a request that takes file data piece by piece: the most it may get. */
  readonly maxData?: number;
  data?(bytes: Uint8Array): void;
  dataEnds?(): void;
  reply(type: number, body: WireReader): void;
  fail(error: WherryError): void;
}

/** Takes the late reply of a request nobody waits for any more. */
const DISCARD: PendingRequest = { reply() {}, fail() {} };

/** Small requests of one turn of the loop share a channel message of up to this many bytes. */
const OUTBOX_BYTES = 16_384;
const VERSION = 3;
/** A server that does not answer CHANNEL_CLOSE is not waited for longer than this. */
const CLOSE_WAIT_MS = 2000;

/**
 * An SFTP session on a channel: numbers requests, matches replies, and knows what the server announced. Replies
 * may come in any order; a reply that answers nothing closes the session.
 */
export class SftpSession implements FrameConsumer {
  readonly version: number = VERSION;
  /** Extension names and data of the server's SSH_FXP_VERSION. */
  readonly announced: ReadonlyMap<string, string> = new Map<string, string>();
  /** Milliseconds a request may go unanswered; 0 for ever. */
  readonly timeout: number;
  readonly #channel: SftpChannel;
  readonly #parser: FrameParser = new FrameParser(this);
  readonly #pending = new Map<number, PendingRequest>();
  readonly #writableListeners = new Set<() => void>();
  #receiving: { id: number; request: PendingRequest } | undefined;
  #nextId = 0;
  readonly #outbox: Uint8Array = new Uint8Array(OUTBOX_BYTES);
  #outboxAt = 0;
  #flushScheduled = false;
  #error: WherryError | undefined;
  #versionWaiter: { resolve(): void; reject(error: WherryError): void } | undefined;
  #channelClosed = false;
  #closedListeners: (() => void)[] = [];

  constructor(channel: SftpChannel, timeout: number) {
    this.#channel = channel;
    this.timeout = timeout;
    channel.attach({
      data: (bytes) => this.#receive(bytes),
      writable: () => {
        for (const listener of this.#writableListeners) listener();
      },
      eof: () => {
        this.#close(new WherryError('CHANNEL_CLOSED', 'the server ended the SFTP session'));
        channel.close();
      },
      closed: (error) => {
        this.#channelClosed = true;
        this.#close(error ?? new WherryError('CLOSED', 'the SFTP session was closed by close()'));
        for (const done of this.#closedListeners) done();
        this.#closedListeners = [];
      },
    });
  }

  /** SSH_FXP_INIT and SSH_FXP_VERSION, filexfer-02 section 4. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) {
        reject(this.#error);
        return;
      }
      this.#versionWaiter = { resolve, reject };
      const init = new Uint8Array(9);
      writeU32(init, 0, 5);
      init[4] = SFTP_PACKETS.SSH_FXP_INIT;
      writeU32(init, 5, VERSION);
      this.#channel.write(init);
    });
  }

  get error(): WherryError | undefined {
    return this.#error;
  }

  /** True while the server or the network is behind: uploads wait for `onWritable`. */
  get congested(): boolean {
    return this.#channel.congested;
  }

  onWritable(listener: () => void): () => void {
    this.#writableListeners.add(listener);
    return () => this.#writableListeners.delete(listener);
  }

  /**
   * Sends a request and waits for its whole reply. `body` is what follows the request id. `late` takes the reply
   * of a request that was aborted or timed out, so that nothing it made is left behind.
   */
  request(
    type: number,
    body: Uint8Array,
    operation: string,
    wait: WaitOptions = {},
    late: PendingRequest = DISCARD,
  ): Promise<SftpReply> {
    return new Promise((resolve, reject) => {
      if (wait.signal?.aborted) {
        reject(abortedError(wait.signal, operation));
        return;
      }
      const timeout = wait.timeout ?? this.timeout;
      let deadline: Deadline | undefined;
      const id = this.send(type, body, {
        reply: (replyType, reader) => {
          deadline?.clear();
          resolve({ type: replyType, body: reader });
        },
        fail: (error) => {
          deadline?.clear();
          reject(error);
        },
      });
      if (id === undefined) return;
      deadline = new Deadline({ signal: wait.signal, timeout }, operation, (error) => {
        this.#pending.set(id, late);
        reject(withDetails(error, { operation }));
      });
    });
  }

  /** Sends a request whose replies go to `pending`. Returns its id; undefined where the session is over. */
  send(type: number, body: Uint8Array, pending: PendingRequest): number | undefined {
    if (this.#error !== undefined) {
      pending.fail(this.#error);
      return undefined;
    }
    const id = this.#register(pending);
    const length = 9 + body.length;
    const at = this.#outboxRoom(length);
    if (at < 0) {
      const frame = new Uint8Array(length);
      this.#putFrame(frame, 0, type, id, body);
      this.#channel.write(frame);
    } else this.#putFrame(this.#outbox, at, type, id, body);
    return id;
  }

  /** SSH_FXP_READ, without building anything: `pending` gets the data as it arrives. */
  read(handle: Uint8Array, offset: number, length: number, pending: PendingRequest): void {
    if (this.#error !== undefined) {
      pending.fail(this.#error);
      return;
    }
    const id = this.#register(pending);
    const size = 9 + 4 + handle.length + 12;
    let at = this.#outboxRoom(size);
    let out = this.#outbox;
    const direct = at < 0;
    if (direct) {
      out = new Uint8Array(size);
      at = 0;
    }
    this.#putHandle(out, at, SFTP_PACKETS.SSH_FXP_READ, size - 4, id, handle);
    writeU64(out, at + 13 + handle.length, offset);
    writeU32(out, at + 21 + handle.length, length);
    if (direct) this.#channel.write(out);
  }

  /** SSH_FXP_WRITE. `data` must stay as it is until the reply. Returns false when the caller should wait. */
  write(handle: Uint8Array, offset: number, data: Uint8Array, pending: PendingRequest): boolean {
    if (this.#error !== undefined) {
      pending.fail(this.#error);
      return false;
    }
    const id = this.#register(pending);
    const headSize = 9 + 4 + handle.length + 12;
    const head = new Uint8Array(headSize);
    this.#putHandle(head, 0, SFTP_PACKETS.SSH_FXP_WRITE, headSize - 4 + data.length, id, handle);
    writeU64(head, 13 + handle.length, offset);
    writeU32(head, 21 + handle.length, data.length);
    this.#flush();
    return this.#channel.write(head, data);
  }

  /** Ends the session, with code CLOSED for what is under way; resolves when the channel is closed on both sides. */
  close(): Promise<void> {
    if (this.#error === undefined) {
      this.#flush();
      this.#close(new WherryError('CLOSED', 'the SFTP session was closed by close()'));
    }
    this.#channel.close();
    if (this.#channelClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, CLOSE_WAIT_MS);
      this.#closedListeners.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  frame(bytes: Uint8Array): void {
    const type = bytes[0]!;
    if (this.#versionWaiter !== undefined) {
      this.#onVersion(type, bytes);
      return;
    }
    const id = readU32(bytes, 1);
    const pending = this.#pending.get(id);
    if (pending === undefined) throw this.#unasked(type, id);
    this.#pending.delete(id);
    try {
      pending.reply(type, new SftpReader(bytes, 5, sftpPacketName(type)));
    } catch (error) {
      pending.fail(brokenBy(error));
      throw error;
    }
  }

  dataStarts(id: number, length: number): boolean {
    const request = this.#pending.get(id);
    if (request === undefined) throw this.#unasked(SFTP_PACKETS.SSH_FXP_DATA, id);
    if (request.maxData === undefined) return false;
    if (length > request.maxData) {
      throw new WherryError(
        'SFTP_PROTOCOL',
        `the server sent ${length} bytes where ${request.maxData} were asked for`,
      );
    }
    this.#receiving = { id, request };
    return true;
  }

  data(bytes: Uint8Array): void {
    this.#receiving!.request.data!(bytes);
  }

  dataEnds(): void {
    const { id, request } = this.#receiving!;
    this.#receiving = undefined;
    this.#pending.delete(id);
    request.dataEnds!();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#error !== undefined) return;
    try {
      this.#parser.push(bytes);
    } catch (error) {
      this.#close(brokenBy(error));
      this.#channel.close();
    }
  }

  #onVersion(type: number, bytes: Uint8Array): void {
    if (type !== SFTP_PACKETS.SSH_FXP_VERSION) {
      throw new WherryError('SFTP_PROTOCOL', `${sftpPacketName(type)} where SSH_FXP_VERSION was expected`);
    }
    const reader = new SftpReader(bytes, 1, 'SSH_FXP_VERSION');
    const version = reader.u32();
    if (version !== VERSION) {
      throw new WherryError(
        'SFTP_PROTOCOL',
        `the server speaks SFTP version ${version}, we speak ${VERSION}`,
        {
          ours: [String(VERSION)],
          theirs: [String(version)],
        },
      );
    }
    const announced = this.announced as Map<string, string>;
    while (reader.remaining > 0) {
      const name = reader.text();
      announced.set(sanitize(name, 128), reader.text());
    }
    const waiter = this.#versionWaiter!;
    this.#versionWaiter = undefined;
    waiter.resolve();
  }

  #register(pending: PendingRequest): number {
    while (this.#pending.has(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0;
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    this.#pending.set(id, pending);
    return id;
  }

  /** Where a frame of `length` bytes goes in the outbox; -1 when it is too large for it. */
  #outboxRoom(length: number): number {
    if (this.#outboxAt + length > OUTBOX_BYTES) this.#flush();
    if (length > OUTBOX_BYTES) return -1;
    const at = this.#outboxAt;
    this.#outboxAt += length;
    if (!this.#flushScheduled) {
      this.#flushScheduled = true;
      queueMicrotask(() => {
        this.#flushScheduled = false;
        this.#flush();
      });
    }
    return at;
  }

  #flush(): void {
    if (this.#outboxAt === 0) return;
    const length = this.#outboxAt;
    this.#outboxAt = 0;
    this.#channel.write(this.#outbox.subarray(0, length));
  }

  #putFrame(out: Uint8Array, at: number, type: number, id: number, body: Uint8Array): void {
    writeU32(out, at, 5 + body.length);
    out[at + 4] = type;
    writeU32(out, at + 5, id);
    out.set(body, at + 9);
  }

  #putHandle(
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

  #unasked(type: number, id: number): WherryError {
    return new WherryError(
      'SFTP_PROTOCOL',
      `${sftpPacketName(type)} for request ${id}, which is not under way`,
    );
  }

  #close(error: WherryError): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    this.#versionWaiter?.reject(error);
    this.#versionWaiter = undefined;
    for (const request of pending) request.fail(error);
  }
}

function brokenBy(error: unknown): WherryError {
  return error instanceof WherryError ? error : new WherryError('SFTP_PROTOCOL', String(error), {}, error);
}

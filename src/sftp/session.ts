import { readU32, writeU32 } from '../base/bytes.ts';
import { abortedError, Deadline, type WaitOptions } from '../base/deadline.ts';
import { WherryError, withDetails } from '../base/errors.ts';
import type { ChannelHandlers } from '../ssh/connection/channel.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import { WireWriter } from '../ssh/wire/writer.ts';
import type { ServerFeatures } from './features.ts';
import { type FrameConsumer, FrameParser } from './frame-parser.ts';
import { type NameCodec, UTF8_NAMES } from './names.ts';
import { Outbox } from './outbox.ts';
import { SFTP_PACKETS, sftpPacketName } from './packets.ts';
import { type PathRules, remotePath } from './paths.ts';
import { type Quirks, quirksOf } from './quirks.ts';
import { SftpReader } from './reader.ts';
import { readStatus, SFTP_STATUS, statusError } from './status.ts';
import { readVersionReply, type VersionReply, versionMismatch } from './version-reply.ts';
import { DEFAULT_VERSION, isSftpVersion, type SftpVersion, versionToSelect } from './versions.ts';

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

/** How a session is to be spoken. */
export interface SessionOptions {
  /** The highest version offered. */
  readonly version?: SftpVersion | undefined;
  /** How names are written in version 3; later versions have UTF-8. */
  readonly names?: NameCodec | undefined;
  readonly paths?: PathRules | undefined;
  /** The server's SSH identification behind `SSH-2.0-`, for its quirks. */
  readonly software?: string | undefined;
}

/** A server that does not answer CHANNEL_CLOSE is not waited for longer than this. */
const CLOSE_WAIT_MS = 2000;

/**
 * An SFTP session on a channel: numbers requests, matches replies, and knows what the server announced. Replies
 * may come in any order; a reply that answers nothing closes the session.
 */
export class SftpSession implements FrameConsumer {
  /** What relative paths are relative to, and how paths are made plain. */
  readonly paths: PathRules;
  names: NameCodec;
  /** Milliseconds a request may go unanswered; 0 for ever. */
  timeout: number;
  readonly #channel: SftpChannel;
  readonly #parser: FrameParser = new FrameParser(this);
  readonly #pending = new Map<number, PendingRequest>();
  readonly #writableListeners = new Set<() => void>();
  #receiving: { id: number; request: PendingRequest } | undefined;
  #nextId = 0;
  readonly #outbox: Outbox;
  readonly #offered: SftpVersion;
  readonly #software: string;
  #version: SftpVersion = DEFAULT_VERSION;
  #reply: VersionReply = { version: DEFAULT_VERSION, announced: new Map(), features: { versions: [] } };
  #quirks: Quirks = quirksOf('', new Map());
  #announced: ReadonlyMap<string, string> = new Map<string, string>();
  #error: WherryError | undefined;
  #versionWaiter: { resolve(reply: VersionReply): void; reject(error: WherryError): void } | undefined;
  #channelClosed = false;
  #closedListeners: (() => void)[] = [];

  constructor(channel: SftpChannel, timeout: number, options: SessionOptions = {}) {
    this.#channel = channel;
    this.#outbox = new Outbox(channel, () => this.#pending.size <= 1);
    this.timeout = timeout;
    this.#offered = options.version ?? DEFAULT_VERSION;
    this.names = options.names ?? UTF8_NAMES;
    this.paths = options.paths ?? {};
    this.#software = options.software ?? '';
    channel.attach({
      data: (bytes) => this.#receive(bytes),
      writable: () => this.#writable(),
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

  /**
   * SSH_FXP_INIT and SSH_FXP_VERSION, filexfer-02 section 4; then version-select, where the server answers another
   * version than the best one it lists.
   */
  async start(): Promise<void> {
    const reply = await this.#init();
    const chosen = versionToSelect(this.#offered, reply.version, reply.features.versions);
    if (chosen !== undefined) await this.#select(chosen);
    const version = chosen ?? reply.version;
    if (!isSftpVersion(version) || version > this.#offered) {
      const error = versionMismatch(this.#offered, version);
      this.#close(error);
      this.#channel.close();
      throw error;
    }
    this.#version = version;
    this.#quirks = quirksOf(this.#software, reply.announced);
    this.#announced = new Map([...reply.announced].filter(([name]) => !this.#quirks.broken.includes(name)));
    if (version > 3) this.names = UTF8_NAMES;
  }

  #init(): Promise<VersionReply> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) {
        reject(this.#error);
        return;
      }
      this.#versionWaiter = { resolve, reject };
      const init = new Uint8Array(9);
      writeU32(init, 0, 5);
      init[4] = SFTP_PACKETS.SSH_FXP_INIT;
      writeU32(init, 5, this.#offered);
      this.#channel.write(init);
    });
  }

  /** version-select is the first request or none at all, filexfer-13 section 5.5. */
  async #select(version: SftpVersion): Promise<void> {
    const body = new WireWriter().text('version-select').text(String(version)).finish();
    const reply = await this.request(SFTP_PACKETS.SSH_FXP_EXTENDED, body, 'version-select');
    const { status, message } =
      reply.type === SFTP_PACKETS.SSH_FXP_STATUS
        ? readStatus(reply.body)
        : { status: SFTP_STATUS.SSH_FX_FAILURE.number, message: sftpPacketName(reply.type) };
    if (status !== SFTP_STATUS.SSH_FX_OK.number)
      throw statusError(status, message, { operation: 'version-select' });
  }

  /** The version in use, once `start` has resolved. */
  get version(): SftpVersion {
    return this.#version;
  }

  /** Extension names and data of the server's SSH_FXP_VERSION, without those that are known not to work. */
  get announced(): ReadonlyMap<string, string> {
    return this.#announced;
  }

  get features(): ServerFeatures {
    return this.#reply.features;
  }

  get quirks(): Quirks {
    return this.#quirks;
  }

  /** A path as bytes, by the rules of the session. */
  encodePath(path: string): Uint8Array {
    return this.names.encode(this.absolutePath(path));
  }

  /** A path behind the working folder, without asking the server. */
  absolutePath(path: string): string {
    return remotePath(path, this.paths);
  }

  get error(): WherryError | undefined {
    return this.#error;
  }

  /** True while the server or the network is behind: uploads wait for `onWritable`, which the end of the session calls too. */
  get congested(): boolean {
    return this.#error === undefined && this.#channel.congested;
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
    this.#outbox.send(type, id, body);
    return id;
  }

  /** SSH_FXP_READ, without building anything: `pending` gets the data as it arrives. */
  read(handle: Uint8Array, offset: number, length: number, pending: PendingRequest): void {
    if (this.#error !== undefined) {
      pending.fail(this.#error);
      return;
    }
    this.#outbox.read(this.#register(pending), handle, offset, length);
  }

  /** SSH_FXP_WRITE. `data` must stay as it is until the reply. Returns false when the caller should wait. */
  write(handle: Uint8Array, offset: number, data: Uint8Array, pending: PendingRequest): boolean {
    if (this.#error !== undefined) {
      pending.fail(this.#error);
      return false;
    }
    return this.#outbox.write(this.#register(pending), handle, offset, data);
  }

  /** Ends the session, with code CLOSED for what is under way; resolves when the channel is closed on both sides. */
  close(): Promise<void> {
    if (this.#error === undefined) {
      this.#outbox.flush();
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
      this.#reply = readVersionReply(bytes);
      const waiter = this.#versionWaiter;
      this.#versionWaiter = undefined;
      waiter.resolve(this.#reply);
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

  #register(pending: PendingRequest): number {
    while (this.#pending.has(this.#nextId)) this.#nextId = (this.#nextId + 1) >>> 0;
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0;
    this.#pending.set(id, pending);
    return id;
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
    this.#writable();
  }

  #writable(): void {
    for (const listener of this.#writableListeners) listener();
  }
}

function brokenBy(error: unknown): WherryError {
  return error instanceof WherryError ? error : new WherryError('SFTP_PROTOCOL', String(error), {}, error);
}

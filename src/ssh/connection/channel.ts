import { fromUtf8, readU32, writeU32 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { keep } from '../../base/lent-memory.ts';
import { LIMITS } from '../../base/limits.ts';
import { decode, encode } from '../wire/message.ts';
import { CONNECTION } from '../wire/messages.ts';
import { ReceiveWindow, SendWindow } from './windows.ts';

/** What a channel needs from the connection it runs on. */
export interface ChannelCarrier {
  readonly congested: boolean;
  send(head: Uint8Array, body?: Uint8Array): void;
  /** The channel is over on both sides: its number may be used again. */
  forget(channel: Channel): void;
}

/** What the user of a channel hears. */
export interface ChannelHandlers {
  /** `bytes` may be lent (src/base/lent-memory.ts). Credit is given back at once: bound what you ask for. */
  data(bytes: Uint8Array): void;
  /** Bytes the peer sent as extended data, such as a program's standard error. */
  extended?(type: number, bytes: Uint8Array): void;
  /** A message of the peer's about the channel, such as `exit-status`; returns whether it is understood. */
  request?(name: string, specific: Uint8Array): boolean;
  /** The window or the connection has room again after `write` returned false. */
  writable?(): void;
  eof?(): void;
  /** The channel is over; `error` tells why, when it was not closed in order. Called once. */
  closed(error: WherryError | undefined): void;
}

export interface ChannelNumbers {
  readonly local: number;
  readonly remote: number;
  readonly remoteWindow: number;
  readonly remoteMaxPacket: number;
  readonly windowSize: number;
}

const DATA_HEADER = 9;
/** Some peers allow packets of 4 GiB, and then refuse them: none gets one that we would not take ourselves. */
const MAX_PACKET = LIMITS.packetBytes.value - 1024;

/** One channel (RFC 4254 section 5): a byte stream each way under a window each, and requests beside it. */
export class Channel {
  readonly local: number;
  readonly #remote: number;
  readonly #carrier: ChannelCarrier;
  readonly #sendWindow: SendWindow;
  readonly #receiveWindow: ReceiveWindow;
  readonly #maxPacket: number;
  readonly #header: Uint8Array = new Uint8Array(DATA_HEADER);
  #handlers: ChannelHandlers | undefined;
  #holdCredit = false;
  /** What came before anybody was attached, such as the greeting of a server behind a tunnel. */
  readonly #early: (() => void)[] = [];
  /** Bytes accepted by `write` that no window or socket has taken yet. */
  #queue: Uint8Array[] = [];
  #queued = 0;
  #waiting = false;
  #pendingReplies: { resolve(ok: boolean): void; reject(error: WherryError): void }[] = [];
  #eofSent = false;
  #eofWanted = false;
  #closeSent = false;
  #closeReceived = false;
  #over = false;

  constructor(carrier: ChannelCarrier, numbers: ChannelNumbers) {
    this.#carrier = carrier;
    this.local = numbers.local;
    this.#remote = numbers.remote;
    this.#sendWindow = new SendWindow(numbers.remoteWindow);
    this.#maxPacket = Math.min(numbers.remoteMaxPacket, MAX_PACKET);
    this.#receiveWindow = new ReceiveWindow(numbers.windowSize);
    this.#header[0] = CONNECTION.SSH_MSG_CHANNEL_DATA.number;
    writeU32(this.#header, 1, this.#remote);
  }

  /** The window the peer gave us: how much may be on its way at most. */
  get sendWindowLeft(): number {
    return this.#sendWindow.left;
  }

  /** `holdCredit`: the window opens again only by `giveCredit`, for a user who cannot bound what is sent to it. */
  attach(handlers: ChannelHandlers, options: { holdCredit?: boolean } = {}): void {
    this.#handlers = handlers;
    this.#holdCredit = options.holdCredit ?? false;
    for (const tell of this.#early.splice(0)) tell();
  }

  /** With `holdCredit`: so many received bytes are no longer held. */
  giveCredit(bytes: number): void {
    this.#sendCredit(this.#receiveWindow.consume(bytes));
  }

  /** Lets the peer send further ahead than so far. */
  growWindow(size: number): void {
    this.#sendCredit(this.#receiveWindow.grow(size));
  }

  /** True while `write` only queues; whoever has seen it true hears `writable`. */
  get congested(): boolean {
    const congested = this.#queued > 0 || this.#carrier.congested;
    if (congested) this.#waiting = true;
    return congested;
  }

  /**
   * Sends `head` then `body`. All of it is taken: what the window does not allow yet is kept, so `body` must stay
   * as it is until then. Returns false when the caller should wait for `writable`.
   */
  write(head: Uint8Array, body?: Uint8Array): boolean {
    if (this.#over || this.#closeSent || this.#eofWanted) return false;
    if (this.congested) {
      this.#enqueue(Uint8Array.from(head));
      if (body !== undefined) this.#enqueue(body);
      return false;
    }
    const beside = body === undefined ? 0 : this.#sendTogether(head, body);
    if (beside === 0) {
      const rest = this.#sendNow(head);
      if (rest !== undefined) this.#enqueue(Uint8Array.from(rest));
    }
    if (body !== undefined) {
      const bytes = beside === 0 ? body : body.subarray(beside);
      const rest = this.#queued > 0 ? bytes : this.#sendNow(bytes);
      if (rest !== undefined) this.#enqueue(rest);
    }
    return !this.congested;
  }

  /** A channel request; with `wantReply` resolves with the peer's yes or no (RFC 4254 section 5.4). */
  request(name: string, specific: Uint8Array, wantReply: boolean): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (this.#over || this.#closeSent) {
        reject(this.#closedError());
        return;
      }
      this.#carrier.send(
        encode(CONNECTION.SSH_MSG_CHANNEL_REQUEST, { recipient: this.#remote, name, wantReply, specific }),
      );
      if (wantReply) this.#pendingReplies.push({ resolve, reject });
      else resolve(true);
    });
  }

  /** No more data from us; what is queued still goes. */
  end(): void {
    if (this.#eofWanted || this.#over || this.#closeSent) return;
    this.#eofWanted = true;
    this.#sendEofWhenDrained();
  }

  /**
   * Ends the channel; `closed` follows when the peer agrees or the connection ends. EOF goes before, where nothing is cut
   * off: TinySSH ends its program, and agrees, only for that.
   */
  close(): boolean {
    if (this.#closeSent || this.#over) return false;
    if (this.#queued === 0 && !this.#closeReceived) this.end();
    this.#closeSent = true;
    this.#queue = [];
    this.#queued = 0;
    this.#carrier.send(encode(CONNECTION.SSH_MSG_CHANNEL_CLOSE, { recipient: this.#remote }));
    return true;
  }

  /** A message of the peer's for this channel: numbers 93 to 100. */
  onMessage(payload: Uint8Array): void {
    switch (payload[0]) {
      case CONNECTION.SSH_MSG_CHANNEL_DATA.number:
        this.#onData(payload, DATA_HEADER);
        return;
      case CONNECTION.SSH_MSG_CHANNEL_EXTENDED_DATA.number:
        this.#onData(payload, DATA_HEADER + 4);
        return;
      case CONNECTION.SSH_MSG_CHANNEL_WINDOW_ADJUST.number:
        this.#sendWindow.adjust(decode(CONNECTION.SSH_MSG_CHANNEL_WINDOW_ADJUST, payload).bytes);
        this.flush();
        return;
      case CONNECTION.SSH_MSG_CHANNEL_EOF.number:
        if (this.#handlers === undefined) this.#early.push(() => this.#handlers?.eof?.());
        else this.#handlers.eof?.();
        return;
      case CONNECTION.SSH_MSG_CHANNEL_CLOSE.number:
        this.#onClose();
        return;
      default:
        this.#onReply(payload[0] === CONNECTION.SSH_MSG_CHANNEL_SUCCESS.number);
    }
  }

  /** A request of the peer's; returns whether it is understood. */
  onRequest(name: string, specific: Uint8Array): boolean {
    return this.#handlers?.request?.(name, specific) ?? false;
  }

  /** The peer does not know requests: no to the first that waits for a reply; false where none does. */
  refuseRequest(): boolean {
    const waiting = this.#pendingReplies.shift();
    waiting?.resolve(false);
    return waiting !== undefined;
  }

  /** Answers a request of the peer's that wants a reply. */
  reply(ok: boolean): void {
    const row = ok ? CONNECTION.SSH_MSG_CHANNEL_SUCCESS : CONNECTION.SSH_MSG_CHANNEL_FAILURE;
    if (!this.#closeSent) this.#carrier.send(encode(row, { recipient: this.#remote }));
  }

  /** Sends what was queued as far as window and socket allow. */
  flush(): void {
    while (this.#queued > 0 && !this.#carrier.congested) {
      const first = this.#queue[0]!;
      const rest = this.#sendNow(first);
      this.#queued -= first.length - (rest?.length ?? 0);
      if (rest === undefined) this.#queue.shift();
      else {
        this.#queue[0] = rest;
        return;
      }
    }
    this.#sendEofWhenDrained();
    if (this.#waiting && !this.congested) {
      this.#waiting = false;
      this.#handlers?.writable?.();
    }
  }

  /** The connection is gone, or about to go: nothing more is heard from the channel. */
  abandon(error: WherryError): void {
    this.#finish(error);
  }

  #enqueue(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#queue.push(bytes);
    this.#queued += bytes.length;
  }

  /**
   * One message of all of `head` and as much of `body` as fits: a message for the head of every WRITE would be one
   * packet in nine. Returns how much of `body` went, 0 when nothing was sent.
   */
  #sendTogether(head: Uint8Array, body: Uint8Array): number {
    const size = Math.min(head.length + body.length, this.#maxPacket, this.#sendWindow.left);
    const beside = size - head.length;
    if (head.length === 0 || beside <= 0) return 0;
    const both = new Uint8Array(DATA_HEADER + head.length);
    writeU32(this.#header, 5, size);
    both.set(this.#header);
    both.set(head, DATA_HEADER);
    this.#carrier.send(both, body.subarray(0, beside));
    this.#sendWindow.take(size);
    return beside;
  }

  /** Sends as much as the window allows; returns what is left, undefined when nothing is. */
  #sendNow(bytes: Uint8Array): Uint8Array | undefined {
    let at = 0;
    while (at < bytes.length) {
      const size = Math.min(bytes.length - at, this.#maxPacket, this.#sendWindow.left);
      if (size <= 0) return bytes.subarray(at);
      writeU32(this.#header, 5, size);
      this.#carrier.send(this.#header, bytes.subarray(at, at + size));
      this.#sendWindow.take(size);
      at += size;
    }
    return undefined;
  }

  #onData(payload: Uint8Array, header: number): void {
    const length = payload.length - header;
    if (length < 0 || readU32(payload, header - 4) !== length) {
      const text = `channel data of ${length} bytes says another length`;
      throw new WherryError('SSH_MALFORMED', text, { phase: 'channel data' });
    }
    if (!this.#receiveWindow.receive(length)) {
      const text = 'the peer sent more than the channel window allows';
      throw new WherryError('SSH_PROTOCOL', text, { phase: 'channel data' });
    }
    if (this.#closeReceived || this.#over) return;
    if (this.#handlers === undefined) {
      const kept = keep(payload);
      this.#early.push(() => this.#deliver(kept, header));
    } else this.#deliver(payload, header);
  }

  #deliver(payload: Uint8Array, header: number): void {
    const bytes = payload.subarray(header);
    if (header === DATA_HEADER) this.#handlers?.data(bytes);
    else this.#handlers?.extended?.(readU32(payload, 5), bytes);
    if (!this.#holdCredit) this.giveCredit(bytes.length);
  }

  #sendCredit(bytes: number): void {
    if (bytes <= 0 || this.#closeSent || this.#over) return;
    this.#carrier.send(encode(CONNECTION.SSH_MSG_CHANNEL_WINDOW_ADJUST, { recipient: this.#remote, bytes }));
  }

  #onReply(ok: boolean): void {
    const waiting = this.#pendingReplies.shift();
    if (waiting === undefined) throw new WherryError('SSH_PROTOCOL', 'a reply to no channel request');
    waiting.resolve(ok);
  }

  #onClose(): void {
    this.#closeReceived = true;
    const ours = this.#closeSent;
    this.close();
    this.#finish(ours ? undefined : this.#closedError());
    this.#carrier.forget(this);
  }

  #sendEofWhenDrained(): void {
    if (!this.#eofWanted || this.#eofSent || this.#queued > 0 || this.#closeSent) return;
    this.#eofSent = true;
    this.#carrier.send(encode(CONNECTION.SSH_MSG_CHANNEL_EOF, { recipient: this.#remote }));
  }

  #closedError(): WherryError {
    return new WherryError('CHANNEL_CLOSED', 'the channel is closed');
  }

  #finish(error: WherryError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#queue = [];
    this.#queued = 0;
    const pending = this.#pendingReplies;
    this.#pendingReplies = [];
    for (const one of pending) one.reject(error ?? this.#closedError());
    if (this.#handlers === undefined) this.#early.push(() => this.#handlers?.closed(error));
    else this.#handlers.closed(error);
  }
}

/** The specific part of a `subsystem` or `exec` request: one string (RFC 4254 section 6.5). */
export function textRequest(text: string): Uint8Array {
  const bytes = fromUtf8(text);
  const specific = new Uint8Array(4 + bytes.length);
  writeU32(specific, 0, bytes.length);
  specific.set(bytes, 4);
  return specific;
}

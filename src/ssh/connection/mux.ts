import { EMPTY, readU32 } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { sanitize } from '../../base/text.ts';
import type { Transport } from '../transport/transport.ts';
import { decode, encode } from '../wire/message.ts';
import { CONNECTION, messageName } from '../wire/messages.ts';
import { Channel, type ChannelCarrier } from './channel.ts';

const SSH_OPEN_ADMINISTRATIVELY_PROHIBITED = 1;
/** What we let the peer put into one CHANNEL_DATA message, unless the options say otherwise. */
const OUR_MAX_PACKET = 65_536;
const SERVER_WINDOW = 2_097_152;

/** How a peer's CHANNEL_OPEN is answered: the server half accepts sessions, the client nothing so far. */
export type ChannelAcceptor = (
  type: string,
  specific: Uint8Array,
) => ((channel: Channel) => void) | undefined;

/** Bounds of our side of every channel. */
export interface ChannelOptions {
  /** Largest payload of one CHANNEL_DATA message to us. */
  readonly maxPacketSize?: number | undefined;
  /** Receive window of every channel; absent: what its user asks for. */
  readonly maxWindowSize?: number | undefined;
}

interface PendingOpen {
  readonly windowSize: number;
  resolve(channel: Channel): void;
  reject(error: WherryError): void;
}

/** All channels and global requests of one connection (RFC 4254 sections 4 and 5). */
export class Mux implements ChannelCarrier {
  /** A global request of the peer's that wants no reply. */
  onNotice: ((name: string, specific: Uint8Array) => void) | undefined;
  readonly #transport: Transport;
  readonly #accept: ChannelAcceptor | undefined;
  readonly #channels = new Map<number, Channel>();
  readonly #opening = new Map<number, PendingOpen>();
  #pendingGlobal: { resolve(answer: Uint8Array | undefined): void; reject(error: WherryError): void }[] = [];
  #next = 0;
  readonly #maxPacket: number;
  #maxWindow: number | undefined;
  /** Why nothing new begins; the transport may still live. */
  #closing: WherryError | undefined;
  readonly #leaving = new Set<Channel>();
  #onLastLeft: (() => void) | undefined;

  constructor(transport: Transport, accept?: ChannelAcceptor, options: ChannelOptions = {}) {
    this.#transport = transport;
    this.#accept = accept;
    this.#maxPacket = options.maxPacketSize ?? OUR_MAX_PACKET;
    this.#maxWindow = options.maxWindowSize;
  }

  get congested(): boolean {
    return this.#transport.congested;
  }

  send(head: Uint8Array, body?: Uint8Array): void {
    this.#transport.send(head, body);
  }

  forget(channel: Channel): void {
    this.#channels.delete(channel.local);
    if (this.#leaving.delete(channel) && this.#leaving.size === 0) this.#onLastLeft?.();
  }

  /** The window of every channel from now on, open ones included; one that is larger already stays as it is. */
  growWindows(size: number): void {
    this.#maxWindow = size;
    for (const channel of this.#channels.values()) channel.growWindow(size);
  }

  /**
   * Says CHANNEL_CLOSE on every channel, settles what is under way with `reason`, and begins nothing new. Resolves when
   * the peer has closed them too, or the connection is over.
   */
  closeAll(reason: WherryError): Promise<void> {
    return new Promise((resolve) => {
      this.#closing = reason;
      this.#onLastLeft = resolve;
      for (const channel of this.#channels.values()) {
        // One that was closed before has been waited for by whoever closed it: the peer may never answer.
        if (channel.close()) this.#leaving.add(channel);
        channel.abandon(reason);
      }
      for (const one of this.#opening.values()) one.reject(reason);
      if (this.#leaving.size === 0) resolve();
    });
  }

  /** Opens a channel; rejects with CHANNEL_OPEN_FAILED and the server's reason. */
  open(type: string, windowSize: number, specific: Uint8Array = EMPTY): Promise<Channel> {
    return new Promise((resolve, reject) => {
      const over = this.#transport.error ?? this.#closing;
      if (over !== undefined) {
        reject(over);
        return;
      }
      const sender = this.#freeNumber();
      const window = this.#maxWindow ?? windowSize;
      this.#opening.set(sender, { windowSize: window, resolve, reject });
      this.#transport.send(
        encode(CONNECTION.SSH_MSG_CHANNEL_OPEN, {
          type,
          sender,
          window,
          maxPacket: this.#maxPacket,
          specific,
        }),
      );
    });
  }

  /** A global request that wants a reply: what a success says, undefined for a failure. Either proves that the peer lives. */
  globalRequest(name: string, specific: Uint8Array = EMPTY): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      const over = this.#transport.error ?? this.#closing;
      if (over !== undefined) {
        reject(over);
        return;
      }
      this.#pendingGlobal.push({ resolve, reject });
      this.#transport.send(encode(CONNECTION.SSH_MSG_GLOBAL_REQUEST, { name, wantReply: true, specific }));
    });
  }

  onMessage(payload: Uint8Array): void {
    const number = payload[0]!;
    if (number >= 93 && number !== CONNECTION.SSH_MSG_CHANNEL_REQUEST.number) {
      this.#channel(payload).onMessage(payload);
      return;
    }
    switch (number) {
      case CONNECTION.SSH_MSG_GLOBAL_REQUEST.number: {
        const { name, wantReply, specific } = decode(CONNECTION.SSH_MSG_GLOBAL_REQUEST, payload);
        if (wantReply) this.#transport.send(encode(CONNECTION.SSH_MSG_REQUEST_FAILURE, {}));
        else this.onNotice?.(name, specific);
        return;
      }
      case CONNECTION.SSH_MSG_REQUEST_SUCCESS.number:
      case CONNECTION.SSH_MSG_REQUEST_FAILURE.number: {
        const waiting = this.#pendingGlobal.shift();
        if (waiting === undefined) throw new WherryError('SSH_PROTOCOL', 'a reply to no global request');
        const success = number === CONNECTION.SSH_MSG_REQUEST_SUCCESS.number;
        waiting.resolve(success ? Uint8Array.from(payload.subarray(1)) : undefined);
        return;
      }
      case CONNECTION.SSH_MSG_CHANNEL_OPEN.number:
        this.#onOpen(payload);
        return;
      case CONNECTION.SSH_MSG_CHANNEL_OPEN_CONFIRMATION.number:
        this.#onConfirmation(payload);
        return;
      case CONNECTION.SSH_MSG_CHANNEL_OPEN_FAILURE.number:
        this.#onFailure(payload);
        return;
      default:
        this.#onRequest(payload);
    }
  }

  /**
   * The peer does not know a message of ours, which is a refusal of the first that waits for an answer. TinySSH answers
   * global requests so; they are meant, too, where nobody knows any more which message it was.
   */
  onUnimplemented(number: number | undefined): void {
    switch (number) {
      case undefined:
      case CONNECTION.SSH_MSG_GLOBAL_REQUEST.number:
        this.#pendingGlobal.shift()?.resolve(undefined);
        return;
      case CONNECTION.SSH_MSG_CHANNEL_OPEN.number: {
        const [first] = this.#opening.keys();
        if (first !== undefined) this.#pendingOpen(first).reject(unknownOpen());
        return;
      }
      case CONNECTION.SSH_MSG_CHANNEL_REQUEST.number:
        for (const channel of this.#channels.values()) if (channel.refuseRequest()) return;
    }
  }

  /** The connection has room again. */
  onWritable(): void {
    for (const channel of this.#channels.values()) channel.flush();
  }

  onClosed(error: WherryError): void {
    const channels = [...this.#channels.values()];
    const waiting = [...this.#opening.values(), ...this.#pendingGlobal];
    this.#channels.clear();
    this.#opening.clear();
    this.#pendingGlobal = [];
    for (const one of waiting) one.reject(error);
    for (const channel of channels) channel.abandon(error);
    this.#onLastLeft?.();
  }

  #freeNumber(): number {
    while (this.#channels.has(this.#next) || this.#opening.has(this.#next))
      this.#next = (this.#next + 1) >>> 0;
    return this.#next++;
  }

  #channel(payload: Uint8Array): Channel {
    const channel = payload.length < 5 ? undefined : this.#channels.get(readU32(payload, 1));
    if (channel === undefined) {
      const text = `${messageName(payload[0]!)} for a channel that is not open`;
      throw new WherryError('SSH_PROTOCOL', text, { phase: 'channel number' });
    }
    return channel;
  }

  #pendingOpen(recipient: number): PendingOpen {
    const pending = this.#opening.get(recipient);
    if (pending === undefined) {
      const text = `an answer to no channel open (${recipient})`;
      throw new WherryError('SSH_PROTOCOL', text, { phase: 'channel number' });
    }
    this.#opening.delete(recipient);
    return pending;
  }

  #onConfirmation(payload: Uint8Array): void {
    const message = decode(CONNECTION.SSH_MSG_CHANNEL_OPEN_CONFIRMATION, payload);
    this.#checkMaxPacket(message.maxPacket);
    const pending = this.#pendingOpen(message.recipient);
    const channel = new Channel(this, {
      local: message.recipient,
      remote: message.sender,
      remoteWindow: message.window,
      remoteMaxPacket: message.maxPacket,
      windowSize: pending.windowSize,
    });
    this.#channels.set(channel.local, channel);
    pending.resolve(channel);
    if (this.#closing !== undefined) channel.close();
  }

  #onFailure(payload: Uint8Array): void {
    const message = decode(CONNECTION.SSH_MSG_CHANNEL_OPEN_FAILURE, payload);
    const serverMessage = sanitize(message.description);
    const text = `the server refused to open a channel: ${serverMessage || 'no reason given'} (${message.reason})`;
    const error = new WherryError('CHANNEL_OPEN_FAILED', text, { reason: message.reason, serverMessage });
    this.#pendingOpen(message.recipient).reject(error);
  }

  #onOpen(payload: Uint8Array): void {
    const message = decode(CONNECTION.SSH_MSG_CHANNEL_OPEN, payload);
    const start = this.#accept?.(message.type, message.specific);
    if (start === undefined) {
      this.#transport.send(
        encode(CONNECTION.SSH_MSG_CHANNEL_OPEN_FAILURE, {
          recipient: message.sender,
          reason: SSH_OPEN_ADMINISTRATIVELY_PROHIBITED,
          description: 'not accepted here',
          language: '',
        }),
      );
      return;
    }
    this.#checkMaxPacket(message.maxPacket);
    const windowSize = this.#maxWindow ?? SERVER_WINDOW;
    const channel = new Channel(this, {
      local: this.#freeNumber(),
      remote: message.sender,
      remoteWindow: message.window,
      remoteMaxPacket: message.maxPacket,
      windowSize,
    });
    this.#channels.set(channel.local, channel);
    this.#transport.send(
      encode(CONNECTION.SSH_MSG_CHANNEL_OPEN_CONFIRMATION, {
        recipient: message.sender,
        sender: channel.local,
        window: windowSize,
        maxPacket: this.#maxPacket,
        specific: EMPTY,
      }),
    );
    start(channel);
  }

  /** asyncssh 2.24: a maximum packet of 0 would make us send nothing, for ever. */
  #checkMaxPacket(maxPacket: number): void {
    if (maxPacket === 0)
      throw new WherryError('SSH_PROTOCOL', 'the peer announced a maximum packet size of 0');
  }

  #onRequest(payload: Uint8Array): void {
    const message = decode(CONNECTION.SSH_MSG_CHANNEL_REQUEST, payload);
    const channel = this.#channel(payload);
    const understood = channel.onRequest(sanitize(message.name, 64), message.specific);
    if (message.wantReply) channel.reply(understood);
  }
}

function unknownOpen(): WherryError {
  return new WherryError('CHANNEL_OPEN_FAILED', 'the server knows no channels');
}

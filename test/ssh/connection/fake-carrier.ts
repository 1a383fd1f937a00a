import type { WherryError } from '../../../src/base/errors.ts';
import {
  Channel,
  type ChannelCarrier,
  type ChannelHandlers,
  type ChannelNumbers,
} from '../../../src/ssh/connection/channel.ts';
import { CONNECTION, messageName } from '../../../src/ssh/wire/messages.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';

/** A connection that keeps what a channel sends, and is as congested as the test says. */
export class FakeCarrier implements ChannelCarrier {
  congested = false;
  readonly sent: Uint8Array[] = [];
  readonly forgotten: Channel[] = [];

  send(head: Uint8Array, body?: Uint8Array): void {
    this.sent.push(Buffer.concat([head, body ?? new Uint8Array(0)]));
  }

  forget(channel: Channel): void {
    this.forgotten.push(channel);
  }

  /** Data bytes of each CHANNEL_DATA, in order. */
  get data(): Buffer[] {
    return this.sent
      .filter((one) => one[0] === CONNECTION.SSH_MSG_CHANNEL_DATA.number)
      .map((one) => Buffer.from(one.subarray(9)));
  }

  /** Names of all messages, in order. */
  get names(): string[] {
    return this.sent.map((one) => messageName(one[0]!).replace('SSH_MSG_CHANNEL_', ''));
  }
}

/** What a channel reported. */
export class Heard implements ChannelHandlers {
  readonly chunks: Buffer[] = [];
  readonly extendedChunks: [number, Buffer][] = [];
  readonly requests: string[] = [];
  readonly endings: (WherryError | undefined)[] = [];
  eofs = 0;
  writables = 0;

  data(bytes: Uint8Array): void {
    this.chunks.push(Buffer.from(bytes));
  }
  extended(type: number, bytes: Uint8Array): void {
    this.extendedChunks.push([type, Buffer.from(bytes)]);
  }
  request(name: string): boolean {
    this.requests.push(name);
    return name === 'known';
  }
  eof(): void {
    this.eofs++;
  }
  writable(): void {
    this.writables++;
  }
  closed(error: WherryError | undefined): void {
    this.endings.push(error);
  }
}

export function makeChannel(numbers: Partial<ChannelNumbers> = {}): {
  carrier: FakeCarrier;
  channel: Channel;
  heard: Heard;
} {
  const carrier = new FakeCarrier();
  const channel = new Channel(carrier, {
    local: 3,
    remote: 7,
    remoteWindow: 1000,
    remoteMaxPacket: 100,
    windowSize: 800,
    ...numbers,
  });
  const heard = new Heard();
  channel.attach(heard);
  return { carrier, channel, heard };
}

/** Messages a peer sends for channel 3. */
export const incoming = {
  data: (bytes: Uint8Array): Uint8Array => new WireWriter().u8(94).u32(3).string(bytes).finish(),
  extended: (type: number, bytes: Uint8Array): Uint8Array =>
    new WireWriter().u8(95).u32(3).u32(type).string(bytes).finish(),
  adjust: (bytes: number): Uint8Array => new WireWriter().u8(93).u32(3).u32(bytes).finish(),
  eof: (): Uint8Array => new WireWriter().u8(96).u32(3).finish(),
  close: (): Uint8Array => new WireWriter().u8(97).u32(3).finish(),
  success: (): Uint8Array => new WireWriter().u8(99).u32(3).finish(),
  failure: (): Uint8Array => new WireWriter().u8(100).u32(3).finish(),
} as const;

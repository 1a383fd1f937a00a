/** The public SFTP server (src/server) on the other end of a channel pair, with sins between it and the client. */
import { WherryError } from '../../../src/base/errors.ts';
import { madeUpAccounts } from '../../../src/server/files/accounts.ts';
import { LockTable } from '../../../src/server/sftp/locks.ts';
import { SftpServer } from '../../../src/server/sftp/sftp-server.ts';
import type { ChannelHandlers } from '../../../src/ssh/connection/channel.ts';
import type { ServerEnd } from './channel-pair.ts';
import { HOME, MemoryFs } from './memory-fs.ts';
import { type Answer, type Received, SinfulAnswers, status } from './sinful-answers.ts';
import { OPENSSH_EXTENSIONS, type Sins } from './sins.ts';
import { Cursor, packet, str, u32 } from './wire.ts';

const LIMITS = { packet: 262_144, read: 261_120, write: 261_120, handles: 1_000 };

/** A small generator of numbers from 0 to 1, the same for the same seed. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class MemorySftpServer {
  readonly fs: MemoryFs;
  readonly received: Received[] = [];
  readonly sins: Sins;
  /** READs and WRITEs unanswered at a time, at most. */
  mostUnderWay = 0;
  readonly #end: ServerEnd;
  readonly #inner: SftpServer;
  readonly #answers: SinfulAnswers;
  #handlers: ChannelHandlers | undefined;
  /** What the inner server said last. */
  #said: Buffer | undefined;
  readonly #random: () => number;
  #input: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];
  #partsLength = 0;
  #underWay = 0;
  #replies = 0;
  #held: Buffer[] = [];
  #gone = false;

  constructor(end: ServerEnd, sins: Sins = {}, fs: MemoryFs = new MemoryFs()) {
    this.#end = end;
    this.sins = { ...sins };
    this.fs = fs;
    const channel = {
      attach: (handlers: ChannelHandlers) => {
        this.#handlers = handlers;
      },
      giveCredit: () => {},
      write: (head: Uint8Array, body: Uint8Array = Buffer.alloc(0)) => {
        this.#said = Buffer.concat([head, body]);
        return true;
      },
      close: () => end.close(),
    };
    const accounts = madeUpAccounts(['me']);
    const shared = { files: fs, accounts, home: HOME, readOnly: false, locks: new LockTable() };
    this.#inner = new SftpServer(channel, { ...shared, versions: [3], offers: () => true, limits: LIMITS });
    this.#answers = new SinfulAnswers(this.#inner.session, fs, this.sins);
    this.#random = seeded(sins.reorderReplies ?? 1);
    end.onData = (bytes) => this.#receive(bytes);
    end.onClose = () => {
      this.#gone = true;
    };
  }

  /** Handles that are open, and all that ever were. */
  get openHandles(): number {
    return this.#inner.session.handles.size;
  }

  get openedHandles(): number {
    return this.#inner.session.handles.given;
  }

  /** READs answered so far. */
  get reads(): number {
    return this.#answers.reads;
  }

  /** How many requests of a type arrived. */
  count(type: number): number {
    return this.received.filter((one) => one.type === type).length;
  }

  #receive(bytes: Uint8Array): void {
    this.#parts.push(Buffer.from(bytes));
    this.#partsLength += bytes.length;
    const have = this.#input.length + this.#partsLength;
    const first = this.#input.length >= 4 ? this.#input : Buffer.concat([this.#input, ...this.#parts]);
    if (have < 4 || have < 4 + first.readUInt32BE(0)) return;
    let input = Buffer.concat([this.#input, ...this.#parts]);
    this.#parts = [];
    this.#partsLength = 0;
    while (input.length >= 4 && input.length >= 4 + input.readUInt32BE(0)) {
      const end = 4 + input.readUInt32BE(0);
      this.#packet(Buffer.from(input.subarray(4, end)));
      input = input.subarray(end);
    }
    this.#input = Buffer.from(input);
  }

  #packet(bytes: Buffer): void {
    if (this.#gone) return;
    const { earlyClose, silentAfter, silentOn } = this.sins;
    if (bytes[0] === 1) {
      this.#ask(packet(1, u32(3)));
      const extensions = this.sins.extensions ?? OPENSSH_EXTENSIONS;
      const parts = extensions.flatMap(([name, data]) => [str(name), str(data)]);
      this.#end.send(packet(2, u32(this.sins.version ?? 3), ...parts));
      return;
    }
    const request = { type: bytes[0]!, id: bytes.readUInt32BE(1), body: bytes.subarray(5) };
    this.received.push(request);
    if (earlyClose !== undefined && this.received.length > earlyClose.after) {
      this.#gone = true;
      this.#leave(earlyClose.how, request);
      return;
    }
    if (this.sins.largestWrite?.status === 'close' && this.#isLargeWrite(request)) {
      this.#gone = true;
      this.#leave('close', request);
      return;
    }
    if (silentAfter !== undefined && this.received.length > silentAfter) return;
    if (silentOn?.includes(request.type)) return;
    this.#underWay++;
    this.mostUnderWay = Math.max(this.mostUnderWay, this.#underWay);
    this.#answer(request);
  }

  #isLargeWrite({ type, body }: Received): boolean {
    return type === 6 && body.length > (this.sins.largestWrite?.bytes ?? 0) + 100;
  }

  #leave(how: 'eof' | 'close' | 'lost' | 'mid-frame', request: Received): void {
    if (how === 'lost') this.#end.lose(new WherryError('CONNECTION_LOST', 'the connection broke'));
    else if (how === 'close') this.#end.close();
    else {
      if (how === 'mid-frame') {
        const answer = this.#refusal(request) ?? this.#work(request);
        const frame = packet(answer.type, u32(request.id), answer.body);
        this.#end.send(frame.subarray(0, Math.ceil(frame.length / 2)));
      }
      this.#end.eof();
      this.#end.close();
    }
  }

  #answer(request: Received): void {
    const { wrongReplyType: wrong, delay } = this.sins;
    let answer = this.#refusal(request) ?? this.#work(request);
    if (wrong?.request === request.type) answer = { type: wrong.reply, body: Buffer.from(wrong.body ?? []) };
    else if (answer.type === 101 && this.sins.statusWithoutMessage) answer.body = answer.body.subarray(0, 4);
    const reply = (): void => this.#reply(request.id, answer);
    if (delay === undefined) reply();
    else setTimeout(reply, this.#random() * delay);
  }

  #work(request: Received): Answer {
    return this.#answers.answer(request, (body) => {
      const frame = this.#ask(packet(request.type, u32(request.id), body));
      return { type: frame[4]!, body: frame.subarray(9) };
    });
  }

  /** What the inner server says to a packet. */
  #ask(frame: Buffer): Buffer {
    this.#said = undefined;
    this.#handlers!.data(frame);
    if (this.#said === undefined) throw new Error('the inner server did not answer');
    return this.#said;
  }

  #refusal(request: Received): Answer | undefined {
    const { failOn } = this.sins;
    if (failOn === undefined) return undefined;
    const name = request.type === 200 ? new Cursor(request.body).text() : '';
    const found = failOn.get(request.type) ?? failOn.get(name);
    return found === undefined ? undefined : status(found.status, found.message ?? 'refused');
  }

  #reply(id: number, answer: Answer): void {
    this.#underWay--;
    if (this.#gone) return;
    const number = this.#replies++;
    const { unknownId, duplicateReply, hugeFrameLength, reorderReplies } = this.sins;
    const frame = packet(answer.type, u32(number === unknownId ? id + 1_000_000 : id), answer.body);
    if (hugeFrameLength !== undefined) frame.writeUInt32BE(hugeFrameLength, 0);
    const copies = number === duplicateReply ? [frame, frame] : [frame];
    if (reorderReplies === undefined) for (const copy of copies) this.#end.send(copy);
    else {
      if (this.#held.length === 0) setImmediate(() => setImmediate(() => this.#sendHeld()));
      this.#held.push(...copies);
    }
  }

  #sendHeld(): void {
    const held = this.#gone ? [] : this.#held;
    this.#held = [];
    while (held.length > 0) {
      const [one] = held.splice(Math.floor(this.#random() * held.length), 1);
      this.#end.send(one!);
    }
  }
}

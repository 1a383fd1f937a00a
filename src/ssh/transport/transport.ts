import { errorRow } from '../../base/error-codes.ts';
import { isWherryError, toWherryError, WherryError } from '../../base/errors.ts';
import { LIMITS, type LimitName, limitError } from '../../base/limits.ts';
import { sanitize } from '../../base/text.ts';
import type { ByteStream } from '../../net/byte-stream.ts';
import { decode, encode } from '../wire/message.ts';
import { messageName, TRANSPORT } from '../wire/messages.ts';
import { WireWriter } from '../wire/writer.ts';
import { readExtInfo, signatureExtInfo } from './ext-info.ts';
import { KexDriver } from './kex-driver.ts';
import { checkLegal, isLegal, type TransportState } from './legal-messages.ts';
import { logNegotiated } from './log-negotiated.ts';
import type { Negotiated } from './negotiate.ts';
import type { TransportOptions } from './options.ts';
import { PacketReader } from './packet-reader.ts';
import { PacketWriter } from './packet-writer.ts';
import { canRekey, type Quirks, quirksOf } from './quirks.ts';
import { RekeyTriggers } from './rekey-triggers.ts';
import { unknownToPeer } from './unimplemented.ts';
import { VersionReader, versionLine } from './version-exchange.ts';

/** What the floors above hear from the transport. */
export interface TransportHandlers {
  /** New keys are in place for the first time: login may begin. */
  ready(): void;
  /** Messages 5, 6 and 50 to 79. */
  auth(payload: Uint8Array): void;
  /** Messages 80 to 127. */
  connection(payload: Uint8Array): void;
  /** `congested` turned false. */
  writable(): void;
  /** The peer does not know a message of ours; of which number, where that is still known. */
  unimplemented(number: number | undefined): void;
  /** Something arrived: marks activity. */
  activity(): void;
  /** The first cause; called once, also after a normal close (code CLOSED). */
  closed(error: WherryError): void;
}

const SSH_DISCONNECT_BY_APPLICATION = 11;
/** After our DISCONNECT the peer should close; it is not waited for longer than this, unless the options say so. */
export const CLOSE_WAIT_MS = 2000;

/** Messages of the login (RFC 4250 section 4.1.2): what the client sends there may be a secret. */
const FIRST_LOGIN_MESSAGE = 50;
const LAST_LOGIN_MESSAGE = 79;

/** One SSH connection below login: version line, packets, key exchanges, and which message may come when. */
export class Transport {
  /** `server-sig-algs` of the peer's EXT_INFO (RFC 8308 section 3.1). */
  peerSignatureAlgorithms: readonly string[] | undefined;
  /** The peer takes publickey-hostbound-v00@openssh.com (OpenSSH PROTOCOL section 3.1). */
  peerTakesHostBound = false;
  /** The peer answers ping@openssh.com. */
  peerAnswersPing = false;
  readonly #stream: ByteStream;
  readonly #options: TransportOptions;
  readonly #handlers: TransportHandlers;
  readonly #reader: PacketReader;
  readonly #writer: PacketWriter;
  readonly #kex: KexDriver;
  readonly #rekeyTriggers: RekeyTriggers;
  readonly #versionReader: VersionReader;
  readonly #ourVersion: string;
  #peerVersion: string | undefined;
  #quirks: Quirks = {};
  #state: TransportState = 'firstKex';
  #stateAfterKex: TransportState;
  #extInfoIn: TransportState | undefined;
  #isReady = false;
  #held: { head: Uint8Array; body: Uint8Array | undefined }[] = [];
  #heldBytes = 0;
  #error: WherryError | undefined;
  #streamClosed = false;
  #endExpected = false;
  #onStreamClosed: (() => void)[] = [];
  #onExchanged: { resolve(): void; reject(error: WherryError): void }[] = [];

  constructor(stream: ByteStream, options: TransportOptions, handlers: TransportHandlers) {
    this.#stream = stream;
    this.#options = options;
    this.#handlers = handlers;
    this.#stateAfterKex = options.role === 'client' ? 'clientService' : 'serverService';
    this.#ourVersion = versionLine(options.software);
    this.#versionReader = new VersionReader(options.role === 'client', options.serverVersions);
    this.#reader = new PacketReader((payload) => this.#dispatch(payload), stream);
    this.#writer = new PacketWriter(stream, options.random);
    this.#writer.onDrain = () => {
      if (!this.congested) handlers.writable();
    };
    this.#rekeyTriggers = new RekeyTriggers(options, (reason) => this.rekey(reason));
    const versions = (): { ours: string; theirs: string } => ({
      ours: this.#ourVersion,
      theirs: this.#peerVersion!,
    });
    this.#kex = new KexDriver(options, this.#reader, this.#writer, versions, {
      sendingKeysReady: () => this.#sendingKeysReady(),
      over: () => this.#error !== undefined,
      exchanged: () => this.#exchanged(),
      quirks: () => this.#quirks,
      failed: (error) => this.fail(toWherryError(error, 'SSH_KEY_EXCHANGE')),
    });
  }

  /** Sends our version line and KEXINIT together, and begins to read. */
  start(): void {
    this.#writer.raw(Buffer.from(`${this.#ourVersion}\r\n`, 'latin1'));
    this.#kex.begin();
    this.#writer.flush();
    this.#stream.start({
      data: (chunk) => this.#receive(chunk),
      end: () => this.#ended(undefined),
      close: (error) => {
        this.#streamClosed = true;
        this.#ended(error);
        for (const done of this.#onStreamClosed) done();
      },
    });
  }

  get phase(): string {
    if (this.#peerVersion === undefined) return 'version exchange';
    if (!this.#isReady) return 'key exchange';
    return this.#state === 'open' || this.#stateAfterKex === 'open' ? 'open' : 'login';
  }

  get peerVersion(): string {
    return this.#peerVersion ?? '';
  }

  get sessionId(): Uint8Array {
    return this.#kex.sessionId!;
  }

  /** The host key of the first exchange and its signature; undefined where the server had none to show. */
  get hostKeyProof(): KexDriver['hostKeyProof'] {
    return this.#kex.hostKeyProof;
  }

  /** The Kerberos context of the key exchange, where it was one of those. */
  get gssContext(): KexDriver['gssContext'] {
    return this.#kex.gssContext;
  }

  get negotiated(): Negotiated | undefined {
    return this.#kex.negotiated;
  }

  get strict(): boolean {
    return this.#kex.strict;
  }

  /** Why the connection is no more; undefined while it lives. */
  get error(): WherryError | undefined {
    return this.#error;
  }

  /** Senders that can wait should, until `writable`: the kernel is behind, or keys are being exchanged. */
  get congested(): boolean {
    return this.#kex.busy || this.#writer.congested;
  }

  /** The login has come so far: which messages are legal from now on. */
  enter(state: TransportState): void {
    if (this.#state === 'rekey') this.#stateAfterKex = state;
    else this.#state = state;
    if (state === 'open') this.#kex.loggedIn();
  }

  /** Sends a message whose payload is `head` then `body`; during a key exchange it is kept and sent after it. */
  send(head: Uint8Array, body?: Uint8Array): void {
    if (this.#error !== undefined) return;
    if (this.#kex.busy) {
      this.#heldBytes += head.length + (body?.length ?? 0);
      if (this.#isOver('rekeyQueueBytes', this.#heldBytes)) return;
      this.#held.push({ head: Uint8Array.from(head), body: body && Uint8Array.from(body) });
      return;
    }
    this.#writer.packet(head, body);
    if (this.#isOver('unsentBytes', this.#writer.unsent)) return;
    if (this.#options.log.wantsPackets) this.#logPacket('out', head, body);
    this.#rekeyTriggers.count(this.#writer, 'sent');
  }

  /** Ends the connection where a peer that does not keep up makes us keep more than the limit. */
  #isOver(name: LimitName, bytes: number): boolean {
    if (bytes <= LIMITS[name].value) return false;
    this.fail(limitError(name, bytes));
    return true;
  }

  /** Exchanges new keys now, unless that is under way or the server cannot. */
  rekey(reason: string): void {
    if (this.#error !== undefined || this.#kex.running || !this.#isReady) return;
    if (!canRekey(this.#quirks, this.#kex.compressing)) return;
    this.#options.log.event({ kind: 'rekey', reason });
    this.#kex.begin();
  }

  /** Resolves when the key exchange under way is done; at once where there is none. */
  exchangeDone(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) reject(this.#error);
      else if (this.#kex.running) this.#onExchanged.push({ resolve, reject });
      else resolve();
    });
  }

  /** Ends the connection for `error`; the first cause stays. */
  fail(error: WherryError): void {
    const reason = errorRow(error.code).disconnect;
    this.#close(error, reason, error.message);
  }

  /** From now on the peer may hang up: that is no loss, but the end that was asked for. */
  expectEnd(): void {
    this.#endExpected = true;
  }

  /** Says goodbye and waits until the stream is closed. */
  async disconnect(): Promise<void> {
    const closed = new WherryError('CLOSED', 'the connection was closed by close()');
    this.#close(closed, SSH_DISCONNECT_BY_APPLICATION, '', this.#options.waitForPeerToClose);
    if (this.#streamClosed) return;
    await new Promise<void>((resolve) => this.#onStreamClosed.push(resolve));
  }

  #close(error: WherryError, reason: number | undefined, text: string, letPeerClose = false): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#rekeyTriggers.stop();
    this.#kex.gssContext?.release();
    this.#options.log.event({ kind: 'closed', reason: `${error.code}: ${error.message}` });
    if (!this.#streamClosed) {
      if (reason !== undefined && this.#peerVersion !== undefined) this.#sayGoodbye(reason, text);
      this.#writer.flush();
      if (!letPeerClose) this.#stream.end();
      this.#stream.resume();
      const patience = reason === undefined ? 0 : (this.#options.closeTimeout ?? CLOSE_WAIT_MS);
      const timer = setTimeout(() => this.#stream.destroy(), patience);
      this.#onStreamClosed.push(() => clearTimeout(timer));
    }
    this.#held = [];
    for (const { reject } of this.#onExchanged.splice(0)) reject(error);
    this.#handlers.closed(error);
  }

  #sayGoodbye(reason: number, text: string): void {
    const writer = new WireWriter().u8(TRANSPORT.SSH_MSG_DISCONNECT.number).u32(reason);
    this.#writer.packet(writer.text(sanitize(text, 255)).text('').finish());
  }

  #receive(chunk: Uint8Array): void {
    if (this.#error !== undefined) return;
    this.#handlers.activity();
    try {
      if (this.#peerVersion !== undefined) this.#reader.push(chunk);
      else {
        const found = this.#versionReader.push(chunk);
        if (found === undefined) return;
        this.#peerVersion = found.line;
        if (this.#options.role === 'client') this.#quirks = quirksOf(found.line);
        this.#options.log.event({
          kind: 'version',
          ours: this.#ourVersion,
          theirs: sanitize(found.line, 255),
        });
        if (found.next < chunk.length) this.#reader.push(chunk.subarray(found.next));
      }
    } catch (error) {
      this.fail(toWherryError(error, 'SSH_PROTOCOL'));
    }
  }

  #ended(cause: Error | undefined): void {
    if (this.#error !== undefined) return;
    if (this.#endExpected) {
      this.fail(new WherryError('CLOSED', 'the peer hung up while close() said goodbye', {}, cause));
      return;
    }
    // The road to the server knows better, such as a proxy command that says what went wrong.
    if (this.#peerVersion === undefined && isWherryError(cause)) {
      this.fail(cause);
      return;
    }
    const errno = (cause as NodeJS.ErrnoException | undefined)?.code;
    const seen = this.#peerVersion === undefined && this.#versionReader.seen;
    const text = `the connection was lost during ${this.phase}${errno === undefined ? '' : ` (${errno})`}${
      seen ? `; the server said: ${seen}` : ''
    }`;
    const details = { phase: this.phase, ...(errno === undefined ? {} : { errno }) };
    this.fail(new WherryError('CONNECTION_LOST', text, details, cause));
  }

  #dispatch(payload: Uint8Array): void {
    if (this.#error !== undefined) return;
    const number = payload[0]!;
    if (this.#options.log.wantsPackets) this.#logPacket('in', payload);
    if (!this.#isStraggler(number)) checkLegal(this.#state, number);
    if (number >= 80 && number < 128) this.#handlers.connection(payload);
    else if (number >= 50 && number < 80) this.#handlers.auth(payload);
    else this.#control(number, payload);
    this.#rekeyTriggers.count(this.#reader, 'received');
  }

  /** Late for the key exchange that has begun, from a server that is known to send so. */
  #isStraggler(number: number): boolean {
    if (this.#state !== 'rekey' || this.#quirks.dataDuringRekey !== true) return false;
    return number >= 80 && number < 128 && isLegal(this.#stateAfterKex, number);
  }

  #control(number: number, payload: Uint8Array): void {
    switch (number) {
      case TRANSPORT.SSH_MSG_KEXINIT.number:
        this.#kex.onKexInit(payload);
        if (this.#state !== 'firstKex') {
          this.#stateAfterKex = this.#state;
          this.#state = 'rekey';
        } else if (this.#kex.strict) this.#state = 'firstKexStrict';
        return;
      case TRANSPORT.SSH_MSG_NEWKEYS.number:
        this.#kex.onNewKeys();
        this.#state = this.#stateAfterKex;
        for (const { resolve } of this.#onExchanged.splice(0)) resolve();
        return;
      case TRANSPORT.SSH_MSG_SERVICE_REQUEST.number:
      case TRANSPORT.SSH_MSG_SERVICE_ACCEPT.number:
        this.#handlers.auth(payload);
        return;
      case TRANSPORT.SSH_MSG_EXT_INFO.number:
        this.#onExtInfo(payload);
        return;
      case TRANSPORT.SSH_MSG_PING.number:
        this.send(encode(TRANSPORT.SSH_MSG_PONG, decode(TRANSPORT.SSH_MSG_PING, payload)));
        return;
      case TRANSPORT.SSH_MSG_UNIMPLEMENTED.number:
        this.#handlers.unimplemented(unknownToPeer(payload, this.#writer, this.phase));
        return;
      case TRANSPORT.SSH_MSG_DISCONNECT.number:
        this.#peerDisconnected(payload);
        return;
      default:
        if (number >= 30 && number < 50) this.#kex.onMessage(payload);
    }
  }

  #peerDisconnected(payload: Uint8Array): void {
    const { reason, description } = decode(TRANSPORT.SSH_MSG_DISCONNECT, payload);
    const serverMessage = sanitize(description);
    const text = `the peer ended the connection during ${this.phase}: ${serverMessage || 'no reason given'} (${reason})`;
    this.fail(new WherryError('SSH_DISCONNECTED', text, { phase: this.phase, reason, serverMessage }));
  }

  /** RFC 8308 section 2.4: once behind NEWKEYS, and once more while the client logs in. */
  #onExtInfo(payload: Uint8Array): void {
    if (this.#extInfoIn === this.#state) throw new WherryError('SSH_PROTOCOL', 'a second EXT_INFO');
    this.#extInfoIn = this.#state;
    const { signatureAlgorithms, answersPing, takesHostBound } = readExtInfo(payload);
    this.peerSignatureAlgorithms = signatureAlgorithms ?? this.peerSignatureAlgorithms;
    this.peerAnswersPing = answersPing ?? this.peerAnswersPing;
    this.peerTakesHostBound = takesHostBound ?? this.peerTakesHostBound;
  }

  #sendingKeysReady(): void {
    logNegotiated(this.#options.log, this.#kex.negotiated!, this.#kex.strict);
    if (!this.#isReady && this.#kex.peerWantsExtInfo && this.#options.role === 'server')
      this.send(signatureExtInfo(this.#options.userSignatures ?? this.#options.algorithms.hostKey));
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const { head, body } of held) this.send(head, body);
  }

  #exchanged(): void {
    if (this.#error !== undefined) return;
    this.#rekeyTriggers.restart();
    if (!this.#isReady) {
      this.#isReady = true;
      this.#handlers.ready();
    }
    if (!this.congested) this.#handlers.writable();
  }

  #logPacket(direction: 'in' | 'out', head: Uint8Array, body?: Uint8Array): void {
    const number = head[0]!;
    const payload = (): Uint8Array => (body === undefined ? head : Buffer.concat([head, body]));
    const bytes = head.length + (body?.length ?? 0);
    const secret = direction === 'out' && number >= FIRST_LOGIN_MESSAGE && number <= LAST_LOGIN_MESSAGE;
    this.#options.log.packet(direction, messageName(number), bytes, payload, secret);
  }
}

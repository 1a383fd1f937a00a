import { keep } from '../../../src/base/lent-memory.ts';
import { type RandomSource, systemRandom } from '../../../src/base/random.ts';
import type { ByteStream } from '../../../src/net/byte-stream.ts';
import { DH_GROUPS } from '../../../src/ssh/crypto/kex/dh-groups.ts';
import type { PacketOpener } from '../../../src/ssh/crypto/packet/packet-cipher.ts';
import { makeOpener, makeSealer } from '../../../src/ssh/crypto/packet/packet-ciphers.ts';
import type { SignatureName } from '../../../src/ssh/crypto/signatures.ts';
import type { PrivateKey } from '../../../src/ssh/keys/key-pair.ts';
import { deriveDirectionKeys } from '../../../src/ssh/transport/derive-keys.ts';
import {
  decodeKexInit,
  encodeKexInit,
  type KexInit,
  type KexInitLists,
} from '../../../src/ssh/transport/kexinit.ts';
import {
  agreeAsServer,
  type HostKeySigner,
  type KexChannel,
  type KexResult,
} from '../../../src/ssh/transport/key-exchange.ts';
import { MARKERS, type Negotiated, negotiate } from '../../../src/ssh/transport/negotiate.ts';
import { PacketReader } from '../../../src/ssh/transport/packet-reader.ts';
import { PacketWriter } from '../../../src/ssh/transport/packet-writer.ts';
import { encode, type MessageOf, type MessageRow } from '../../../src/ssh/wire/message.ts';
import { TRANSPORT } from '../../../src/ssh/wire/messages.ts';
import { algorithmLists, type HalfOptions } from './defaults.ts';
import { testKey } from './host-keys.ts';

/** One step of a script. */
export type Step = (peer: ScriptedPeer) => void | Promise<void>;

export interface ScriptedPeerOptions extends HalfOptions {
  readonly hostKey?: PrivateKey;
  readonly random?: RandomSource;
  /** Milliseconds a step waits for the client. Default 3000. */
  readonly patience?: number;
}

/** What a KEXINIT of the script may say besides the usual. */
export interface KexInitTwist {
  readonly lists?: Partial<KexInitLists>;
  /** Leaves out the markers of strict key exchange and EXT_INFO. */
  readonly plain?: boolean;
  readonly firstKexPacketFollows?: boolean;
}

/**
 * A server at packet level, which does nothing by itself: each step of its script sends what it likes, in any state,
 * and everything the client sends is kept in `received`. It can do a real key exchange when told to, and lie in it.
 */
export class ScriptedPeer {
  /** Payloads of the client's packets, in order, across all key exchanges. */
  readonly received: Uint8Array[] = [];
  clientVersion = '';
  strict = false;
  /** The client's stream has ended or closed. */
  gone = false;
  sessionId: Uint8Array | undefined;
  readonly #options: ScriptedPeerOptions;
  readonly #stream: ByteStream;
  readonly #reader: PacketReader;
  readonly #writer: PacketWriter;
  #line = '';
  #version = '';
  #next = 0;
  #wake: (() => void)[] = [];
  #ourInit: KexInit | undefined;
  #agreed: { negotiated: Negotiated; result: KexResult } | undefined;
  #opener: PacketOpener | undefined;

  constructor(stream: ByteStream, options: ScriptedPeerOptions) {
    this.#options = options;
    this.#stream = stream;
    this.#reader = new PacketReader((payload) => this.#onPayload(payload), stream);
    this.#writer = new PacketWriter(stream, options.random ?? systemRandom);
    stream.start({
      data: (chunk) => this.#onData(chunk),
      end: () => this.#onGone(),
      close: () => this.#onGone(),
    });
  }

  /** Numbers of the messages received. */
  get numbers(): number[] {
    return this.received.map((payload) => payload[0]!);
  }

  /** Our version line. */
  version(line = 'SSH-2.0-scripted'): void {
    this.#version = line;
    this.raw(Buffer.from(`${line}\r\n`, 'latin1'));
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#writer.flush();
    this.#writer.raw(bytes);
    this.#writer.flush();
  }

  send<R extends MessageRow>(row: R, value: MessageOf<R>): void {
    this.#writer.packet(encode(row, value));
  }

  /** Any payload, sealed under the keys of the moment. */
  payload(bytes: Uint8Array | readonly number[]): void {
    this.#writer.packet(Uint8Array.from(bytes));
  }

  kexInit(twist: KexInitTwist = {}): void {
    const { kex, hostKey, ciphers, macs, compressions } = algorithmLists(this.#options.algorithms);
    const first = this.sessionId === undefined && !twist.plain;
    const strict = (this.#options.strictKex ?? true) ? [MARKERS.strict.server] : [];
    const lists: KexInitLists = {
      kex: [...kex, ...(first ? [MARKERS.extInfo.server, ...strict] : [])],
      hostKey,
      cipherOut: ciphers,
      cipherIn: ciphers,
      macOut: macs,
      macIn: macs,
      compressionOut: compressions,
      compressionIn: compressions,
      languageOut: [],
      languageIn: [],
      ...twist.lists,
    };
    const init = encodeKexInit(lists, this.#options.random ?? systemRandom);
    if (twist.firstKexPacketFollows) init.payload[init.payload.length - 5] = 1;
    this.#ourInit = { ...init, firstKexPacketFollows: twist.firstKexPacketFollows ?? false };
    this.#writer.packet(init.payload);
  }

  /** Waits for the client's KEXINIT and public value, and answers with ours; `twist` may spoil the proof. */
  async agree(twist: (signer: HostKeySigner) => HostKeySigner = (signer) => signer): Promise<void> {
    const ourInit = this.#ourInit!;
    const theirs = decodeKexInit(await this.next(TRANSPORT.SSH_MSG_KEXINIT.number));
    const negotiated = negotiate(theirs, ourInit, 'server');
    if (this.sessionId === undefined) {
      const both = [
        theirs.lists.kex.includes(MARKERS.strict.client),
        ourInit.lists.kex.includes(MARKERS.strict.server),
      ];
      this.strict = both.every(Boolean);
    }
    const channel: KexChannel = {
      random: this.#options.random ?? systemRandom,
      clientVersion: this.clientVersion,
      serverVersion: this.#version,
      clientInit: theirs.payload,
      serverInit: ourInit.payload,
      send: (payload) => this.#writer.packet(payload),
      receive: () => this.next(),
    };
    const key = this.#options.hostKey ?? testKey('ssh-ed25519');
    const honest = {
      blob: key.publicKey.blob,
      sign: (hash: Uint8Array) => key.sign(negotiated.hostKey as SignatureName, hash),
    };
    const result = await agreeAsServer(negotiated.kex, channel, twist(honest), () => DH_GROUPS.group15);
    this.sessionId ??= result.exchangeHash;
    this.#agreed = { negotiated, result };
    this.#ourInit = undefined;
  }

  /** Our NEWKEYS, and the new keys from then on in both directions. */
  newKeys(): void {
    const { negotiated, result } = this.#agreed!;
    const material = { ...result, hash: negotiated.kex.hash, sessionId: this.sessionId! };
    const { serverToClient: out, clientToServer: into } = negotiated;
    this.send(TRANSPORT.SSH_MSG_NEWKEYS, {});
    this.#writer.arm(
      makeSealer(out.cipher, out.mac, deriveDirectionKeys(material, 'serverToClient', out)),
      this.strict,
    );
    this.#opener = makeOpener(into.cipher, into.mac, deriveDirectionKeys(material, 'clientToServer', into));
    this.#armReader();
  }

  /** A whole honest key exchange, the first or a later one. */
  async exchangeKeys(twist: KexInitTwist = {}): Promise<void> {
    this.kexInit(twist);
    await this.agree();
    this.newKeys();
    await this.next(TRANSPORT.SSH_MSG_NEWKEYS.number);
  }

  /** The client's next payload; with `number`, the next one of that number, past all others. */
  async next(number?: number): Promise<Uint8Array> {
    const late = performance.now() + (this.#options.patience ?? 3000);
    for (;;) {
      while (this.#next < this.received.length) {
        const payload = this.received[this.#next++]!;
        if (number === undefined || payload[0] === number) return payload;
      }
      if (this.gone) throw new Error(`the client is gone; message ${number ?? 'any'} never came`);
      if (performance.now() > late) throw new Error(`message ${number ?? 'any'} never came`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 50);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Ends the stream in order. */
  end(): void {
    this.#writer.flush();
    this.#stream.end();
  }

  #onData(chunk: Uint8Array): void {
    if (this.clientVersion !== '') {
      this.#reader.push(chunk);
      return;
    }
    const at = chunk.indexOf(10);
    this.#line += Buffer.from(chunk.subarray(0, at < 0 ? chunk.length : at)).toString('latin1');
    if (at < 0) return;
    this.clientVersion = this.#line.trimEnd();
    if (at + 1 < chunk.length) this.#reader.push(chunk.subarray(at + 1));
  }

  #onPayload(payload: Uint8Array): void {
    this.received.push(keep(payload));
    if (payload[0] === TRANSPORT.SSH_MSG_NEWKEYS.number) {
      this.#reader.hold();
      this.#armReader();
    }
    this.#wakeUp();
  }

  /** Both must be there, in either order: our keys, and the client's NEWKEYS. */
  #armReader(): void {
    const came = this.received.at(-1)?.[0] === TRANSPORT.SSH_MSG_NEWKEYS.number;
    if (!came || this.#opener === undefined) return;
    this.#reader.arm(this.#opener, this.strict);
    this.#opener = undefined;
    this.#reader.release();
  }

  #onGone(): void {
    this.gone = true;
    this.end();
    this.#wakeUp();
  }

  #wakeUp(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const one of waiting) one();
  }
}

/** Runs a script on its end of a stream; `done` rejects when a step fails. */
export function scriptedPeer(
  stream: ByteStream,
  steps: readonly Step[],
  options: ScriptedPeerOptions = {},
): { peer: ScriptedPeer; done: Promise<void> } {
  const peer = new ScriptedPeer(stream, options);
  const done = (async () => {
    for (const step of steps) await step(peer);
  })();
  done.catch(() => {});
  return { peer, done };
}

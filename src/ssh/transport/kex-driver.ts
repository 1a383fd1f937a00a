import { getDiffieHellman } from 'node:crypto';
import { sameBytes } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { HOST_KEY_ALGORITHMS } from '../crypto/certificate-algorithms.ts';
import { loadZlib } from '../crypto/compression/zlib.ts';
import type { GssContext } from '../crypto/gss/gss-context.ts';
import type { GssKexRow } from '../crypto/gss-key-exchanges.ts';
import { makeOpener, makeSealer } from '../crypto/packet/packet-ciphers.ts';
import { encode } from '../wire/message.ts';
import { TRANSPORT } from '../wire/messages.ts';
import { deriveDirectionKeys } from './derive-keys.ts';
import { agreeByGss } from './gss-exchange.ts';
import { proveHostKey } from './host-key-proof.ts';
import { decodeKexInit, encodeKexInit, type KexInit } from './kexinit.ts';
import {
  agreeAsClient,
  agreeAsServer,
  groupBits,
  type HostKeySigner,
  type KexChannel,
  type KexResult,
  namingExchange,
} from './key-exchange.ts';
import { MARKERS, type Negotiated, negotiate } from './negotiate.ts';
import type { TransportOptions } from './options.ts';
import { isCompressed, PacketCompression } from './packet-compression.ts';
import type { PacketReader } from './packet-reader.ts';
import type { PacketWriter } from './packet-writer.ts';
import type { Quirks } from './quirks.ts';
import { checkStrictKex, STRICT_KEX_LEVELS } from './strict-kex.ts';

/** How the driver speaks to the transport that owns it. */
export interface KexOwner {
  /** The connection has ended, perhaps while the host key was being judged: nothing more may be sent. */
  over(): boolean;
  /** Our NEWKEYS is out: held messages go now, before anything the peer's next message could bring about. */
  sendingKeysReady(): void;
  /** The exchange is done, and what the peer sent behind its NEWKEYS has been read. */
  exchanged(): void;
  failed(error: unknown): void;
  /** What is different with the peer, once its version is known. */
  quirks(): Quirks;
}

/**
 * Runs key exchanges over a reader and a writer: the first one and every later one (RFC 4253 sections 7 to 9).
 * While a message of the exchange is being worked on, the reader is held, so that nothing behind NEWKEYS is
 * ever read with the wrong keys.
 */
export class KexDriver {
  sessionId: Uint8Array | undefined;
  negotiated: Negotiated | undefined;
  /** Both sides do strict key exchange (OpenSSH PROTOCOL section 1.10). */
  strict = false;
  peerWantsExtInfo = false;
  /** Of the last gss-* exchange; it vouches for the user too. */
  gssContext: GssContext | undefined;
  /** Of the first exchange: what an agent is told, to see for itself whom it signs for. */
  hostKeyProof: Pick<KexResult, 'hostKey' | 'signature'> | undefined;
  /** From sending our KEXINIT until our NEWKEYS is out: only messages of the exchange may be sent. */
  busy = false;
  #ourInit: KexInit | undefined;
  #peerInit: KexInit | undefined;
  /** What the peer's NEWKEYS brings into force. */
  #takeReceivingKeys: (() => void) | undefined;
  #waiter: ((payload: Uint8Array) => void) | undefined;
  #hostKey: Uint8Array | undefined;
  readonly compression: PacketCompression;
  readonly #options: TransportOptions;
  readonly #reader: PacketReader;
  readonly #writer: PacketWriter;
  readonly #owner: KexOwner;
  readonly #versions: () => { ours: string; theirs: string };

  constructor(
    options: TransportOptions,
    reader: PacketReader,
    writer: PacketWriter,
    versions: () => { ours: string; theirs: string },
    owner: KexOwner,
  ) {
    this.#options = options;
    this.#reader = reader;
    this.#writer = writer;
    this.compression = new PacketCompression(reader, writer);
    this.#versions = versions;
    this.#owner = owner;
  }

  /** Compression was agreed on in either direction. */
  get compressing(): boolean {
    if (this.negotiated === undefined) return false;
    const { clientToServer, serverToClient } = this.negotiated;
    return isCompressed(clientToServer.compression, serverToClient.compression);
  }

  /** An exchange is under way on either side. */
  get running(): boolean {
    return this.#ourInit !== undefined;
  }

  /** Sends our KEXINIT, unless one is out already. */
  begin(): void {
    if (this.#ourInit !== undefined) return;
    const { role, algorithms, random, strictKex } = this.#options;
    const first = this.sessionId === undefined;
    const markers = first
      ? [MARKERS.extInfo[role], ...(STRICT_KEX_LEVELS[strictKex].offered ? [MARKERS.strict[role]] : [])]
      : [];
    this.#ourInit = encodeKexInit(
      {
        kex: [...algorithms.kex, ...markers],
        hostKey: algorithms.hostKey,
        cipherOut: algorithms.ciphers,
        cipherIn: algorithms.ciphers,
        macOut: algorithms.macs,
        macIn: algorithms.macs,
        compressionOut: algorithms.compressions,
        compressionIn: algorithms.compressions,
        languageOut: [],
        languageIn: [],
      },
      random,
    );
    this.busy = true;
    this.#writer.packet(this.#ourInit.payload);
  }

  /** The peer's KEXINIT: starts the exchange. */
  onKexInit(payload: Uint8Array): void {
    if (this.#peerInit !== undefined)
      throw new WherryError('SSH_PROTOCOL', 'a second KEXINIT in one exchange');
    const peerInit = decodeKexInit(payload);
    if (this.sessionId === undefined) this.#readMarkers(peerInit);
    this.begin();
    this.#peerInit = peerInit;
    this.#reader.hold();
    this.#exchange(peerInit).catch((error: unknown) => this.#owner.failed(error));
  }

  /** A message numbered 30 to 49. */
  onMessage(payload: Uint8Array): void {
    const waiter = this.#waiter;
    if (waiter === undefined) {
      throw new WherryError('SSH_PROTOCOL', `key exchange message ${payload[0]} out of turn`);
    }
    this.#waiter = undefined;
    this.#reader.hold();
    waiter(payload);
  }

  /** The peer's NEWKEYS: everything after it is under the new keys. */
  onNewKeys(): void {
    if (this.#takeReceivingKeys === undefined)
      throw new WherryError('SSH_PROTOCOL', 'NEWKEYS before the keys were agreed');
    this.#takeReceivingKeys();
    this.#takeReceivingKeys = undefined;
    this.#ourInit = undefined;
    this.#peerInit = undefined;
  }

  #readMarkers(peerInit: KexInit): void {
    const peerRole = this.#options.role === 'client' ? 'server' : 'client';
    const { offered } = STRICT_KEX_LEVELS[this.#options.strictKex];
    this.strict = offered && peerInit.lists.kex.includes(MARKERS.strict[peerRole]);
    this.peerWantsExtInfo = peerInit.lists.kex.includes(MARKERS.extInfo[peerRole]);
    if (this.strict && this.#reader.sequence !== 1) {
      throw new WherryError('SSH_PROTOCOL', 'strict key exchange: a message came before KEXINIT');
    }
  }

  async #exchange(peerInit: KexInit): Promise<void> {
    const ourInit = this.#ourInit!;
    const { role } = this.#options;
    const [client, server] = role === 'client' ? [ourInit, peerInit] : [peerInit, ourInit];
    const negotiated = negotiate(client, server, role);
    if (!this.strict) checkStrictKex(this.#options.strictKex, negotiated);
    if (negotiated.dropGuess) await this.#receive();
    const channel = this.#channel(client, server);
    const result = await this.#agree(negotiated, channel);
    const { clientToServer, serverToClient } = negotiated;
    const compressed = isCompressed(clientToServer.compression, serverToClient.compression);
    const zlib = compressed ? await loadZlib() : undefined;
    if (this.#owner.over()) return;
    this.#takeKeys(negotiated, result, zlib);
  }

  async #agree(negotiated: Negotiated, channel: KexChannel): Promise<KexResult> {
    const { kex } = negotiated;
    if (this.#options.role === 'server')
      return await agreeAsServer(kex, channel, this.#signer(negotiated), largestGroup);
    if ('gss' in kex) return await this.#agreeByGss(kex, channel);
    const result = await agreeAsClient(kex, channel).catch((error: unknown) => {
      throw namingExchange(error, negotiated.kexName);
    });
    await this.#verify(negotiated, result);
    return result;
  }

  /** Kerberos proves the server, in place of a host key. */
  async #agreeByGss(kex: GssKexRow, channel: KexChannel): Promise<KexResult> {
    const { openGss, log } = this.#options;
    if (openGss === undefined) throw new WherryError('SSH_NEGOTIATION', `no Kerberos for ${kex.gss}`);
    const context = await openGss();
    this.gssContext?.release();
    this.gssContext = context;
    const result = await agreeByGss(kex, channel, context);
    const reason = 'the server has proved itself by Kerberos';
    log.event({ kind: 'hostKey', keyType: kex.gss, fingerprint: 'none', accepted: true, reason });
    return result;
  }

  #channel(client: KexInit, server: KexInit): KexChannel {
    const { ours, theirs } = this.#versions();
    const [clientVersion, serverVersion] = this.#options.role === 'client' ? [ours, theirs] : [theirs, ours];
    return {
      random: this.#options.random,
      groupBits: groupBits(this.#options.groupBits, this.#owner.quirks().groupBitsMax),
      clientVersion,
      serverVersion,
      clientInit: client.payload,
      serverInit: server.payload,
      send: (payload) => this.#writer.packet(payload),
      receive: () => this.#receive(),
    };
  }

  #receive(): Promise<Uint8Array> {
    return new Promise((resolve) => {
      this.#waiter = resolve;
      this.#reader.release();
    });
  }

  loggedIn(): void {
    this.compression.loggedIn();
    // The password was in one of them.
    this.#writer.forget();
  }

  #signer(negotiated: Negotiated): HostKeySigner {
    const algorithm = HOST_KEY_ALGORITHMS.get(negotiated.hostKey);
    const key = this.#options.hostKeys?.find((one) => one.publicKey.type === algorithm?.blobType);
    if (key === undefined || algorithm === undefined)
      throw new WherryError('SSH_NEGOTIATION', `no host key for ${negotiated.hostKey}`);
    return { blob: key.publicKey.blob, sign: (hash) => key.sign(algorithm.signature, hash) };
  }

  /** The signature first, then whether the key is trusted; in a later exchange it must be the same key. */
  async #verify(negotiated: Negotiated, result: KexResult): Promise<void> {
    const presented = proveHostKey(negotiated.hostKey, result);
    const { fingerprint: print, key } = presented;
    if (this.#hostKey === undefined) {
      await this.#options.verifyHostKey!(presented);
      this.#hostKey = Uint8Array.from(result.hostKey);
      this.hostKeyProof = { ...result, hostKey: this.#hostKey };
    } else if (!sameBytes(this.#hostKey, result.hostKey)) {
      const text = `the server changed its host key to ${print} during the connection`;
      throw new WherryError('HOST_KEY_CHANGED', text, { fingerprint: print, keyType: key.type });
    }
  }

  #takeKeys(
    negotiated: Negotiated,
    result: KexResult,
    zlib: Awaited<ReturnType<typeof loadZlib>> | undefined,
  ): void {
    this.sessionId ??= result.exchangeHash;
    this.negotiated = negotiated;
    const material = {
      hash: negotiated.kex.hash,
      secret: result.secret,
      exchangeHash: result.exchangeHash,
      sessionId: this.sessionId,
    };
    const [out, into] =
      this.#options.role === 'client'
        ? (['clientToServer', 'serverToClient'] as const)
        : (['serverToClient', 'clientToServer'] as const);
    const outKeys = deriveDirectionKeys(material, out, negotiated[out]);
    const inKeys = deriveDirectionKeys(material, into, negotiated[into]);
    this.#writer.packet(encode(TRANSPORT.SSH_MSG_NEWKEYS, {}));
    this.#writer.arm(makeSealer(negotiated[out].cipher, negotiated[out].mac, outKeys), this.strict);
    this.compression.sendingKeys(negotiated[out].compression, zlib);
    const opener = makeOpener(negotiated[into].cipher, negotiated[into].mac, inKeys);
    this.#takeReceivingKeys = () => {
      this.#reader.arm(opener, this.strict);
      this.compression.receivingKeys(negotiated[into].compression, zlib);
    };
    result.secret.fill(0);
    this.busy = false;
    this.#owner.sendingKeysReady();
    this.#reader.release();
    this.#owner.exchanged();
  }
}

/** The server half's answer to a group exchange: the largest RFC 3526 group that fits. */
function largestGroup(bits: { preferred: number; max: number }): { p: Uint8Array; g: Uint8Array } {
  const sizes = [
    ['modp14', 2048],
    ['modp15', 3072],
    ['modp16', 4096],
    ['modp18', 8192],
  ] as const;
  const fitting = sizes.filter(([, size]) => size <= bits.max);
  const [name] = fitting.find(([, size]) => size >= bits.preferred) ?? fitting.at(-1) ?? sizes[0];
  const group = getDiffieHellman(name);
  return { p: group.getPrime(), g: group.getGenerator() };
}

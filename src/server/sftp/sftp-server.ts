import { readU32, writeU32 } from '../../base/bytes.ts';
import { isWherryError } from '../../base/errors.ts';
import { keep } from '../../base/lent-memory.ts';
import { LIMITS } from '../../base/limits.ts';
import { SFTP_PACKETS } from '../../sftp/packets.ts';
import { SftpReader } from '../../sftp/reader.ts';
import type { SftpVersion } from '../../sftp/versions.ts';
import type { ChannelHandlers } from '../../ssh/connection/channel.ts';
import { WireWriter } from '../../ssh/wire/writer.ts';
import { FilesError } from '../files/served-files.ts';
import type { RequestFault, ServedRequest } from '../hooks.ts';
import { versionPacket } from './announcement.ts';
import { selectVersion } from './extensions.ts';
import { type Reply, status } from './replies.ts';
import { answerRequest } from './requests.ts';
import { seenRequest, shortened } from './seen-request.ts';
import { ServedSession } from './served-session.ts';
import type { SftpService } from './service.ts';

/** Length, type and id, which stand before the body of a reply. */
const REPLY_HEADER = 9;
/** Replies that may wait for their time; then no further request is worked on. */
const MOST_DELAYED = 1024;

/** What the server needs of its channel. */
export interface ServedChannel {
  attach(handlers: ChannelHandlers, options?: { holdCredit?: boolean }): void;
  giveCredit(bytes: number): void;
  write(head: Uint8Array, body?: Uint8Array): boolean;
  request?(name: string, specific: Uint8Array, wantReply: boolean): Promise<boolean>;
  close(): void;
}

/** Who may have a say in how requests are answered. */
export interface SftpWatch {
  readonly onRequest?: ((request: ServedRequest) => RequestFault | undefined) | undefined;
  /** Breaks the connection. */
  readonly reset?: () => void;
}

/**
 * The server's side of one SFTP session: one request after the other, in order. While the client does not take its
 * replies no further request is worked on, and the window stays shut, so what waits here is bounded.
 */
export class SftpServer {
  readonly session: ServedSession;
  readonly #channel: ServedChannel;
  readonly #watch: SftpWatch;
  /** What has come and is not worked on yet, and how much of it makes a packet whole. */
  #input: Uint8Array[] = [];
  #waiting = 0;
  #wanted = 4;
  /** Bytes for which the window was not opened again. */
  #owed = 0;
  readonly #delayed = new Set<NodeJS.Timeout>();
  #requests = 0;
  #started = false;
  #congested = false;
  #over = false;

  constructor(channel: ServedChannel, service: SftpService, watch: SftpWatch = {}) {
    this.session = new ServedSession(service);
    this.#channel = channel;
    this.#watch = watch;
    const handlers: ChannelHandlers = {
      data: (bytes) => this.#receive(bytes),
      writable: () => {
        this.#congested = false;
        this.#work();
      },
      eof: () => this.#leave(),
      closed: () => this.#end(),
    };
    channel.attach(handlers, { holdCredit: true });
  }

  #receive(bytes: Uint8Array): void {
    if (this.#over) return;
    this.#input.push(keep(bytes));
    this.#waiting += bytes.length;
    this.#owed += bytes.length;
    this.#work();
  }

  get #held(): boolean {
    return this.#congested || this.#delayed.size >= MOST_DELAYED;
  }

  #work(): void {
    if (this.#waiting >= this.#wanted) {
      const input = this.#input.length === 1 ? this.#input[0]! : Buffer.concat(this.#input);
      const rest = input.subarray(this.#packets(input));
      this.#input = rest.length === 0 ? [] : [rest];
      this.#waiting = rest.length;
    }
    if (this.#held || this.#over) return;
    this.#channel.giveCredit(this.#owed);
    this.#owed = 0;
  }

  /** Works on the whole packets in `input`; returns where the rest begins. */
  #packets(input: Uint8Array): number {
    let at = 0;
    this.#wanted = 4;
    while (!this.#over && !this.#held && input.length - at >= 4) {
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
    if (!this.#started) {
      if (packet[0] === SFTP_PACKETS.SSH_FXP_INIT && packet.length >= 5) this.#version(readU32(packet, 1));
      else this.#end();
      return;
    }
    if (packet.length < 5) {
      this.#end();
      return;
    }
    const number = this.#requests++;
    const { onRequest } = this.#watch;
    const fault = onRequest?.(seenRequest(this.session, packet, number));
    if (fault === undefined) this.#reply(readU32(packet, 1), this.#answer(packet));
    else this.#misbehave(packet, fault);
  }

  #misbehave(packet: Uint8Array, fault: RequestFault): void {
    const id = readU32(packet, 1);
    const { end, status: name, message = 'refused', atMost, delay, silent } = fault;
    if (end === 'connection') this.#watch.reset?.();
    if (end !== undefined) {
      this.#end();
      return;
    }
    let reply: Reply;
    if (name !== undefined) reply = status(this.session.version, name, message);
    else {
      const shorter = atMost === undefined ? packet : shortened(packet, atMost);
      reply = this.#answer(shorter);
      if (shorter !== packet && packet[0] === SFTP_PACKETS.SSH_FXP_WRITE)
        reply = status(this.session.version, 'SSH_FX_NO_SPACE_ON_FILESYSTEM', 'No space left');
    }
    if (silent) return;
    if (delay === undefined) this.#reply(id, reply);
    else this.#replyLater(id, reply, delay);
  }

  #answer(packet: Uint8Array): Reply {
    const { version } = this.session;
    const reader = new SftpReader(packet, 5, 'sftp request');
    try {
      return this.#selected(packet) ?? answerRequest(this.session, packet[0]!, reader);
    } catch (error) {
      if (error instanceof FilesError) return status(version, error.status, error.message);
      if (isWherryError(error)) return status(version, 'SSH_FX_BAD_MESSAGE', error.message);
      return status(version, 'SSH_FX_FAILURE', 'the server could not do that');
    }
  }

  /** version-select is for the first request, and for nothing else: filexfer-13 section 5.5. */
  #selected(packet: Uint8Array): Reply | undefined {
    if (this.#requests !== 1 || packet[0] !== SFTP_PACKETS.SSH_FXP_EXTENDED) return undefined;
    const reader = new SftpReader(packet, 5, 'version-select');
    if (reader.text() !== 'version-select' || !this.session.service.offers('versions')) return undefined;
    return selectVersion(this.session, reader);
  }

  /** The highest version both speak, or the lowest of ours: the client then goes, or selects another. */
  #version(theirs: number): void {
    this.#started = true;
    const { service } = this.session;
    const shared = service.versions.filter((version) => version <= theirs);
    const version = (shared.length > 0 ? Math.max(...shared) : Math.min(...service.versions)) as SftpVersion;
    this.session.version = version;
    const packet = versionPacket(service, version);
    this.#send(new WireWriter().u32(packet.length).finish(), packet);
  }

  #replyLater(id: number, reply: Reply, delay: number): void {
    const timer = setTimeout(() => {
      this.#delayed.delete(timer);
      this.#reply(id, reply);
      this.#work();
    }, delay);
    this.#delayed.add(timer);
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

  /** The client has said all: OpenSSH's scp fails without an exit status. */
  #leave(): void {
    if (!this.#over)
      this.#channel.request?.('exit-status', new WireWriter().u32(0).finish(), false).catch(() => {});
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    for (const timer of this.#delayed) clearTimeout(timer);
    this.#delayed.clear();
    this.#input = [];
    this.session.end();
    this.#channel.close();
  }
}

/** A channel in memory: the client's end as an SftpSession uses it, and the server's. */
import { WherryError } from '../../../src/base/errors.ts';
import type { SftpChannel } from '../../../src/sftp/session.ts';
import type { ChannelHandlers } from '../../../src/ssh/connection/channel.ts';

export interface ChannelPairOptions {
  /** Bytes from the client that may wait to be delivered before it is congested; default 2 MiB. */
  window?: number;
  /** Bytes handed over to the server at a time, in one turn of the loop each; default everything at once. */
  clientChunk?: number;
  /** The same towards the client. */
  serverChunk?: number;
  /** The server never answers a close. */
  ignoreClose?: boolean;
}

/** The server's end. */
export interface ServerEnd {
  onData: (bytes: Uint8Array) => void;
  /** The client closed the channel. */
  onClose: () => void;
  send(bytes: Uint8Array): void;
  eof(): void;
  /** In order from the server's side: everything sent before arrives. */
  close(): void;
  /** The connection breaks: nothing more arrives on either side. */
  lose(error: WherryError): void;
  readonly over: boolean;
}

export interface ChannelPair {
  client: SftpChannel & { readonly closed: boolean; readonly mostWaiting: number };
  server: ServerEnd;
}

/** A queue that hands over its bytes later, piece by piece. Bytes are kept by reference until then. */
class Pipe {
  waiting = 0;
  readonly #queue: Uint8Array[] = [];
  readonly #chunk: number;
  readonly #deliver: (bytes: Uint8Array) => void;
  readonly #drained: () => void;
  readonly #whenEmpty: (() => void)[] = [];
  #scheduled = false;
  #cut = false;

  constructor(chunk: number, deliver: (bytes: Uint8Array) => void, drained: () => void) {
    this.#chunk = chunk;
    this.#deliver = deliver;
    this.#drained = drained;
  }

  push(bytes: Uint8Array): void {
    if (this.#cut || bytes.length === 0) return;
    this.#queue.push(bytes);
    this.waiting += bytes.length;
    this.#schedule();
  }

  whenEmpty(then: () => void): void {
    this.#whenEmpty.push(then);
    this.#schedule();
  }

  cut(): void {
    this.#cut = true;
    this.#queue.length = 0;
    this.waiting = 0;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    // Small chunks go out many to a turn, each by a call of its own: else a megabyte would take minutes.
    let left = Math.max(this.#chunk, 65_536);
    while (left > 0 && this.#queue.length > 0) {
      const first = this.#queue[0]!;
      const take = Math.min(this.#chunk, first.length);
      if (take === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(take);
      this.waiting -= take;
      left -= take;
      this.#deliver(Uint8Array.from(first.subarray(0, take)));
    }
    if (this.#queue.length > 0) this.#schedule();
    else for (const then of this.#whenEmpty.splice(0)) then();
    if (!this.#cut) this.#drained();
  }
}

export function channelPair(options: ChannelPairOptions = {}): ChannelPair {
  const { window = 2_097_152 } = options;
  let handlers: ChannelHandlers | undefined;
  let over = false;
  let closeAsked = false;
  let wanted = false;
  let mostWaiting = 0;

  const server: ServerEnd = {
    onData: () => {},
    onClose: () => {},
    send: (bytes) => toClient.push(bytes),
    eof: () => toClient.whenEmpty(() => over || handlers?.eof?.()),
    close: () =>
      toClient.whenEmpty(() =>
        finish(closeAsked ? undefined : new WherryError('CHANNEL_CLOSED', 'the channel is closed')),
      ),
    lose: (error) => finish(error),
    get over() {
      return over;
    },
  };
  const toServer = new Pipe(
    options.clientChunk ?? Number.POSITIVE_INFINITY,
    (bytes) => server.onData(bytes),
    () => {
      if (!wanted || congested() || over) return;
      wanted = false;
      handlers?.writable?.();
    },
  );
  const toClient = new Pipe(
    options.serverChunk ?? Number.POSITIVE_INFINITY,
    (bytes) => handlers?.data(bytes),
    () => {},
  );
  const congested = (): boolean => toServer.waiting >= window;
  const finish = (error: WherryError | undefined): void => {
    if (over) return;
    over = true;
    toServer.cut();
    toClient.cut();
    handlers?.closed(error);
  };

  return {
    server,
    client: {
      attach: (given) => {
        handlers = given;
      },
      get congested() {
        const yes = congested();
        if (yes) wanted = true;
        return yes;
      },
      get closed() {
        return closeAsked || over;
      },
      get mostWaiting() {
        return mostWaiting;
      },
      write(head, body) {
        if (over || closeAsked) return false;
        toServer.push(Uint8Array.from(head));
        if (body !== undefined) toServer.push(body);
        mostWaiting = Math.max(mostWaiting, toServer.waiting);
        return !this.congested;
      },
      close() {
        if (closeAsked || over) return;
        closeAsked = true;
        toServer.whenEmpty(() => server.onClose());
        if (options.ignoreClose !== true) toServer.whenEmpty(() => server.close());
      },
    },
  };
}

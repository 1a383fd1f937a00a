import { EMPTY, utf8 } from '../base/bytes.ts';
import { WherryError } from '../base/errors.ts';
import { keep } from '../base/lent-memory.ts';
import { checkLimit } from '../base/limits.ts';
import { sanitize } from '../base/text.ts';
import type { ChannelHandlers } from '../ssh/connection/channel.ts';
import { WireReader } from '../ssh/wire/reader.ts';

/** Standard error of the remote program that is kept for an error message. */
const STDERR_KEPT = 2048;
const LF = 10;
/** A program that has done its work and does not end is not waited for longer than this. */
const END_WAIT_MS = 2000;
/** What a shell says when there is no such program. */
const NOT_FOUND = 127;

/** What a copy needs of the channel it runs on: see `Channel` in src/ssh/connection for each. */
export interface ScpChannel {
  readonly congested: boolean;
  attach(handlers: ChannelHandlers, options: { holdCredit: boolean }): void;
  giveCredit(bytes: number): void;
  write(head: Uint8Array, body?: Uint8Array): boolean;
  end(): void;
  close(): void;
}

/**
 * The two byte streams of a remote `scp`, read piece by piece. Window credit goes back when a piece is taken, so the
 * server waits for us when we do not keep up.
 */
export class ScpLink {
  readonly #channel: ScpChannel;
  #pieces: Uint8Array[] = [];
  #ended = false;
  #closed = false;
  #onClosed: (() => void) | undefined;
  #error: WherryError | undefined;
  #wakeReader: (() => void) | undefined;
  #wakeWriter: (() => void) | undefined;
  #stderr = '';
  #received = 0;
  /** Exit status of the remote program, once it is known. */
  exitStatus: number | undefined;

  constructor(channel: ScpChannel) {
    this.#channel = channel;
    channel.attach(
      {
        data: (bytes) => {
          this.#received += bytes.length;
          this.#pieces.push(keep(bytes));
          this.#wake();
        },
        extended: (_type, bytes) => {
          channel.giveCredit(bytes.length);
          if (this.#stderr.length < STDERR_KEPT) this.#stderr += utf8(bytes);
        },
        request: (name, specific) => {
          if (name === 'exit-status') this.exitStatus = new WireReader(specific).u32();
          return name === 'exit-status' || name === 'exit-signal';
        },
        writable: () => this.#wakeWriter?.(),
        eof: () => this.#end(undefined),
        closed: (error) => {
          this.#closed = true;
          this.#end(error);
          this.#onClosed?.();
        },
      },
      { holdCredit: true },
    );
  }

  /** Bytes of the protocol that came so far: none means that no scp ever spoke. */
  get received(): number {
    return this.#received;
  }

  /** Ends the transfer at once for `error`. */
  stop(error: WherryError): void {
    this.#error ??= error;
    this.#wake();
    this.#wakeWriter?.();
  }

  /** The next piece of at most `max` bytes. */
  async take(max: number): Promise<Uint8Array> {
    if (!(await this.#arrived())) throw this.endedEarly();
    const first = this.#pieces[0]!;
    if (first.length <= max) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(max);
    const piece = first.length <= max ? first : first.subarray(0, max);
    this.#channel.giveCredit(piece.length);
    return piece;
  }

  /** The next line without its line end; undefined where the server has ended in order. */
  async line(): Promise<string | undefined> {
    let text = '';
    for (;;) {
      if (!(await this.#arrived()) && text === '') return undefined;
      const piece = await this.take(Number.MAX_SAFE_INTEGER);
      const end = piece.indexOf(LF);
      text += Buffer.from(end < 0 ? piece : piece.subarray(0, end)).toString('latin1');
      checkLimit('scpControlLine', text.length);
      if (end < 0) continue;
      if (end + 1 < piece.length) this.#putBack(piece.subarray(end + 1));
      return Buffer.from(text, 'latin1').toString('utf8');
    }
  }

  /** One byte of answer: 0 is yes; 1 and 2 carry a message, which is thrown (1 is given to `warn` where there is one). */
  async acknowledgement(warn?: (message: string) => void): Promise<void> {
    const first = this.#received === 0;
    const [byte] = await this.take(1);
    if (byte === 0) return;
    if (first && byte !== 1 && byte !== 2) {
      throw this.unavailable(String.fromCharCode(byte!) + ((await this.line()) ?? ''));
    }
    const message = sanitize(
      byte === 1 || byte === 2 ? ((await this.line()) ?? '') : `unexpected byte ${byte}`,
    );
    if (byte === 1 && warn !== undefined) warn(message);
    else throw this.refused(message);
  }

  /** An error with the remote program's own words. */
  refused(message: string): WherryError {
    const serverMessage = sanitize(message);
    return new WherryError('SCP_FAILED', `the remote scp says: ${serverMessage}`, { serverMessage });
  }

  /** What came in place of the protocol: an account for SFTP only, a shell that is none. */
  unavailable(message: string): WherryError {
    const serverMessage = sanitize(message || this.stderr);
    const said = serverMessage === '' ? `exit status ${this.exitStatus ?? 'unknown'}` : serverMessage;
    return new WherryError('SCP_UNAVAILABLE', `the server does not run scp: ${said}`, { serverMessage });
  }

  /** Sends bytes, which must stay as they are until they are sent; waits for room afterwards. */
  async send(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) throw this.#error;
    if (this.#channel.write(EMPTY, bytes)) return;
    await this.#room();
  }

  acknowledge(): Promise<void> {
    return this.send(Uint8Array.of(0));
  }

  /**
   * Waits until the remote program has ended and its channel is closed. Dropbear mixes up the children of two
   * commands in a row when the first channel is closed from our side before its program is gone.
   */
  async ended(): Promise<void> {
    this.#channel.end();
    if (this.#closed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, END_WAIT_MS);
      this.#onClosed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  close(): void {
    this.#channel.close();
  }

  /** What the remote program wrote to standard error. */
  get stderr(): string {
    return sanitize(this.#stderr.trim(), STDERR_KEPT);
  }

  #putBack(piece: Uint8Array): void {
    this.#channel.giveCredit(-piece.length);
    this.#pieces.unshift(piece);
  }

  async #room(): Promise<void> {
    while (this.#channel.congested) {
      if (this.#error !== undefined) throw this.#error;
      await new Promise<void>((resolve) => {
        this.#wakeWriter = resolve;
      });
    }
  }

  /** Waits until there is something to take; false where the server has ended. */
  async #arrived(): Promise<boolean> {
    while (this.#pieces.length === 0 && !this.#ended && this.#error === undefined) {
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    if (this.#error !== undefined) throw this.#error;
    return this.#pieces.length > 0;
  }

  /** The remote program is gone before all was said. */
  endedEarly(): WherryError {
    if (this.#received === 0 && this.exitStatus === NOT_FOUND) return this.unavailable('');
    const why = this.stderr || `exit status ${this.exitStatus ?? 'unknown'}`;
    return new WherryError('SCP_FAILED', `the remote scp ended early: ${why}`, {
      serverMessage: this.stderr,
    });
  }

  #end(error: WherryError | undefined): void {
    this.#ended = true;
    if (error !== undefined && error.code !== 'CHANNEL_CLOSED') this.#error ??= error;
    this.#wake();
    this.#wakeWriter?.();
  }

  #wake(): void {
    const wake = this.#wakeReader;
    this.#wakeReader = undefined;
    wake?.();
  }
}

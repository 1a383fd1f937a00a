import type { ScpChannel } from '../../../src/scp/link.ts';
import type { ChannelHandlers } from '../../../src/ssh/connection/channel.ts';

/** A remote `scp` that plays a script: it sends, or waits for so many bytes of ours first. */
export type ScriptStep =
  | { readonly send: string | Uint8Array }
  | { readonly await: number }
  | { readonly end: number };

/** A channel whose other end follows a script; `received` is what we sent. */
export class ScriptedScp implements ScpChannel {
  readonly congested = false;
  closed = false;
  /** Received and not yet given credit for. */
  held = 0;
  #received: Uint8Array[] = [];
  #handlers: ChannelHandlers | undefined;
  readonly #steps: ScriptStep[];
  readonly #chunk: number;
  #wanted = 0;

  /** `chunk`: data comes in pieces of at most so many bytes. */
  constructor(steps: readonly ScriptStep[], chunk = 65_536) {
    this.#steps = [...steps];
    this.#chunk = chunk;
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  attach(handlers: ChannelHandlers): void {
    this.#handlers = handlers;
    setImmediate(() => this.#play());
  }

  giveCredit(bytes: number): void {
    this.held -= bytes;
  }

  write(head: Uint8Array, body?: Uint8Array): boolean {
    this.#received.push(Uint8Array.from(head), Uint8Array.from(body ?? []));
    this.#wanted -= head.length + (body?.length ?? 0);
    setImmediate(() => this.#play());
    return true;
  }

  end(): void {
    this.close();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    setImmediate(() => this.#handlers!.closed(undefined));
  }

  #play(): void {
    while (this.#wanted <= 0 && !this.closed) {
      const step = this.#steps.shift();
      if (step === undefined) return;
      if ('await' in step) this.#wanted += step.await;
      else if ('end' in step) {
        this.#handlers!.request!('exit-status', Uint8Array.of(0, 0, 0, step.end));
        this.#handlers!.eof!();
        this.close();
      } else this.#deliver(typeof step.send === 'string' ? Buffer.from(step.send, 'latin1') : step.send);
    }
  }

  #deliver(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += this.#chunk) {
      const piece = Uint8Array.from(bytes.subarray(at, at + this.#chunk));
      this.held += piece.length;
      this.#handlers!.data(piece);
    }
  }
}

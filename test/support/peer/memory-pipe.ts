import type { StreamHandlers } from '../../../src/net/byte-stream.ts';
import { POISON } from '../poison.ts';

/** How one direction of a memory pair behaves. */
export interface PipeOptions {
  /** Milliseconds between a write and its delivery; 0 delivers on the next turn of the loop. */
  readonly latency?: number;
  /** The largest piece handed over at a time, or a function that says how large the next one may be. */
  readonly chunk?: number | (() => number);
  /** After exactly this many bytes the pair breaks: both ends close with ECONNRESET. */
  readonly cutAt?: number;
  /** After exactly this many bytes nothing more arrives, while the stream stays open. */
  readonly stallAt?: number;
}

interface Entry {
  readonly bytes: Uint8Array;
  readonly done: () => void;
  readonly due: number;
}

/** The most that is delivered before other work of the loop gets its turn. */
const TURN_BYTES = 262_144;
const LARGEST_PIECE = 65_536;

/**
 * One direction: bytes go in by `write`, and come out in pieces through a buffer that is overwritten after each. What
 * is written is not copied before its delivery, so a writer that changes it too early damages its own data.
 */
export class MemoryPipe {
  /** Bytes delivered so far. */
  delivered = 0;
  onCut: () => void = () => {};
  /** The receiving side has seen the end. */
  ended = false;
  readonly #options: PipeOptions;
  readonly #scratch: Uint8Array = Buffer.alloc(LARGEST_PIECE);
  readonly #record: Uint8Array[] | undefined;
  #queue: Entry[] = [];
  #at = 0;
  #handlers: StreamHandlers | undefined;
  #paused = false;
  #finished = false;
  #dead = false;
  #scheduled = false;

  constructor(options: PipeOptions, record: boolean) {
    this.#options = options;
    this.#record = record ? [] : undefined;
  }

  /** Everything delivered, where that is recorded. */
  get transcript(): Buffer {
    return Buffer.concat(this.#record ?? []);
  }

  get paused(): boolean {
    return this.#paused;
  }

  open(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    this.#schedule();
  }

  write(bytes: Uint8Array, done: () => void): void {
    if (this.#dead) {
      setImmediate(done);
      return;
    }
    this.#queue.push({ bytes, done, due: performance.now() + (this.#options.latency ?? 0) });
    this.#schedule();
  }

  finish(): void {
    this.#finished = true;
    this.#schedule();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  /** Drops what is queued and everything to come; writers hear `done`, as a socket's do. */
  kill(): void {
    this.#dead = true;
    const queue = this.#queue;
    this.#queue = [];
    for (const entry of queue) entry.done();
  }

  #schedule(): void {
    if (this.#scheduled || this.#dead || this.#handlers === undefined) return;
    this.#scheduled = true;
    const wait = (this.#queue[0]?.due ?? 0) - performance.now();
    const run = (): void => {
      this.#scheduled = false;
      this.#deliver(this.#handlers!);
    };
    if (wait > 0) setTimeout(run, wait);
    else setImmediate(run);
  }

  #deliver(handlers: StreamHandlers): void {
    let budget = TURN_BYTES;
    while (!this.#paused && !this.#dead && this.#queue.length > 0 && budget > 0) {
      const entry = this.#queue[0]!;
      if (entry.due > performance.now()) break;
      if (this.#at < entry.bytes.length) {
        const size = this.#pieceSize(entry.bytes.length - this.#at);
        if (size === 0) return;
        this.#hand(handlers, entry.bytes.subarray(this.#at, this.#at + size));
        budget -= size;
        if (this.delivered === this.#options.cutAt) {
          this.onCut();
          return;
        }
      }
      if (this.#at === entry.bytes.length && this.#queue[0] === entry) {
        this.#queue.shift();
        this.#at = 0;
        entry.done();
      }
    }
    if (this.#queue.length > 0) {
      if (!this.#paused) this.#schedule();
    } else if (this.#finished && !this.ended && !this.#dead && !this.#paused && !this.#stalled) {
      this.ended = true;
      handlers.end();
    }
  }

  get #stalled(): boolean {
    return this.delivered === this.#options.stallAt;
  }

  #pieceSize(left: number): number {
    const { chunk, cutAt, stallAt } = this.#options;
    const wanted = (typeof chunk === 'function' ? chunk() : chunk) ?? LARGEST_PIECE;
    const until = Math.min(cutAt ?? Infinity, stallAt ?? Infinity) - this.delivered;
    return Math.min(left, Math.max(1, wanted), LARGEST_PIECE, until);
  }

  #hand(handlers: StreamHandlers, bytes: Uint8Array): void {
    const piece = this.#scratch.subarray(0, bytes.length);
    piece.set(bytes);
    this.#record?.push(Uint8Array.from(bytes));
    this.#at += bytes.length;
    this.delivered += bytes.length;
    try {
      handlers.data(piece);
    } finally {
      piece.fill(POISON);
    }
  }
}

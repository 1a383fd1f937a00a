import type { ExecutionRecord, LogLine } from './execution-record.ts';
import type { ExecutionStore } from './execution-store.ts';

/** Milliseconds between two writes of a record that only makes progress. */
const WRITE_EVERY_MS = 500;
/** More lines than this in one log help nobody; the record says how it went on. */
const MAX_LINES = 10_000;

/** Writes a record and its log as they change: one write at a time, progress now and then, the end always. */
export class RecordKeeper {
  readonly #store: ExecutionStore;
  readonly #id: number;
  readonly #current: () => ExecutionRecord;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #lines: LogLine[] = [];
  #count = 0;

  constructor(store: ExecutionStore, id: number, current: () => ExecutionRecord) {
    this.#store = store;
    this.#id = id;
    this.#current = current;
  }

  line(line: LogLine): void {
    if (++this.#count > MAX_LINES) return;
    const last = this.#count === MAX_LINES;
    this.#lines.push(last ? { ...line, level: 'warning', text: 'the log ends here: it is too long' } : line);
    this.touch();
  }

  /** Something has changed; it may be written a little later. */
  touch(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#enqueue(false).catch(() => {});
    }, WRITE_EVERY_MS);
  }

  /** Something has changed that a reader should find at once. */
  writeSoon(): void {
    this.#enqueue(false).catch(() => {});
  }

  /** Writes everything now; rejects with what the disk says. */
  async finish(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#enqueue(true);
  }

  #enqueue(durable: boolean): Promise<void> {
    const turn = this.#writing
      .catch(() => {})
      .then(async () => {
        const lines = this.#lines;
        this.#lines = [];
        await this.#store.save(this.#current(), durable);
        if (lines.length > 0) await this.#store.appendLog(this.#id, lines);
      });
    this.#writing = turn;
    return turn;
  }
}

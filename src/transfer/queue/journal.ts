import { closeSync, openSync, readFileSync, unlinkSync, writeSync } from 'node:fs';
import { WherryError } from '../../base/errors.ts';

/** What a transfer is, as the journal keeps it. */
export interface JournalEntry {
  readonly direction: 'download' | 'upload';
  readonly local: string;
  readonly remote: string;
}

const HEAD = { journal: 'wherry', version: 1 } as const;

/**
 * A file in which a queue notes what is to be done and what is done, a line of JSON each, written at once, so that a
 * process that is killed can be followed by one that goes on. A last line that was cut is ignored.
 */
export class Journal {
  readonly #path: string;
  readonly #file: number;
  readonly #open = new Map<string, JournalEntry>();
  readonly #done = new Set<string>();

  /** Reads what is there, or begins a new one. Another kind of file is refused with INVALID_ARGUMENT. */
  constructor(path: string) {
    this.#path = path;
    const text = readIfThere(path);
    if (text !== undefined && text !== '') this.#read(text);
    this.#file = openSync(path, 'a', 0o600);
    if (text === undefined || text === '') this.#write(HEAD);
    else if (!text.endsWith('\n')) writeSync(this.#file, '\n');
  }

  /** What an earlier process did not get done. */
  get unfinished(): readonly JournalEntry[] {
    return [...this.#open.values()];
  }

  isDone(entry: JournalEntry): boolean {
    return this.#done.has(keyOf(entry));
  }

  add(entry: JournalEntry): void {
    const key = keyOf(entry);
    if (this.#open.has(key)) return;
    this.#open.set(key, entry);
    this.#done.delete(key);
    this.#write({ add: entry });
  }

  /** It is complete, or nobody wants it any more. */
  finish(entry: JournalEntry, how: 'done' | 'cancelled'): void {
    const key = keyOf(entry);
    if (!this.#open.delete(key)) return;
    if (how === 'done') this.#done.add(key);
    this.#write({ [how]: entry });
  }

  /** Nothing is open: the journal has served. Else it stays for the next process. */
  close(): void {
    closeSync(this.#file);
    if (this.#open.size === 0) unlinkSync(this.#path);
  }

  #write(line: object): void {
    writeSync(this.#file, `${JSON.stringify(line)}\n`);
  }

  #read(text: string): void {
    const lines = text.split('\n').filter((line) => line !== '');
    const head = parsed(lines[0]!);
    if (head?.journal !== HEAD.journal || head.version !== HEAD.version) {
      throw new WherryError('INVALID_ARGUMENT', `${this.#path} is not a journal of a queue`, {
        localPath: this.#path,
      });
    }
    for (const line of lines.slice(1)) {
      const { add, done, cancelled } = parsed(line) ?? {};
      const entry = entryOf(add ?? done ?? cancelled);
      if (entry === undefined) continue;
      const key = keyOf(entry);
      if (add !== undefined) this.#open.set(key, entry);
      else this.#open.delete(key);
      if (done !== undefined) this.#done.add(key);
      else this.#done.delete(key);
    }
  }
}

function keyOf({ direction, local, remote }: JournalEntry): string {
  return JSON.stringify([direction, local, remote]);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function entryOf(value: unknown): JournalEntry | undefined {
  const { direction, local, remote } = (value ?? {}) as Record<string, unknown>;
  if (direction !== 'download' && direction !== 'upload') return undefined;
  return typeof local === 'string' && typeof remote === 'string' ? { direction, local, remote } : undefined;
}

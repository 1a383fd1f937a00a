import { inspect } from 'node:util';
import { EngineError } from './errors.ts';

/** Shorter ones are found in innocent words too often: replacing them would tell more than it hides. */
const SHORTEST_CHARS = 4;
/** A line of a key file that holds more than a few digits. */
const SHORTEST_KEY_LINE_CHARS = 16;
export const MASK = '***';

/**
 * Knows the secrets of a run, and takes them out of everything that leaves it. Nothing here puts a secret into a
 * text; what a server or a flow says may hold one.
 */
export class Redactor {
  readonly #secrets = new Set<string>();

  add(secret: string): void {
    for (const text of [secret, secret.trim()]) if (text.length >= SHORTEST_CHARS) this.#secrets.add(text);
    for (const line of secret.split(/\r?\n/)) {
      const text = line.trim();
      if (text !== secret && text.length >= SHORTEST_KEY_LINE_CHARS && !text.startsWith('-----'))
        this.#secrets.add(text);
    }
  }

  text(text: string): string {
    let clean = text;
    // The longest first: one secret may be part of another.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length))
      clean = clean.replaceAll(secret, MASK);
    return clean;
  }

  /** A copy of plain data with every text in it redacted. */
  data<T>(value: T): T {
    if (this.#secrets.size === 0) return value;
    if (typeof value === 'string') return this.text(value) as T;
    if (Array.isArray(value)) return value.map((one: unknown) => this.data(one)) as T;
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, one]) => [this.text(key), this.data(one as unknown)]);
    return Object.fromEntries(entries) as T;
  }

  /** The error itself, unless it or one of its causes holds a secret: then a clean one in its place. */
  error(error: EngineError): EngineError {
    const shown = inspect(error, { depth: 12, maxStringLength: Number.POSITIVE_INFINITY, showHidden: true });
    const everything = `${shown}${allMessages(error)}`;
    if (![...this.#secrets].some((secret) => holds(everything, secret))) return error;
    return new EngineError(error.code, this.text(error.message));
  }
}

/** `inspect` escapes quotes and line ends, so that the secret may stand there in that form. */
function holds(text: string, secret: string): boolean {
  return text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1));
}

function allMessages(error: unknown): string {
  let text = '';
  let at: unknown = error;
  for (let depth = 0; depth < 20 && at instanceof Error; depth++) {
    text += `\n${at.message}\n${at.stack ?? ''}`;
    at = at.cause;
  }
  return text;
}

import { checkLimit } from '../../base/limits.ts';

/** What an object with some short fields takes up, about. */
const OBJECT_BYTES = 256;
const CHAR_BYTES = 2;

/** About what a record of these texts takes up. */
export function recordBytes(...texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + CHAR_BYTES * text.length, OBJECT_BYTES);
}

/**
 * Counts what one folder transfer remembers: a server that lists folders without end, or names of thousands of letters,
 * must not fill the memory with them.
 */
export class TreeMemory {
  #bytes = 0;

  /** Throws LIMIT_EXCEEDED when that is too much. It stays counted: whoever goes on fails again. */
  take(bytes: number): void {
    this.#bytes += bytes;
    checkLimit('treeMemoryBytes', this.#bytes);
  }

  give(bytes: number): void {
    this.#bytes -= bytes;
  }
}

/**
 * How an algorithm may be used: `default` is offered unless the user chooses; `supported` only when named;
 * `insecure` only when named, with a warning in the log.
 */
export type Security = 'default' | 'supported' | 'insecure';

/** What every algorithm row has. */
export interface AlgorithmRow {
  readonly security: Security;
  /** The document that defines it. */
  readonly ref: string;
}

/** The names of a table that are offered when the user chooses nothing, in the table's order. */
export function defaultNames(table: Readonly<Record<string, AlgorithmRow>>): string[] {
  return Object.keys(table).filter((name) => table[name]!.security === 'default');
}

/** One parser under fuzz. */
export interface FuzzTarget {
  readonly doc: string;
  /** Good inputs, to start from. */
  seeds(): readonly Uint8Array[];
  /**
   * Reads one input. A WherryError is the answer to a bad one; any other throw, and an input that takes longer than a
   * second, is a finding. What it returns, as a text, tells new ways through the parser from known ones.
   */
  run(input: Uint8Array): string;
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');
export const textOf = (input: Uint8Array): string => Buffer.from(input).toString('utf8');

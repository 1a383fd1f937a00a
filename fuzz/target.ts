/** One parser under fuzz. */
export interface FuzzTarget {
  readonly doc: string;
  /** Good inputs, to start from. */
  seeds(): readonly Uint8Array[];
  /**
   * Reads one input, which is valid until the answer. A WherryError is the answer to a bad one; any other throw, and an
   * input that takes longer than a second, is a finding. What it returns, as a text, tells new ways through the parser
   * from known ones. A promise is for code that has no other form: it must settle without a turn of the event loop.
   */
  run(input: Buffer): string | Promise<string>;
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'utf8');

/** How the first byte of an input says that the rest comes: a byte at a time, in a few, in one. */
const STEPS = [1, 2, 3, 5, 8, 64, 512, 65_536] as const;

/** Hands an input to `push` in pieces, as a network would. */
export function inPieces(input: Buffer, push: (piece: Buffer) => void): void {
  const step = STEPS[(input[0] ?? 0) & 7]!;
  for (let at = 1; at < input.length; at += step) push(input.subarray(at, at + step));
}

/** A seed for `inPieces`, for pieces of the given place in STEPS. */
export const piecesOf = (step: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([Buffer.from([step]), ...parts]);

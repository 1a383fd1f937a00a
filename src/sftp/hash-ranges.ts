/** What of a file a server hashes right. */
export interface HashLimits {
  /** A range is a multiple of so many bytes, or reaches to the end of the file, or has less than 4096. */
  readonly unit: number;
  /** The same of a block; what is left behind the last whole one has to be the end of the file. */
  readonly blockUnit: number;
  /** Bytes at most. */
  readonly most: number;
  /** A start and a length together are misread. */
  readonly startOrLength: boolean;
}

/** A range as it is asked for: a `length` of 0 reaches to the end of the file, a `blockSize` of 0 is one block. */
export interface HashRange {
  readonly start: number;
  readonly length: number;
  readonly blockSize: number;
}

/** Servers read at least so much at a time. */
const SMALL = 4096;

/** Whether a server with these limits hashes the range right, of a file of `size` bytes. */
export function hashesRight(
  limits: HashLimits,
  { start, length, blockSize }: HashRange,
  size: number,
): boolean {
  const bytes = Math.min(length === 0 ? size : length, size - start);
  if (bytes > limits.most || (limits.startOrLength && start > 0 && length > 0)) return false;
  const isWhole = (piece: number, unit: number): boolean => piece < SMALL || piece % unit === 0;
  const toEnd = start + bytes >= size;
  if (blockSize === 0) return toEnd || isWhole(bytes, limits.unit);
  return isWhole(blockSize, limits.blockUnit) && (toEnd || bytes % blockSize === 0);
}

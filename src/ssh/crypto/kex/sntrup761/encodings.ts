import { HALF_Q, P, Q } from './parameters.ts';
import type { Polynomial } from './polynomials.ts';

/** A number of the list is pushed out byte by byte while its range is at least this. */
const LIMIT = 16_384;

/** Polynomials of -1 to 1: two bits a coefficient. */
export const SMALL_LENGTH: number = Math.ceil(P / 4);

export function encodeSmall(a: Polynomial): Uint8Array {
  const bytes = new Uint8Array(SMALL_LENGTH);
  for (let i = 0; i < P; i++) bytes[i >> 2]! |= (a[i]! + 1) << (2 * (i & 3));
  return bytes;
}

/** Coefficients modulo Q. */
export function encodeModQ(a: Polynomial): Uint8Array {
  return encodeList(
    Array.from(a, (coefficient) => coefficient + HALF_Q),
    Q,
  );
}

export function decodeModQ(bytes: Uint8Array): Polynomial {
  return Int32Array.from(decodeList(bytes, Q), (value) => value - HALF_Q);
}

/** Of 3i - HALF_Q there are so many. */
const ROUNDED = (Q + 2) / 3;

/** Coefficients that are multiples of 3. */
export function encodeRounded(a: Polynomial): Uint8Array {
  // A division by 3: HALF_Q is a multiple of it.
  return encodeList(
    Array.from(a, (coefficient) => ((coefficient + HALF_Q) * 10_923) >> 15),
    ROUNDED,
  );
}

export function decodeRounded(bytes: Uint8Array): Polynomial {
  return Int32Array.from(decodeList(bytes, ROUNDED), (value) => 3 * value - HALF_Q);
}

/**
 * Numbers below `range` as bytes: two neighbours make one number of twice the size, whose low bytes go out, until one
 * number is left (NTRU Prime, section "Encode"). Ranges are public, only values may be secret.
 */
function encodeList(values: readonly number[], range: number): Uint8Array {
  const out: number[] = [];
  let numbers = values;
  let ranges: readonly number[] = values.map(() => range);
  while (numbers.length > 1) {
    const nextNumbers: number[] = [];
    const nextRanges: number[] = [];
    for (let i = 0; i < numbers.length; i += 2) {
      if (i + 1 === numbers.length) {
        nextNumbers.push(numbers[i]!);
        nextRanges.push(ranges[i]!);
        continue;
      }
      let value = numbers[i]! + numbers[i + 1]! * ranges[i]!;
      let size = ranges[i]! * ranges[i + 1]!;
      for (; size >= LIMIT; size = Math.ceil(size / 256)) {
        out.push(value & 0xff);
        value >>>= 8;
      }
      nextNumbers.push(value);
      nextRanges.push(size);
    }
    numbers = nextNumbers;
    ranges = nextRanges;
  }
  let last = numbers[0]!;
  for (let size = ranges[0]!; size > 1; size = Math.ceil(size / 256)) {
    out.push(last & 0xff);
    last >>>= 8;
  }
  return Uint8Array.from(out);
}

/** The ranges of every level, the full list first, and how many bytes each pair of a level put out. */
function levels(range: number): { ranges: number[]; bytes: number[] }[] {
  const all: { ranges: number[]; bytes: number[] }[] = [];
  let ranges = Array.from({ length: P }, () => range);
  while (ranges.length > 1) {
    const next: number[] = [];
    const bytes: number[] = [];
    for (let i = 0; i < ranges.length; i += 2) {
      let size = ranges[i]! * (ranges[i + 1] ?? 1);
      let count = 0;
      if (i + 1 < ranges.length) for (; size >= LIMIT; size = Math.ceil(size / 256)) count++;
      next.push(size);
      bytes.push(count);
    }
    all.push({ ranges, bytes });
    ranges = next;
  }
  all.push({ ranges, bytes: [] });
  return all;
}

/** Any bytes of the right length give numbers in range. */
function decodeList(input: Uint8Array, range: number): number[] {
  const all = levels(range);
  let end = input.length;
  const last = all.pop()!.ranges[0]!;
  let numbers = [0];
  const lastBytes = last > 256 ? 2 : 1;
  for (let i = 0; i < lastBytes; i++) numbers[0]! |= input[end - lastBytes + i]! << (8 * i);
  numbers[0]! %= last;
  end -= lastBytes;
  for (const { ranges, bytes } of all.reverse()) {
    let at = end - bytes.reduce((sum, count) => sum + count, 0);
    end = at;
    const wider: number[] = [];
    for (const [pair, count] of bytes.entries()) {
      let value = numbers[pair]!;
      for (let i = count - 1; i >= 0; i--) value = value * 256 + input[at + i]!;
      at += count;
      const low = ranges[2 * pair]!;
      const high = ranges[2 * pair + 1];
      if (high === undefined) wider.push(value);
      else wider.push(value % low, Math.floor(value / low) % high);
    }
    numbers = wider;
  }
  return numbers;
}

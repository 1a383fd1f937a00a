/** BER with lengths left open (X.690 section 8.1.3.6), as some tools write PKCS#7 and PKCS#12, made DER's way. */
import { LIMITS } from '../../../base/limits.ts';
import { derElement } from '../der-writer.ts';
import { damaged } from './key-errors.ts';

const CONSTRUCTED = 0x20;
const CONSTRUCTED_OCTETS = 0x24;
const OPEN = 0x80;

/** The same element with every length written out and octet strings in one piece; as it was where there is nothing to do. */
export function withLengths(bytes: Uint8Array): Uint8Array {
  return bytes[1] === OPEN ? convert(bytes, 0, 0).element : bytes;
}

interface Converted {
  readonly element: Uint8Array;
  readonly end: number;
}

function convert(bytes: Uint8Array, start: number, depth: number): Converted {
  if (depth > LIMITS.derDepth.value) throw damaged('its BER is nested too deep');
  const tag = bytes[start];
  if (tag === undefined || (tag & 0x1f) === 0x1f) throw damaged('in its BER, a tag out of range');
  const [length, at] = readLength(bytes, start + 1);
  if (length !== undefined && (tag & CONSTRUCTED) === 0) {
    return { element: bytes.subarray(start, at + length), end: at + length };
  }
  const parts: Uint8Array[] = [];
  let next = at;
  const done = (): boolean =>
    length === undefined ? bytes[next] === 0 && bytes[next + 1] === 0 : next >= at + length;
  while (!done()) {
    const { element, end } = convert(bytes, next, depth + 1);
    parts.push(element);
    next = end;
  }
  const end = length === undefined ? next + 2 : next;
  // The pieces of an octet string that was written in pieces; the same under an implicit tag.
  const pieces = tag === CONSTRUCTED_OCTETS || (tag === 0xa0 && parts.every((part) => part[0] === 0x04));
  if (!pieces || parts.length === 0 || (tag === 0xa0 && length !== undefined)) {
    return { element: derElement(tag, ...parts), end };
  }
  if (tag === 0xa0 && parts.length === 1) return { element: derElement(tag, ...parts), end };
  const contents = parts.map((part) => part.subarray(readLength(part, 1)[1]));
  return { element: derElement(tag & ~CONSTRUCTED, ...contents), end };
}

/** The length, undefined where it is open, and where the content begins. */
function readLength(bytes: Uint8Array, at: number): [number | undefined, number] {
  const first = bytes[at];
  if (first === undefined) throw damaged('it is cut');
  if (first === OPEN) return [undefined, at + 1];
  if (first < 0x80) return checked(bytes, first, at + 1);
  const digits = first & 0x7f;
  if (digits > 4) throw damaged('in its BER, a length out of range');
  let length = 0;
  for (let i = 1; i <= digits; i++) length = length * 256 + (bytes[at + i] ?? 0);
  return checked(bytes, length, at + 1 + digits);
}

function checked(bytes: Uint8Array, length: number, at: number): [number, number] {
  if (at + length > bytes.length) throw damaged('it is cut');
  return [length, at];
}

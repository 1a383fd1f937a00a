/** Changes to bytes that parsers get wrong: lengths, signs, counts, cuts, repeats, and pieces of other inputs. */

/** A small fast generator with a seed, so that a run can be repeated: mulberry32. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

const WORDS = [
  0, 1, 4, 127, 128, 255, 256, 32_767, 32_768, 65_535, 65_536, 262_145, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff,
];
const DIGITS = ['0', '-1', '9', '99999999999999999999', '07777', '1e9', '0x10', ' '];
const BYTES = [0, 1, 0x0a, 0x0d, 0x1b, 0x22, 0x25, 0x2a, 0x2e, 0x2f, 0x5c, 0x7f, 0x80, 0xc0, 0xff];
/** No input grows beyond this, so that a run is about forms and not about sizes. */
const MAX_BYTES = 65_536;

type Mutation = (bytes: Buffer, dice: Dice, corpus: readonly Uint8Array[]) => Buffer;

const place = (bytes: Buffer, dice: Dice): number => dice.below(bytes.length + 1);

function splice(bytes: Buffer, at: number, remove: number, insert: Uint8Array): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(Math.min(bytes.length, at + remove))]);
}

const MUTATIONS: readonly Mutation[] = [
  (bytes, dice) => {
    if (bytes.length > 0) bytes[dice.below(bytes.length)]! ^= 1 << dice.below(8);
    return bytes;
  },
  (bytes, dice) => {
    if (bytes.length > 0)
      bytes[dice.below(bytes.length)] = dice.below(3) === 0 ? dice.below(256) : dice.pick(BYTES);
    return bytes;
  },
  (bytes, dice) => {
    if (bytes.length >= 4) bytes.writeUInt32BE(dice.pick(WORDS), dice.below(bytes.length - 3));
    return bytes;
  },
  (bytes, dice) => {
    if (bytes.length < 4) return bytes;
    const at = dice.below(bytes.length - 3);
    bytes.writeUInt32BE((bytes.readUInt32BE(at) + dice.below(9) - 4) >>> 0, at);
    return bytes;
  },
  (bytes, dice) => bytes.subarray(0, place(bytes, dice)),
  (bytes, dice) => splice(bytes, place(bytes, dice), 1 + dice.below(16), Buffer.alloc(0)),
  (bytes, dice) => splice(bytes, place(bytes, dice), 0, Buffer.alloc(1 + dice.below(16), dice.pick(BYTES))),
  (bytes, dice) => splice(bytes, place(bytes, dice), dice.below(4), Buffer.from(dice.pick(DIGITS))),
  (bytes, dice) => {
    const at = place(bytes, dice);
    const piece = bytes.subarray(at, at + 1 + dice.below(64));
    return splice(
      bytes,
      place(bytes, dice),
      0,
      Buffer.concat(Array.from({ length: 1 + dice.below(8) }, () => piece)),
    );
  },
  (bytes, dice, corpus) => {
    const other = dice.pick(corpus);
    const at = dice.below(other.length + 1);
    return splice(bytes, place(bytes, dice), dice.below(64), other.subarray(at, at + 1 + dice.below(256)));
  },
];

/** One input of the corpus, changed in one to eight ways. */
export function mutate(corpus: readonly Uint8Array[], dice: Dice): Uint8Array {
  let bytes: Buffer = Buffer.from(dice.pick(corpus));
  for (let left = 1 + dice.below(8); left > 0; left--) bytes = dice.pick(MUTATIONS)(bytes, dice, corpus);
  return bytes.length > MAX_BYTES ? bytes.subarray(0, MAX_BYTES) : bytes;
}

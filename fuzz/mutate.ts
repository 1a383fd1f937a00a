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
const DIGITS = ['0', '-1', '9', '99999999999999999999', '07777', '1e9', '0x10', ' '].map((text) =>
  Buffer.from(text),
);
const BYTES = [0, 1, 0x0a, 0x0d, 0x1b, 0x22, 0x25, 0x2a, 0x2e, 0x2f, 0x5c, 0x7f, 0x80, 0xc0, 0xff];
/** The longest input, and the longest one of all but one in `RARE`: a run is about forms more than about sizes. */
const LONGEST = 65_536;
const MOSTLY = 512;
const RARE = 1024;
const NOTHING = Buffer.alloc(0);

/** Makes inputs, each in the same memory: no input costs an allocation. */
export class Mutator {
  readonly #bytes = Buffer.allocUnsafeSlow(LONGEST);
  readonly #spare = Buffer.allocUnsafeSlow(1024);
  readonly #dice: Dice;
  readonly #corpus: readonly Uint8Array[];
  readonly #most: number;
  #length = 0;
  #limit = 0;

  /** `corpus` may grow meanwhile. */
  constructor(corpus: readonly Uint8Array[], dice: Dice) {
    this.#corpus = corpus;
    this.#dice = dice;
    this.#most = Math.min(LONGEST, Math.max(MOSTLY, ...corpus.map(({ length }) => length + 64)));
  }

  /** One input of the corpus, changed in one to eight ways; valid until the next call. */
  next(): Buffer {
    const from = this.#dice.pick(this.#corpus);
    this.#limit = this.#dice.below(RARE) === 0 ? LONGEST : this.#most;
    this.#length = Math.min(from.length, this.#limit);
    this.#bytes.set(from.length > this.#length ? from.subarray(0, this.#length) : from);
    for (let left = 1 + this.#dice.below(8); left > 0; left--) this.#change(this.#dice.below(11));
    return this.#bytes.subarray(0, this.#length);
  }

  #change(way: number): void {
    const dice = this.#dice;
    const bytes = this.#bytes;
    const length = this.#length;
    const at = dice.below(length + 1);
    switch (way) {
      case 0:
        if (at < length) bytes[at]! ^= 1 << dice.below(8);
        break;
      case 1:
        if (at < length) bytes[at] = dice.below(3) === 0 ? dice.below(256) : dice.pick(BYTES);
        break;
      case 2:
        if (at + 4 <= length) bytes.writeUInt32BE(dice.pick(WORDS), at);
        break;
      case 3:
        if (at + 4 <= length) bytes.writeUInt32BE((bytes.readUInt32BE(at) + dice.below(9) - 4) >>> 0, at);
        break;
      case 4:
        this.#length = dice.below(3) === 0 ? at : length;
        break;
      case 5:
        this.#splice(at, 1 + dice.below(16), NOTHING);
        break;
      case 6: {
        const count = 1 + dice.below(16);
        this.#splice(at, 0, this.#spare.subarray(0, count).fill(dice.pick(BYTES)));
        break;
      }
      case 7:
        this.#splice(at, dice.below(4), dice.pick(DIGITS));
        break;
      case 8: {
        // A piece of its own, once or many times.
        const size = Math.min(1 + dice.below(64), length - at);
        const times = 1 + dice.below(8);
        for (let i = 0; i < times; i++) bytes.copy(this.#spare, i * size, at, at + size);
        this.#splice(dice.below(length + 1), 0, this.#spare.subarray(0, size * times));
        break;
      }
      case 9: {
        const other = dice.pick(this.#corpus);
        const from = dice.below(other.length + 1);
        this.#splice(at, dice.below(64), other.subarray(from, from + 1 + dice.below(256)));
        break;
      }
      default: {
        // A length of a DER element or of a short field.
        if (at < length) bytes[at] = (bytes[at]! + dice.below(5) - 2) & 0xff;
      }
    }
  }

  #splice(at: number, remove: number, insert: Uint8Array): void {
    const tail = Math.min(this.#length, at + remove);
    const fits = Math.min(insert.length, this.#limit - at);
    if (fits < 0) return;
    const kept = Math.max(0, Math.min(this.#length - tail, this.#limit - at - fits));
    this.#bytes.copyWithin(at + fits, tail, tail + kept);
    this.#bytes.set(fits < insert.length ? insert.subarray(0, fits) : insert, at);
    this.#length = at + fits + kept;
  }
}

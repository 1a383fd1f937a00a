// Argon2 (RFC 9106) in AssemblyScript with SIMD. `npm run wasm` compiles it into ../argon2.wasm.ts, with the BLAKE2b of
// ./blake2b.ts: it fills the memory; what comes before and after is done by ../argon2.ts.
export { blake2b } from './blake2b';

// The memory, as ../argon2.ts knows it. Below is that of ./blake2b.ts, whose tables the compiler puts at 1024.
const R: usize = 2048; // block: what the permutation works on, and the last blocks of all lanes in the end
const ZERO: usize = 3072; // block: nothing but zeros
const INPUT: usize = 4096; // block: what a block of addresses is made of
const ADDRESSES: usize = 5120; // block
const BLOCKS: usize = 6144; // all the blocks, lane by lane

const BLOCK: usize = 1024;
const SLICES: u32 = 4;
/** Addresses in a block of them. */
const WORDS: u32 = 128;

const ARGON2I: u32 = 1;
const ARGON2ID: u32 = 2;

/** The lower halves of four words. */
@inline
function low(a: v128, b: v128): v128 {
  return v128.shuffle<u32>(a, b, 0, 2, 4, 6);
}

/** Section 3.6: a + b and twice the product of their lower halves. */
@inline
function sum(a: v128, b: v128, product: v128): v128 {
  return i64x2.add(i64x2.add(a, b), i64x2.add(product, product));
}

@inline
function rotate32(x: v128): v128 {
  return v128.shuffle<u32>(x, x, 1, 0, 3, 2);
}

@inline
function rotate24(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10);
}

@inline
function rotate16(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15, 8, 9);
}

@inline
function rotate63(x: v128): v128 {
  return v128.or(i64x2.add(x, x), i64x2.shr_u(x, 63));
}

/** The higher word of one vector and the lower one of another. */
@inline
function across(a: v128, b: v128): v128 {
  return v128.shuffle<u64>(a, b, 1, 2);
}

/** The permutation P of section 3.6 over 16 words: eight vectors, the two of a row `near` and the rows `far` from each other. */
@inline
function permute(at: usize, near: usize, far: usize): void {
  let a0 = v128.load(at);
  let a1 = v128.load(at + near);
  let b0 = v128.load(at + far);
  let b1 = v128.load(at + far + near);
  let c0 = v128.load(at + 2 * far);
  let c1 = v128.load(at + 2 * far + near);
  let d0 = v128.load(at + 3 * far);
  let d1 = v128.load(at + 3 * far + near);
  for (let diagonals = 0; diagonals < 2; diagonals++) {
    let x = low(a0, a1);
    let y = low(b0, b1);
    a0 = sum(a0, b0, i64x2.extmul_low_i32x4_u(x, y));
    a1 = sum(a1, b1, i64x2.extmul_high_i32x4_u(x, y));
    d0 = rotate32(v128.xor(d0, a0));
    d1 = rotate32(v128.xor(d1, a1));

    x = low(c0, c1);
    y = low(d0, d1);
    c0 = sum(c0, d0, i64x2.extmul_low_i32x4_u(x, y));
    c1 = sum(c1, d1, i64x2.extmul_high_i32x4_u(x, y));
    b0 = rotate24(v128.xor(b0, c0));
    b1 = rotate24(v128.xor(b1, c1));

    x = low(a0, a1);
    y = low(b0, b1);
    a0 = sum(a0, b0, i64x2.extmul_low_i32x4_u(x, y));
    a1 = sum(a1, b1, i64x2.extmul_high_i32x4_u(x, y));
    d0 = rotate16(v128.xor(d0, a0));
    d1 = rotate16(v128.xor(d1, a1));

    x = low(c0, c1);
    y = low(d0, d1);
    c0 = sum(c0, d0, i64x2.extmul_low_i32x4_u(x, y));
    c1 = sum(c1, d1, i64x2.extmul_high_i32x4_u(x, y));
    b0 = rotate63(v128.xor(b0, c0));
    b1 = rotate63(v128.xor(b1, c1));

    // The rows are turned so that the diagonals become columns, and after the second time back again: what the one
    // turn does to b the other does to d.
    const forth0 = across(b0, b1);
    const forth1 = across(b1, b0);
    const back0 = across(d1, d0);
    const back1 = across(d0, d1);
    b0 = diagonals == 0 ? forth0 : forth1;
    b1 = diagonals == 0 ? forth1 : forth0;
    d0 = diagonals == 0 ? back0 : back1;
    d1 = diagonals == 0 ? back1 : back0;
    x = c0;
    c0 = c1;
    c1 = x;
  }
  v128.store(at, a0);
  v128.store(at + near, a1);
  v128.store(at + far, b0);
  v128.store(at + far + near, b1);
  v128.store(at + 2 * far, c0);
  v128.store(at + 2 * far + near, c1);
  v128.store(at + 3 * far, d0);
  v128.store(at + 3 * far + near, d1);
}

/** Section 3.5: G of two blocks, into a third; `add` keeps by XOR what was there. */
function compress(x: usize, y: usize, out: usize, add: bool): void {
  for (let i: usize = 0; i < BLOCK; i += 16) {
    const r = v128.xor(v128.load(x + i), v128.load(y + i));
    v128.store(R + i, r);
    v128.store(out + i, add ? v128.xor(v128.load(out + i), r) : r);
  }
  for (let row: usize = 0; row < BLOCK; row += 128) permute(R + row, 16, 32);
  for (let column: usize = 0; column < 128; column += 16) permute(R + column, 128, 256);
  for (let i: usize = 0; i < BLOCK; i += 16) {
    v128.store(out + i, v128.xor(v128.load(out + i), v128.load(R + i)));
  }
}

/** Section 3.4.1.2: the next block of addresses that do not depend on what is hashed. */
function nextAddresses(): void {
  store<u64>(INPUT + 48, load<u64>(INPUT + 48) + 1);
  compress(ZERO, INPUT, ADDRESSES, false);
  compress(ZERO, ADDRESSES, ADDRESSES, false);
}

/**
 * Fills the memory of `lanes` lanes with `length` blocks each (a multiple of 4), whose first two are there. `kind` is y of
 * section 3.2: Argon2d, Argon2i, Argon2id.
 */
export function fill(kind: u32, lanes: u32, length: u32, passes: u32): void {
  for (let pass: u32 = 0; pass < passes; pass++) {
    for (let slice: u32 = 0; slice < SLICES; slice++) {
      for (let lane: u32 = 0; lane < lanes; lane++) {
        store<u64>(INPUT, <u64>pass);
        store<u64>(INPUT + 8, <u64>lane);
        store<u64>(INPUT + 16, <u64>slice);
        store<u64>(INPUT + 24, <u64>lanes * length);
        store<u64>(INPUT + 32, <u64>passes);
        store<u64>(INPUT + 40, <u64>kind);
        store<u64>(INPUT + 48, 0);
        const independent = kind == ARGON2I || (kind == ARGON2ID && pass == 0 && slice < SLICES / 2);
        fillSegment(pass, slice, lane, lanes, length, independent);
      }
    }
  }
  memory.fill(R, 0, BLOCK);
  for (let lane: u32 = 0; lane < lanes; lane++) {
    const last = blockAt(lane, length, length - 1);
    for (let i: usize = 0; i < BLOCK; i += 8) store<u64>(R + i, load<u64>(R + i) ^ load<u64>(last + i));
  }
}

@inline
function blockAt(lane: u32, length: u32, index: u32): usize {
  return BLOCKS + BLOCK * <usize>(lane * length + index);
}

function fillSegment(pass: u32, slice: u32, lane: u32, lanes: u32, length: u32, independent: bool): void {
  const size = length / SLICES;
  const first = pass == 0 && slice == 0;
  for (let i: u32 = first ? 2 : 0; i < size; i++) {
    const index = slice * size + i;
    const previous = blockAt(lane, length, index == 0 ? length - 1 : index - 1);
    if (independent && (i % WORDS == 0 || (first && i == 2))) nextAddresses();
    const address = load<u64>(independent ? ADDRESSES + 8 * <usize>(i % WORDS) : previous);
    // Section 3.4.2: from which lane, and how many blocks may be referred to: those of the last three slices, of the own
    // lane also the ones of this segment, but never the one before.
    const from = first ? lane : <u32>(address >> 32) % lanes;
    const finished = pass == 0 ? slice * size : length - size;
    const count = from == lane ? finished + i - 1 : finished - <u32>(i == 0);
    const x = ((address & 0xffffffff) * (address & 0xffffffff)) >> 32;
    const back = <u32>((<u64>count * x) >> 32);
    const oldest = pass == 0 ? 0 : (slice + 1) * size;
    const referred = (oldest + count - 1 - back) % length;
    compress(previous, blockAt(from, length, referred), blockAt(lane, length, index), pass > 0);
  }
}

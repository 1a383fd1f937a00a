// UHASH of UMAC (RFC 4418 section 5) in AssemblyScript. `npm run wasm` compiles it into ../umac.wasm.ts.
//
// One call makes one 32-bit word of the hash for each of `streams` key streams, over a message of at most 16 MiB:
// longer ones would need the second polynomial of section 5.4, which no SSH packet does. No branch and no address
// depends on keys or message, but for the rare words of section 5.4 that do not fit the modulus.

// The memory, as ../umac.ts knows it: the keys, then the hash, then the message with room behind it.
const L1: usize = 0; // 1072 bytes: little-endian words of 32 bits, 16 bytes further for each stream
const L2: usize = 1072; // 8 bytes per stream
const L3: usize = 1104; // 64 bytes per stream
const L3_PAD: usize = 1360; // 4 bytes per stream
const KEYS_END: usize = 1376;
const HASH: usize = 1376;
const MESSAGE: usize = 1408;

const CHUNK: usize = 1024;
const LOW: u64 = 0xffffffff;
/** 2^64 - 59, the largest prime of 64 bits. */
const P64: u64 = 0xffffffffffffffc5;
/** 2^36 - 5. */
const P36: u64 = 0x0000000ffffffffb;

/** Section 5.2.2: NH of `bytes` (a multiple of 32) at `at`; `bits` is the length before padding. */
@inline
function nh(key: usize, at: usize, bytes: usize, bits: u64): u64 {
  let sum: u64 = bits;
  const end = at + bytes;
  while (at < end) {
    for (let i: usize = 0; i < 16; i += 4) {
      const a = load<u32>(at + i) + load<u32>(key + i);
      const b = load<u32>(at + i + 16) + load<u32>(key + i + 16);
      sum += <u64>a * <u64>b;
    }
    at += 32;
    key += 32;
  }
  return sum;
}

/** k * y + m modulo P64; both halves of k are below 2^25. */
@inline
function step(k: u64, y: u64, m: u64): u64 {
  const kh = k >> 32;
  const kl = k & LOW;
  const yh = y >> 32;
  const yl = y & LOW;
  const middle = kh * yl + kl * yh;
  // 2^64 is 59 modulo the prime.
  const high = (kh * yh + (middle >> 32)) * 59;
  let sum = kl * yl;
  sum = add(sum, middle << 32);
  sum = add(sum, high);
  return add(sum, m);
}

/** a + b modulo 2^64 - 59, kept below 2^64. */
@inline
function add(a: u64, b: u64): u64 {
  let sum = a + b;
  const carry = <u64>(sum < a);
  sum += carry * 59;
  // Where that overflows again, the sum is below 59 * 2.
  return sum + <u64>(sum < carry * 59) * 59;
}

/** Section 5.3.2 for one word of 64 bits: words near 2^64 are split in a marker and the rest. */
@inline
function poly(k: u64, y: u64, m: u64): u64 {
  if (m >= 0xffffffff00000000) {
    y = step(k, y, P64 - 1);
    m -= 59;
  }
  return step(k, y, m);
}

/** Section 5.4.1 over 16 bytes: words of 16 bits times keys of 36 bits. The first 8 bytes are zero in all we hash. */
@inline
function inner(key: usize, word: u64): u64 {
  let sum: u64 = 0;
  for (let i: usize = 0; i < 4; i++) {
    sum += ((word >> (48 - 16 * <u64>i)) & 0xffff) * load<u64>(key + 32 + 8 * i);
  }
  return sum % P36;
}

/** Hashes `length` bytes at MESSAGE under `streams` key streams into HASH, big-endian, and wipes the keys. */
export function uhash(length: u32, streams: u32): void {
  const size = <usize>length;
  const padded = size == 0 ? 32 : (size + 31) & ~31;
  memory.fill(MESSAGE + size, 0, padded - size);

  for (let stream: usize = 0; stream < <usize>streams; stream++) {
    const l1 = L1 + 16 * stream;
    const k = load<u64>(L2 + 8 * stream);
    let at: usize = 0;
    let word: u64;
    if (size <= CHUNK) {
      word = nh(l1, MESSAGE, padded, 8 * <u64>size);
    } else {
      let y: u64 = 1;
      while (size - at > CHUNK) {
        y = poly(k, y, nh(l1, MESSAGE + at, CHUNK, 8 * <u64>CHUNK));
        at += CHUNK;
      }
      y = poly(k, y, nh(l1, MESSAGE + at, padded - at, 8 * <u64>(size - at)));
      word = y >= P64 ? y - P64 : y;
    }
    const out = <u32>inner(L3 + 64 * stream, word) ^ load<u32>(L3_PAD + 4 * stream);
    store<u32>(HASH + 4 * stream, bswap(out));
  }
  memory.fill(L1, 0, KEYS_END);
}

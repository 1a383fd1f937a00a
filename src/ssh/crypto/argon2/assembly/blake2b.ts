// BLAKE2b (RFC 7693) without a key, for the ends of Argon2: node:crypto knows no other length than 64 bytes.

// The memory, beside that of ./index.ts.
export const HASH: usize = 512; // 8 words: the state, and the digest in the end
const WORK: usize = 576; // 16 words
const LAST: usize = 704; // 128 bytes: the last block, with zeros behind its end

const BLOCK: usize = 128;
const IV: usize = memory.data<u64>([
  0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
  0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
]);
const SIGMA: usize = memory.data<u8>([
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3, 11, 8,
  12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8, 9, 0, 5, 7, 2,
  4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9, 12, 5, 1, 15, 14, 13, 4,
  10, 0, 7, 6, 3, 9, 2, 8, 11, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10, 6, 15, 14, 9, 11, 3, 0, 8, 12, 2,
  13, 7, 1, 4, 10, 5, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
]);

/** Section 3.1: G, with the words a, b, c and d of WORK and two of the message. */
function mix(a: usize, b: usize, c: usize, d: usize, x: u64, y: u64): void {
  const at = WORK + 8 * a;
  const bt = WORK + 8 * b;
  const ct = WORK + 8 * c;
  const dt = WORK + 8 * d;
  store<u64>(at, load<u64>(at) + load<u64>(bt) + x);
  store<u64>(dt, rotr(load<u64>(dt) ^ load<u64>(at), 32));
  store<u64>(ct, load<u64>(ct) + load<u64>(dt));
  store<u64>(bt, rotr(load<u64>(bt) ^ load<u64>(ct), 24));
  store<u64>(at, load<u64>(at) + load<u64>(bt) + y);
  store<u64>(dt, rotr(load<u64>(dt) ^ load<u64>(at), 16));
  store<u64>(ct, load<u64>(ct) + load<u64>(dt));
  store<u64>(bt, rotr(load<u64>(bt) ^ load<u64>(ct), 63));
}

/** Section 3.2: F, for the block at `block`; `count` is how many bytes there were with it. */
function compress(block: usize, count: u64, last: bool): void {
  memory.copy(WORK, HASH, 64);
  memory.copy(WORK + 64, IV, 64);
  store<u64>(WORK + 96, load<u64>(WORK + 96) ^ count);
  if (last) store<u64>(WORK + 112, ~load<u64>(WORK + 112));
  for (let round: usize = 0; round < 12; round++) {
    const order = SIGMA + 16 * (round % 10);
    for (let i: usize = 0; i < 8; i++) {
      // The columns, then the diagonals.
      const turn: usize = i >> 2;
      const x = load<u64>(block + 8 * <usize>load<u8>(order + 2 * i));
      const y = load<u64>(block + 8 * <usize>load<u8>(order + 2 * i + 1));
      mix(i & 3, 4 + ((i + turn) & 3), 8 + ((i + 2 * turn) & 3), 12 + ((i + 3 * turn) & 3), x, y);
    }
  }
  for (let i: usize = 0; i < 64; i += 8) {
    store<u64>(HASH + i, load<u64>(HASH + i) ^ load<u64>(WORK + i) ^ load<u64>(WORK + 64 + i));
  }
}

/** The first `digest` bytes of HASH become the hash of the `length` bytes at `at`. */
export function blake2b(at: usize, length: usize, digest: u32): void {
  memory.copy(HASH, IV, 64);
  store<u64>(HASH, load<u64>(HASH) ^ 0x01010000 ^ <u64>digest);
  let done: usize = 0;
  while (length - done > BLOCK) {
    compress(at + done, done + BLOCK, false);
    done += BLOCK;
  }
  memory.fill(LAST, 0, BLOCK);
  memory.copy(LAST, at + done, length - done);
  compress(LAST, length, true);
}

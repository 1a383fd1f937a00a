// Poly1305 (RFC 8439 section 2.5) in AssemblyScript. `npm run wasm` compiles it into ../poly1305.wasm.ts.
//
// The accumulator is five limbs of 32 bits in u64 variables, the last one a few bits; r is four limbs, each
// below 2^28 after clamping, so that a column of products stays below 2^64 and carries can wait until the
// end of a block. No branch and no address depends on the key or on the accumulator, only on the length.

// The memory, as ../poly1305.ts knows it: the key, then the tag, then the message with room behind it.
const KEY: usize = 0;
const TAG: usize = 32;
const MESSAGE: usize = 64;

const LOW: u64 = 0xffffffff;

@inline
function word(at: usize): u64 {
  return <u64>load<u32>(at);
}

/** Authenticates `length` bytes at MESSAGE with the key at KEY, leaves the tag at TAG and wipes the key. */
export function tag(length: u32): void {
  // Section 2.5.1, clamp.
  const r0 = word(KEY) & 0x0fffffff;
  const r1 = word(KEY + 4) & 0x0ffffffc;
  const r2 = word(KEY + 8) & 0x0ffffffc;
  const r3 = word(KEY + 12) & 0x0ffffffc;
  // 2^130 = 5 modulo the prime: a product at 2^128 comes back as 5/4 of itself, and r1 to r3 are multiples of 4.
  const s1 = (r1 >> 2) * 5;
  const s2 = (r2 >> 2) * 5;
  const s3 = (r3 >> 2) * 5;

  let h0: u64 = 0;
  let h1: u64 = 0;
  let h2: u64 = 0;
  let h3: u64 = 0;
  let h4: u64 = 0;

  // The last block, when short, ends in a byte 1 and zeros instead of having a bit set above it.
  const whole = length & ~15;
  const end = MESSAGE + <usize>length;
  store<u64>(end, 1);
  store<u64>(end + 8, 0);

  let at = MESSAGE;
  const stop = MESSAGE + <usize>((length + 15) & ~15);
  const wholeEnd = MESSAGE + <usize>whole;
  while (at < stop) {
    h0 += word(at);
    h1 += word(at + 4);
    h2 += word(at + 8);
    h3 += word(at + 12);
    h4 += <u64>(at < wholeEnd);

    const x0 = h0 * r0 + h1 * s3 + h2 * s2 + h3 * s1;
    const x1 = h0 * r1 + h1 * r0 + h2 * s3 + h3 * s2 + h4 * s1;
    const x2 = h0 * r2 + h1 * r1 + h2 * r0 + h3 * s3 + h4 * s2;
    const x3 = h0 * r3 + h1 * r2 + h2 * r1 + h3 * r0 + h4 * s3;
    const x4 = h4 * r0 + (x3 >> 32);

    h0 = (x0 & LOW) + (x4 >> 2) * 5;
    h1 = (x1 & LOW) + (x0 >> 32) + (h0 >> 32);
    h2 = (x2 & LOW) + (x1 >> 32) + (h1 >> 32);
    h3 = (x3 & LOW) + (x2 >> 32) + (h2 >> 32);
    h4 = (x4 & 3) + (h3 >> 32);
    h0 &= LOW;
    h1 &= LOW;
    h2 &= LOW;
    h3 &= LOW;
    at += 16;
  }

  // Once more modulo the prime: h + 5 reaches 2^130 exactly when h is not below it. h4 may still carry.
  let carry = (h4 >> 2) * 5;
  h4 &= 3;
  h0 += carry;
  h1 += h0 >> 32;
  h2 += h1 >> 32;
  h3 += h2 >> 32;
  h4 += h3 >> 32;
  h0 &= LOW;
  h1 &= LOW;
  h2 &= LOW;
  h3 &= LOW;
  carry = (h0 + 5) >> 32;
  carry = (h1 + carry) >> 32;
  carry = (h2 + carry) >> 32;
  carry = (h3 + carry) >> 32;
  carry = ((h4 + carry) >> 2) * 5;

  // Section 2.5.1, the end: s is added modulo 2^128.
  h0 += carry + word(KEY + 16);
  h1 += (h0 >> 32) + word(KEY + 20);
  h2 += (h1 >> 32) + word(KEY + 24);
  h3 += (h2 >> 32) + word(KEY + 28);
  store<u32>(TAG, <u32>h0);
  store<u32>(TAG + 4, <u32>h1);
  store<u32>(TAG + 8, <u32>h2);
  store<u32>(TAG + 12, <u32>h3);

  store<u64>(KEY, 0);
  store<u64>(KEY + 8, 0);
  store<u64>(KEY + 16, 0);
  store<u64>(KEY + 24, 0);
}

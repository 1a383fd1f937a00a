// The bcrypt inside OpenBSD's bcrypt_pbkdf(3) in AssemblyScript. `npm run wasm` compiles it into ../bcrypt.wasm.ts.
//
// Two hashes are made side by side, with a Blowfish state each: one waits for its own tables most of the time, and a key
// of more than 32 bytes takes two anyway.

// The memory, as ../bcrypt-pbkdf.ts knows it. Words are of 32 bits; those of the key, the salts and the hashes are in the
// order of the machine.
const INITIAL: usize = 0; // 18 subkeys and four boxes of 256 words, made of pi
const STATE_BYTES: usize = 4168;
const A: usize = 4224; // the state of the first hash
const B: usize = 8448; // the state of the second
const PASS: usize = 12672; // 16 words
const SALT_A: usize = 12736; // 16 words
const SALT_B: usize = 12800; // 16 words
const NOTHING: usize = 12864; // 16 words of zero
const MAGIC: usize = 12928; // 8 words: the text that is encrypted
const HASH_A: usize = 12960; // 8 words
const HASH_B: usize = 12992; // 8 words

const SUBKEYS: usize = 72;
const BOX: usize = 1024;
/** The cost of bcrypt as a number of key expansions, and of encryptions at the end: 2 to the 6. */
const TIMES: u32 = 64;

@inline
function f(x: u32, boxes: usize): u32 {
  const a = load<u32>(boxes + ((x >>> 22) & 0x3fc));
  const b = load<u32>(boxes + BOX + ((x >>> 14) & 0x3fc));
  const c = load<u32>(boxes + 2 * BOX + ((x >>> 6) & 0x3fc));
  const d = load<u32>(boxes + 3 * BOX + ((x << 2) & 0x3fc));
  return ((a + b) ^ c) + d;
}

/** The halves of a block of each hash. */
let leftA: u32 = 0;
let rightA: u32 = 0;
let leftB: u32 = 0;
let rightB: u32 = 0;

/** Blowfish of one block of each hash. */
@inline
function encrypt(): void {
  let la = leftA ^ load<u32>(A);
  let ra = rightA;
  let lb = leftB ^ load<u32>(B);
  let rb = rightB;
  for (let i: usize = 4; i < 68; i += 8) {
    ra ^= load<u32>(A + i) ^ f(la, A + SUBKEYS);
    rb ^= load<u32>(B + i) ^ f(lb, B + SUBKEYS);
    la ^= load<u32>(A + i + 4) ^ f(ra, A + SUBKEYS);
    lb ^= load<u32>(B + i + 4) ^ f(rb, B + SUBKEYS);
  }
  leftA = ra ^ load<u32>(A + 68);
  rightA = la;
  leftB = rb ^ load<u32>(B + 68);
  rightB = lb;
}

/** One key expansion: every subkey and box is the encryption of the one before it, mixed with a salt. */
function expand(keyA: usize, keyB: usize, saltA: usize, saltB: usize): void {
  for (let i: usize = 0; i < SUBKEYS; i += 4) {
    store<u32>(A + i, load<u32>(A + i) ^ load<u32>(keyA + (i & 63)));
    store<u32>(B + i, load<u32>(B + i) ^ load<u32>(keyB + (i & 63)));
  }
  leftA = 0;
  rightA = 0;
  leftB = 0;
  rightB = 0;
  for (let i: usize = 0; i < STATE_BYTES; i += 8) {
    const word = i & 63;
    leftA ^= load<u32>(saltA + word);
    rightA ^= load<u32>(saltA + word + 4);
    leftB ^= load<u32>(saltB + word);
    rightB ^= load<u32>(saltB + word + 4);
    encrypt();
    store<u32>(A + i, leftA);
    store<u32>(A + i + 4, rightA);
    store<u32>(B + i, leftB);
    store<u32>(B + i + 4, rightB);
  }
}

/** Hashes PASS with each of the two salts. */
export function hash(): void {
  memory.copy(A, INITIAL, STATE_BYTES);
  memory.copy(B, INITIAL, STATE_BYTES);
  expand(PASS, PASS, SALT_A, SALT_B);
  for (let i: u32 = 0; i < TIMES; i++) {
    expand(SALT_A, SALT_B, NOTHING, NOTHING);
    expand(PASS, PASS, NOTHING, NOTHING);
  }
  for (let i: usize = 0; i < 32; i += 8) {
    leftA = load<u32>(MAGIC + i);
    rightA = load<u32>(MAGIC + i + 4);
    leftB = leftA;
    rightB = rightA;
    for (let time: u32 = 0; time < TIMES; time++) encrypt();
    store<u32>(HASH_A + i, leftA);
    store<u32>(HASH_A + i + 4, rightA);
    store<u32>(HASH_B + i, leftB);
    store<u32>(HASH_B + i + 4, rightB);
  }
}

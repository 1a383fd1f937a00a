/** RC2 (RFC 2268) in CBC mode, decryption only: what old PKCS#12 files hide their certificates with. */

// RFC 2268 section 2: the digits of pi, shuffled.
const PI_TABLE: Uint8Array = Buffer.from(
  'd978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2179a59f587b34f1361456d8d09817d32' +
    'bd8f40eb86b77b0bf09521225c6b4e8254d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed708e8eade8052eef784aa72ac354d6a2a' +
    '961ad2715a1549744b9fd05e0418a4ecc2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a90d38341bab33ffb0bb480c5fb9b1cd2e' +
    'c5f3db47e5a59c770aa62068fe7fc1ad',
  'hex',
);
const BLOCK = 8;
const ROTATIONS = [1, 2, 3, 5] as const;

/** The plain bytes, padding and all. `bits` is the effective key length. */
export function decryptRc2(key: Uint8Array, bits: number, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  const keys = expandKey(key, bits);
  const plain = new Uint8Array(bytes.length);
  let previous = iv;
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK);
    const opened = decryptBlock(keys, block);
    for (let i = 0; i < BLOCK; i++) plain[at + i] = opened[i]! ^ previous[i]!;
    previous = block;
  }
  return plain;
}

function expandKey(key: Uint8Array, bits: number): Uint16Array {
  const bytes = new Uint8Array(128);
  bytes.set(key);
  for (let i = key.length; i < 128; i++) bytes[i] = PI_TABLE[(bytes[i - 1]! + bytes[i - key.length]!) & 255]!;
  const length = Math.ceil(bits / 8);
  const mask = 255 >> (8 * length - bits);
  bytes[128 - length] = PI_TABLE[bytes[128 - length]! & mask]!;
  for (let i = 127 - length; i >= 0; i--) bytes[i] = PI_TABLE[bytes[i + 1]! ^ bytes[i + length]!]!;
  return Uint16Array.from({ length: 64 }, (_, i) => bytes[2 * i]! | (bytes[2 * i + 1]! << 8));
}

function decryptBlock(keys: Uint16Array, block: Uint8Array): Uint8Array {
  const words = Uint16Array.from({ length: 4 }, (_, i) => block[2 * i]! | (block[2 * i + 1]! << 8));
  let next = 63;
  const unmix = (): void => {
    for (let i = 3; i >= 0; i--) {
      const turn = ROTATIONS[i]!;
      const [a, b, c] = [words[(i + 3) & 3]!, words[(i + 2) & 3]!, words[(i + 1) & 3]!];
      const word = (words[i]! >>> turn) | (words[i]! << (16 - turn));
      words[i] = word - keys[next--]! - (a & b) - (~a & c);
    }
  };
  const unmash = (): void => {
    for (let i = 3; i >= 0; i--) words[i] = words[i]! - keys[words[(i + 3) & 3]! & 63]!;
  };
  for (let round = 0; round < 16; round++) {
    if (round === 5 || round === 11) unmash();
    unmix();
  }
  return Uint8Array.from({ length: BLOCK }, (_, i) => (words[i >> 1]! >> (8 * (i & 1))) & 255);
}

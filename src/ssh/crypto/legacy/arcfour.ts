import type { StreamCipher } from '../stream-cipher.ts';

/** RFC 4345 section 4: arcfour128 and arcfour256 throw the first bytes of the key stream away. */
export const ARCFOUR_DISCARD = 1536;

/** The cipher of RFC 6229; `discard` bytes of its key stream are never used. */
export function arcfour(key: Uint8Array, discard: number): StreamCipher {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  for (let i = 0, j = 0; i < 256; i++) {
    const held = state[i]!;
    j = (j + held + key[i % key.length]!) & 0xff;
    state[i] = state[j]!;
    state[j] = held;
  }
  let i = 0;
  let j = 0;
  const update = (bytes: Uint8Array): Uint8Array => {
    const out = new Uint8Array(bytes.length);
    for (let at = 0; at < bytes.length; at++) {
      i = (i + 1) & 0xff;
      const a = state[i]!;
      j = (j + a) & 0xff;
      const b = state[j]!;
      state[i] = b;
      state[j] = a;
      out[at] = bytes[at]! ^ state[(a + b) & 0xff]!;
    }
    return out;
  };
  update(new Uint8Array(discard));
  return { update };
}

import { createHash } from 'node:crypto';
import type { RandomSource } from '../../../src/base/random.ts';

/** The SHAKE128 stream of `seed`, at most `length` bytes of it: the same bytes in every run. */
export function shakeRandom(seed: string, length = 65_536): RandomSource {
  return scriptedRandom(createHash('shake128', { outputLength: length }).update(seed).digest());
}

/** Hands out the given bytes in turn; a draw beyond the last one throws. */
export function scriptedRandom(...values: Uint8Array[]): RandomSource {
  const script = Buffer.concat(values);
  let at = 0;
  return {
    fill(target) {
      if (at + target.length > script.length) throw new RangeError('the scripted random source is used up');
      target.set(script.subarray(at, at + target.length));
      at += target.length;
    },
  };
}

/** Hexadecimal, with any spacing, as bytes. */
export function hex(text: string): Uint8Array {
  return Buffer.from(text.replace(/\s/g, ''), 'hex');
}

/** For assert.throws and assert.rejects: a value of the peer's was refused. */
export const refused = { name: 'WherryError', code: 'SSH_KEY_EXCHANGE' } as const;

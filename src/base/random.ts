import { randomFillSync } from 'node:crypto';

/** Where random bytes come from. Tests hand in a seeded one; everything else uses `systemRandom`. */
export interface RandomSource {
  fill(target: Uint8Array): void;
}

const POOL = Buffer.alloc(16_384);
let used: number = POOL.length;

/** node:crypto's generator; short requests (packet padding) are served from a pool, each byte once. */
export const systemRandom: RandomSource = {
  fill(target) {
    if (target.length > 256) {
      randomFillSync(target);
      return;
    }
    if (used + target.length > POOL.length) {
      randomFillSync(POOL);
      used = 0;
    }
    POOL.copy(target, 0, used, used + target.length);
    POOL.fill(0, used, used + target.length);
    used += target.length;
  },
};

export function randomBytes(length: number, source: RandomSource = systemRandom): Uint8Array {
  const bytes = new Uint8Array(length);
  source.fill(bytes);
  return bytes;
}

import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/base/bytes.ts';
import { type RandomSource, systemRandom } from '../../../src/base/random.ts';
import {
  decodeModQ,
  decodeRounded,
  encodeModQ,
  encodeRounded,
} from '../../../src/ssh/crypto/kex/sntrup761/encodings.ts';
import { HALF_Q, MOD_3, MOD_Q, P, reduce, W } from '../../../src/ssh/crypto/kex/sntrup761/parameters.ts';
import { invert, multiply, shortFrom, smallFrom } from '../../../src/ssh/crypto/kex/sntrup761/polynomials.ts';
import { sntrup761 } from '../../../src/ssh/crypto/kex/sntrup761/sntrup761.ts';
import { hex, refused, shakeRandom } from './seeded-random.ts';

/**
 * The generator of the NIST submissions: CTR_DRBG with AES-256 (NIST SP 800-90A section 10.2.1), without derivation
 * function. The reference draws the 4 bytes of each coefficient in a call of their own.
 */
function nistRandom(seed: Uint8Array): RandomSource {
  let key: Buffer = Buffer.alloc(32);
  let counter = 0n;
  const blocks = (count: number): Buffer => {
    const counters = Array.from({ length: count }, () => {
      counter = (counter + 1n) % 2n ** 128n;
      return Buffer.from(counter.toString(16).padStart(32, '0'), 'hex');
    });
    return createCipheriv('aes-256-ecb', key, null).setAutoPadding(false).update(Buffer.concat(counters));
  };
  const update = (provided: Uint8Array): void => {
    const fresh = blocks(3).map((byte, i) => byte ^ provided[i]!);
    key = Buffer.from(fresh.subarray(0, 32));
    counter = BigInt(`0x${toHex(fresh.subarray(32))}`);
  };
  update(seed);
  const draw = (target: Uint8Array): void => {
    target.set(blocks(Math.ceil(target.length / 16)).subarray(0, target.length));
    update(new Uint8Array(48));
  };
  return {
    fill(target) {
      if (target.length !== 4 * P) draw(target);
      else for (let at = 0; at < target.length; at += 4) draw(target.subarray(at, at + 4));
    },
  };
}

/** NIST submission of 2020-10-07, KAT/kem/sntrup761: seeds and secrets, and SHA-256 of the longer values. */
const VECTORS = [
  {
    seed: '061550234d158c5ec95595fe04ef7a25767f2e24cc2bc479d09d86dc9abcfde7056a8c266f9ef97ed08541dbd2e1ffa1',
    publicKey: 'd1736cf321592955c718fa191ef5b1137dd7593ff3b18d5ed733ac96e7d65ce9',
    ciphertext: 'beec3df6e2d1d64eb7fa4c95605ff32aff38ab0e23ff79ff61bbc9832c31e885',
    secret: '344ca5e25f6da5ea95e4a695b1c5446eca9859334532e4a9537669f012c743a2',
  },
  {
    seed: 'd81c4d8d734fcbfbeade3d3f8a039faa2a2c9957e835ad55b22e75bf57bb556ac81adde6aeeb4a5a875c3bfcadfa958f',
    publicKey: '0957045d6d7f8863107eaec76158bb99c9e2db4b623ca4cb8a32dc14a0abddc8',
    ciphertext: '033ae13a0c75c54cc47a14cbfcab8f88ab9e2995528e00a71514e5ef6e3d3bd0',
    secret: '16c15126f734e51268ba916ce3b39a72e171ae79b8c2b6a68b34ab0dc5621b7e',
  },
] as const;

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

for (const [index, vector] of VECTORS.entries()) {
  test(`sntrup761: known answer ${index} of the NIST submission, both ways`, async () => {
    const random = nistRandom(hex(vector.seed));
    const pair = await sntrup761.generate(random);
    assert.equal(sha256(pair.publicKey), vector.publicKey);
    const { ciphertext, secret } = await sntrup761.encapsulate(random, pair.publicKey);
    assert.equal(sha256(ciphertext), vector.ciphertext);
    assert.equal(toHex(secret), vector.secret);
    assert.equal(toHex(pair.decapsulate(ciphertext)), vector.secret);
  });
}

test('sntrup761: any random bytes give keys that agree; a changed ciphertext gives another secret, the same each time', async () => {
  for (let round = 0; round < 5; round++) {
    const pair = await sntrup761.generate(shakeRandom(`key ${round}`));
    const { ciphertext, secret } = await sntrup761.encapsulate(systemRandom, pair.publicKey);
    assert.deepEqual([pair.publicKey.length, ciphertext.length, secret.length], [1158, 1039, 32]);
    assert.equal(toHex(pair.decapsulate(ciphertext)), toHex(secret));
    for (const at of [0, 500, 1006, 1007, 1038]) {
      const forged = Uint8Array.from(ciphertext);
      forged[at]! ^= 1 << round;
      const other = toHex(pair.decapsulate(forged));
      assert.notEqual(other, toHex(secret), `byte ${at}`);
      assert.equal(toHex(pair.decapsulate(forged)), other);
    }
  }
});

test('sntrup761: bytes nobody encrypted are taken like any other', async () => {
  const pair = await sntrup761.generate(systemRandom);
  for (const byte of [0, 0x55, 0xff]) {
    assert.equal(pair.decapsulate(new Uint8Array(1039).fill(byte)).length, 32);
    const { ciphertext } = await sntrup761.encapsulate(systemRandom, new Uint8Array(1158).fill(byte));
    assert.equal(ciphertext.length, 1039);
  }
  await assert.rejects(sntrup761.encapsulate(systemRandom, new Uint8Array(1157)), refused);
});

test('sntrup761: a random source without randomness is found out', async () => {
  await assert.rejects(sntrup761.generate({ fill: (target) => void target.fill(0xaa) }), refused);
});

test('sntrup761: reductions are the remainders nearest to zero', () => {
  for (const modulus of [MOD_Q, MOD_3]) {
    for (let x = -20_000_000; x < 20_000_000; x += 997) {
      const rest = reduce(x, modulus);
      assert.ok(Math.abs(rest) <= modulus.m / 2 && Number.isInteger((x - rest) / modulus.m), `${x}`);
    }
  }
});

test('sntrup761: inverses times the polynomial are 1', () => {
  const one = Array.from({ length: P }, (_, i) => (i === 0 ? 1 : 0));
  const bytes = new Uint8Array(4 * P);
  for (let round = 0; round < 3; round++) {
    shakeRandom(`polynomial ${round}`).fill(bytes);
    const [f, g] = [shortFrom(bytes), smallFrom(bytes)];
    assert.equal(
      f.reduce((sum, x) => sum + Math.abs(x), 0),
      W,
    );
    assert.deepEqual([...multiply(invert(f, MOD_Q)!, f, MOD_Q)], one);
    assert.deepEqual([...multiply(invert(g, MOD_3)!, g, MOD_3)], one);
  }
  assert.equal(invert(new Int32Array(P), MOD_3), undefined);
});

test('sntrup761: every list of coefficients comes back from its bytes', () => {
  const coefficients = fc.array(fc.integer({ min: -HALF_Q, max: HALF_Q }), { minLength: P, maxLength: P });
  fc.assert(
    fc.property(coefficients, (values) => {
      assert.deepEqual([...decodeModQ(encodeModQ(Int32Array.from(values)))], values);
      const rounded = values.map((x) => x - reduce(x, MOD_3));
      assert.deepEqual([...decodeRounded(encodeRounded(Int32Array.from(rounded)))], rounded);
    }),
    { numRuns: 20 },
  );
});

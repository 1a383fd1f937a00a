import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemRandom } from '../../../src/base/random.ts';
import { bitLength, fromBigInt, toBigInt } from '../../../src/ssh/crypto/kex/big-integer.ts';
import { dhAgreement } from '../../../src/ssh/crypto/kex/dh.ts';
import { DH_GROUPS } from '../../../src/ssh/crypto/kex/dh-groups.ts';
import { modPower } from '../../../src/ssh/crypto/kex/mod-power.ts';
import { refused, scriptedRandom } from './seeded-random.ts';

/** floor(2^bits * pi), by Machin's formula. */
function piTimes2To(bits: number): bigint {
  const guard = 64n;
  const one = 1n << (BigInt(bits) + guard);
  const arctanInverse = (x: bigint): bigint => {
    let sum = 0n;
    let power = one / x;
    for (let n = 1n; power > 0n; n += 2n) {
      sum += n % 4n === 1n ? power / n : -(power / n);
      power /= x * x;
    }
    return sum;
  };
  return (4n * (4n * arctanInverse(5n) - arctanInverse(239n))) >> guard;
}

// RFC 2409 section 6.2 and RFC 3526: p = 2^n - 2^(n-64) - 1 + 2^64 ([2^(n-130) pi] + addend).
const ADDENDS = {
  group1: 129_093n,
  group14: 124_476n,
  group15: 1_690_314n,
  group16: 240_904n,
  group17: 929_484n,
  group18: 4_743_158n,
} satisfies Record<keyof typeof DH_GROUPS, bigint>;

for (const [name, group] of Object.entries(DH_GROUPS)) {
  test(`${name}: the prime is that of ${group.ref}, the generator 2`, () => {
    const n = BigInt(group.bits);
    const addend = ADDENDS[name as keyof typeof DH_GROUPS];
    const p = 2n ** n - 2n ** (n - 64n) - 1n + 2n ** 64n * (piTimes2To(group.bits - 130) + addend);
    assert.equal(toBigInt(group.p), p);
    assert.equal(toBigInt(group.g), 2n);
    assert.equal(bitLength(group.p), group.bits);
  });
}

function slowPower(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = (result * result) % modulus;
    if (bit === '1') result = (result * base) % modulus;
  }
  return result;
}

test('modPower: any base and exponent gives what bigint arithmetic gives, over group 1', () => {
  const p = toBigInt(DH_GROUPS.group1.p);
  const bases = fc.bigInt({ min: 2n, max: p - 2n });
  const exponents = fc.oneof(fc.bigInt({ min: 2n, max: 2n ** 70n }), fc.bigInt({ min: 2n, max: p / 2n }));
  fc.assert(
    fc.property(bases, exponents, (base, exponent) => {
      const power = modPower(fromBigInt(base), fromBigInt(exponent), DH_GROUPS.group1.p);
      assert.equal(toBigInt(power), slowPower(base, exponent, p));
    }),
    { numRuns: 60 },
  );
});

test('modPower: leading zeros of the numbers do not matter', () => {
  const padded = (value: Uint8Array) => Buffer.concat([new Uint8Array(3), value]);
  const { p } = DH_GROUPS.group1;
  const exponent = Buffer.from('00ff8001', 'hex');
  assert.deepEqual(
    modPower(padded(Buffer.of(5)), padded(exponent), padded(p)),
    modPower(Buffer.of(5), exponent.subarray(1), p),
  );
});

test('dh: the exponent comes from the random source, with the bits asked for, and the secret is g^xy', async () => {
  const group = DH_GROUPS.group14;
  const agreement = dhAgreement(group, 512);
  const x = Buffer.alloc(64, 0xc3);
  const y = Buffer.alloc(64, 0x1f);
  const initiator = await agreement.initiate(scriptedRandom(x));
  const answer = await agreement.respond(scriptedRandom(y), initiator.publicValue);
  const p = toBigInt(group.p);
  assert.equal(toBigInt(initiator.publicValue), slowPower(2n, toBigInt(x), p));
  assert.equal(toBigInt(answer.publicValue), slowPower(2n, toBigInt(y), p));
  assert.equal(toBigInt(answer.secret), slowPower(2n, toBigInt(x) * toBigInt(y), p));
  assert.deepEqual(initiator.finish(answer.publicValue), answer.secret);
});

test('dh: an exponent never reaches (p-1)/2, however many bits are asked for', async () => {
  const drawn: number[] = [];
  const random = {
    fill(target: Uint8Array) {
      drawn.push(target.length);
      target.fill(0xff);
    },
  };
  await dhAgreement(DH_GROUPS.group1, 4096).initiate(random);
  assert.deepEqual(drawn, [127]);
});

test('dh: 0, 1, p-1, p and above are refused; 2 and p-2 are not', async () => {
  const agreement = dhAgreement(DH_GROUPS.group14, 512);
  const p = toBigInt(DH_GROUPS.group14.p);
  const initiator = await agreement.initiate(systemRandom);
  for (const bad of [0n, 1n, p - 1n, p, p + 1n, 2n * p, 2n ** 4096n]) {
    assert.throws(() => initiator.finish(fromBigInt(bad)), refused);
    await assert.rejects(agreement.respond(systemRandom, fromBigInt(bad)), refused);
  }
  assert.throws(() => initiator.finish(new Uint8Array(0)), refused);
  for (const good of [2n, p - 2n]) assert.equal(initiator.finish(fromBigInt(good)).length, 256);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { bitLength, fromBigInt, toBigInt } from '../../../src/ssh/crypto/kex/big-integer.ts';
import { DH_GROUPS } from '../../../src/ssh/crypto/kex/dh-groups.ts';
import { checkGroup } from '../../../src/ssh/crypto/kex/gex.ts';
import { groupAgreement } from '../../../src/ssh/crypto/key-exchanges.ts';
import { refused } from './seeded-random.ts';

const ASKED = { min: 2048, max: 8192 };
const TWO = Uint8Array.of(2);

/** floor(2^bits * e), from the series of 1/n!. */
function eTimes2To(bits: number): bigint {
  const guard = 64n;
  let sum = 0n;
  let term = 1n << (BigInt(bits) + guard);
  for (let n = 1n; term > 0n; n++) {
    sum += term;
    term /= n;
  }
  return sum >> guard;
}

/** RFC 7919 appendix A: p = 2^b - 2^(b-64) + ([2^(b-130) e] + X) 2^64 - 1. Safe primes this code does not know. */
function ffdhe(bits: number, x: bigint): Uint8Array {
  const b = BigInt(bits);
  return fromBigInt(2n ** b - 2n ** (b - 64n) + (eTimes2To(bits - 130) + x) * 2n ** 64n - 1n);
}

/** A safe prime made for this test, 3 modulo 8, so that (p-1)/2 is 1 modulo 4; those above are 7 modulo 8. */
const THREE_MOD_8: Uint8Array = Buffer.from(
  '944c7d91d6fbbad3a8b2076f5f88a33f008430d4f0a5c410eb4558faa3b26a8674f5cc15e2dd699451d74b9a8abd464e' +
    '300477f4d40c7e6a60d905ecb1b1fd933874e4c247eb593112c635f21ee4c97b4fc068cb09794214a3ba9993acac3e58' +
    '58f34ce3452c4b7efc10afdf3c1640b258e6465ca76041afb5ba36f5a66193c940116d69a0c9292830c4ab2544c0b347' +
    '8086e50404a5d1c35f3e81a93f675ad7676afba7afa8a5ad9f3132e172203c94db2f780eac1751c5782dad3b54fa605e' +
    'fa0fa7bae5d37752fc5509b3e6d3dbff514d04310e46ee1019124afff08c934d9cc64462c88f6be02052fe4b2952768c' +
    '6a6f2b60634ab9216aec8acc5679ceb3',
  'hex',
);

for (const [name, group] of Object.entries(DH_GROUPS)) {
  if (group.bits < ASKED.min) continue;
  test(`checkGroup: ${name} passes, and fast`, () => {
    checkGroup(group, ASKED);
    const start = performance.now();
    checkGroup({ p: Buffer.concat([Buffer.of(0), group.p]), g: Uint8Array.of(0, 5) }, ASKED);
    assert.ok(performance.now() - start < 50);
  });
}

for (const [name, p] of [
  ['ffdhe2048', ffdhe(2048, 560_316n)],
  ['ffdhe3072', ffdhe(3072, 2_625_351n)],
  ['ffdhe4096', ffdhe(4096, 5_736_041n)],
  ['one that is 3 modulo 8', THREE_MOD_8],
] as const) {
  test(`checkGroup: a safe prime outside the table passes: ${name}`, () => {
    checkGroup({ p, g: TWO }, ASKED);
  });
}

test('checkGroup and groupAgreement: even 8192 bits never seen before take about a second', async () => {
  const group = { p: ffdhe(8192, 10_965_728n), g: TWO };
  const start = performance.now();
  checkGroup(group, ASKED);
  // OpenSSL 3.5 would test the modulus itself for half a minute, were it given the chance.
  const agreement = groupAgreement(group, 'sha256');
  const initiator = await agreement.initiate(systemRandom);
  const answer = await agreement.respond(systemRandom, initiator.publicValue);
  assert.deepEqual(initiator.finish(answer.publicValue), answer.secret);
  assert.ok(performance.now() - start < 6_000);
});

const p14 = toBigInt(DH_GROUPS.group14.p);

// jsch#1089: a client that takes any number for a prime. 2^2203 - 1 is a Mersenne prime, 2^2207 - 1 is none.
const BAD_PRIMES: Record<string, bigint> = {
  'even: p-1 of group 14': p14 - 1n,
  '1 modulo 4: p-2 of group 14': p14 - 2n,
  'composite: p+4 of group 14': p14 + 4n,
  'composite: p+8 of group 14': p14 + 8n,
  'composite: the prime of group 14 with one bit flipped': p14 ^ (1n << 700n),
  'composite of few factors': (2n ** 2203n - 1n) * 5n,
  'a strong pseudoprime to base 2': 2n ** 2207n - 1n,
  'a prime p with (p-1)/2 composite': 2n ** 2203n - 1n,
  'a composite p with (p-1)/2 prime': 2n ** 2204n - 1n,
  'a square': (2n ** 1279n - 1n) ** 2n,
  'all ones, 8192 bits': 2n ** 8192n - 1n,
};

for (const [name, p] of Object.entries(BAD_PRIMES)) {
  test(`checkGroup: jsch#1089, refused: ${name}`, () => {
    assert.ok(bitLength(fromBigInt(p)) >= ASKED.min);
    for (let again = 0; again < 3; again++) {
      assert.throws(() => checkGroup({ p: fromBigInt(p), g: TWO }, ASKED), {
        ...refused,
        message: /no safe prime/,
      });
    }
  });
}

test('checkGroup: sizes outside what was asked for, or outside LIMITS, are refused before any arithmetic', () => {
  const { group1, group14, group16 } = DH_GROUPS;
  const bits = (n: bigint) => ({ p: fromBigInt(2n ** n - 1n), g: TWO });
  for (const [group, asked] of [
    [group1, ASKED],
    [group1, { min: 1024, max: 8192 }],
    [group14, { min: 3072, max: 8192 }],
    [group16, { min: 2048, max: 3072 }],
    [bits(2047n), ASKED],
    [bits(8193n), ASKED],
    [bits(8193n), { min: 2048, max: 16_384 }],
    [bits(262_144n), { min: 2048, max: 1_000_000 }],
    [{ p: new Uint8Array(0), g: TWO }, ASKED],
    [{ p: new Uint8Array(256), g: TWO }, ASKED],
  ] as const) {
    assert.throws(() => checkGroup(group, asked), { ...refused, message: /bits/ });
  }
});

for (const [name, bits] of [
  ['group14', LIMITS.dhGroupBitsMin.value],
  ['group18', LIMITS.dhGroupBitsMax.value],
] as const) {
  test(`checkGroup: ${name}: the limits themselves pass, one bit less or more does not`, () => {
    const group = DH_GROUPS[name];
    assert.equal(group.bits, bits);
    checkGroup(group, { min: 1024, max: 16_384 });
    const beyond = bits === LIMITS.dhGroupBitsMin.value ? bits - 1 : bits + 1;
    const p = fromBigInt(2n ** BigInt(beyond) - 1n);
    assert.throws(() => checkGroup({ p, g: TWO }, { min: 1024, max: 16_384 }), {
      ...refused,
      message: /bits/,
    });
  });
}

test('checkGroup: the generator lies between 1 and p-1', () => {
  const { p } = DH_GROUPS.group14;
  for (const g of [0n, 1n, p14 - 1n, p14, p14 + 1n, 2n ** 4096n]) {
    assert.throws(() => checkGroup({ p, g: fromBigInt(g) }, ASKED), { ...refused, message: /generator/ });
  }
  assert.throws(() => checkGroup({ p, g: new Uint8Array(0) }, ASKED), refused);
  for (const g of [2n, 5n, p14 - 2n]) checkGroup({ p, g: fromBigInt(g) }, ASKED);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { x448, x25519 } from '../../../src/ssh/crypto/kex/x25519.ts';
import { hex, refused, scriptedRandom } from './seeded-random.ts';

const A = hex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
const A_PUBLIC = '8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a';
const B = hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb');
const B_PUBLIC = 'de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f';
const SHARED = '4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742';

test('x25519: RFC 7748 section 6.1, from both sides', async () => {
  const initiator = await x25519.initiate(scriptedRandom(A));
  assert.equal(toHex(initiator.publicValue), A_PUBLIC);
  const answer = await x25519.respond(scriptedRandom(B), initiator.publicValue);
  assert.equal(toHex(answer.publicValue), B_PUBLIC);
  assert.equal(toHex(answer.secret), SHARED);
  assert.equal(toHex(initiator.finish(answer.publicValue)), SHARED);
});

test('x448: RFC 7748 section 6.2, from both sides', async () => {
  const a = hex(
    '9a8f4925d1519f5775cf46b04b5800d4ee9ee8bae8bc5565d498c28dd9c9baf574a9419744897391006382a6f127ab1d9ac2d8c0a598726b',
  );
  const b = hex(
    '1c306a7ac2a0e2e0990b294470cba339e6453772b075811d8fad0d1d6927c120bb5ee8972b0d3e21374c9c921b09d1b0366f10b65173992d',
  );
  const initiator = await x448.initiate(scriptedRandom(a));
  assert.equal(
    toHex(initiator.publicValue),
    '9b08f7cc31b7e3e67d22d5aea121074a273bd2b83de09c63faa73d2c22c5d9bbc836647241d953d40c5b12da88120d53177f80e532c41fa0',
  );
  const answer = await x448.respond(scriptedRandom(b), initiator.publicValue);
  assert.equal(
    toHex(answer.secret),
    '07fff4181ac6cc95ec1c16a94a0f74d12da232ce40a77552281d282bb60c0b56fd2464c335543936521c24403085d59a449a5037514a879d',
  );
  assert.equal(toHex(initiator.finish(answer.publicValue)), toHex(answer.secret));
  assert.throws(() => initiator.finish(new Uint8Array(56)), refused);
  assert.throws(() => initiator.finish(new Uint8Array(32).fill(9)), refused);
});

// RFC 7748 section 5.2: scalar, u, result. The second u has its top bit set, which counts for nothing.
for (const [scalar, u, result] of [
  [
    'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4',
    'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c',
    'c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552',
  ],
  [
    '4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d',
    'e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493',
    '95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957',
  ],
] as const) {
  test(`x25519: RFC 7748 section 5.2, ${scalar.slice(0, 8)}`, async () => {
    assert.equal(toHex((await x25519.respond(scriptedRandom(hex(scalar)), hex(u))).secret), result);
  });
}

// The points of order 1, 2, 4 and 8, and the other encodings of them below 2^255: RFC 7748 section 7.
const SMALL_ORDER = [
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
];

for (const point of SMALL_ORDER.flatMap((low) => [low, withTopBit(low)])) {
  test(`x25519: GHSA-5xvq-cp9x-6p6r, the small-order point ${point.slice(0, 8)}…${point.slice(-2)} is refused`, async () => {
    await assert.rejects(x25519.respond(systemRandom, hex(point)), refused);
    const initiator = await x25519.initiate(systemRandom);
    assert.throws(() => initiator.finish(hex(point)), refused);
  });
}

for (const length of [0, 1, 31, 33, 64]) {
  test(`x25519: GHSA-g9hv-x236-4qp3, a public value of ${length} bytes is refused`, async () => {
    const value = new Uint8Array(length).fill(9);
    await assert.rejects(x25519.respond(systemRandom, value), refused);
    const initiator = await x25519.initiate(systemRandom);
    assert.throws(() => initiator.finish(value), refused);
  });
}

function withTopBit(point: string): string {
  const bytes = hex(point);
  bytes[31]! |= 0x80;
  return toHex(bytes);
}

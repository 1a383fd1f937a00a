import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/base/bytes.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { nistp256, nistp384 } from '../../../src/ssh/crypto/kex/ecdh.ts';
import { hybrid, mlkem768x25519 } from '../../../src/ssh/crypto/kex/hybrids.ts';
import { type Kem, mlkem768, mlkem1024 } from '../../../src/ssh/crypto/kex/kem.ts';
import { x25519 } from '../../../src/ssh/crypto/kex/x25519.ts';
import { refused, scriptedRandom, shakeRandom } from './seeded-random.ts';

// TestAccumulated of Go's crypto/mlkem (src/crypto/mlkem/mlkem_test.go, n = 100): one SHAKE128 stream gives seed,
// message and a random ciphertext, another one takes in key, ciphertext, secret and the secret of implicit rejection.
test('mlkem768: the accumulated vectors of Go crypto/mlkem, 100 rounds', async () => {
  const rounds = 100;
  const stream = createHash('shake128', { outputLength: rounds * (64 + 32 + 1088) }).digest();
  const seen = createHash('shake128', { outputLength: 32 });
  let at = 0;
  const take = (length: number) => {
    at += length;
    return stream.subarray(at - length, at);
  };
  for (let round = 0; round < rounds; round++) {
    const pair = await mlkem768.generate(scriptedRandom(take(64)));
    const { ciphertext, secret } = await mlkem768.encapsulate(scriptedRandom(take(32)), pair.publicKey);
    assert.deepEqual(pair.decapsulate(ciphertext), secret);
    seen
      .update(pair.publicKey)
      .update(ciphertext)
      .update(secret)
      .update(pair.decapsulate(take(1088)));
  }
  assert.equal(seen.digest('hex'), '1114b1b6699ed191734fa339376afa7e285c9e6acf6ff0177d346696ce564415');
});

const KEMS: Record<string, Kem> = { mlkem768, mlkem1024 };
const SOURCES = { system: () => systemRandom, seeded: () => shakeRandom('kem') };

for (const [name, kem] of Object.entries(KEMS)) {
  // With a Node whose crypto has ML-KEM the system source means that one, and the mixed pairs compare both.
  for (const [mine, random] of Object.entries(SOURCES)) {
    for (const [theirs, peer] of Object.entries(SOURCES)) {
      test(`${name}: a key of the ${mine} source and a ciphertext of the ${theirs} source`, async () => {
        const pair = await kem.generate(random());
        assert.equal(pair.publicKey.length, kem.publicKeyLength);
        const { ciphertext, secret } = await kem.encapsulate(peer(), pair.publicKey);
        assert.equal(ciphertext.length, kem.ciphertextLength);
        assert.equal(toHex(pair.decapsulate(ciphertext)), toHex(secret));
        ciphertext[0]! ^= 1;
        assert.notEqual(toHex(pair.decapsulate(ciphertext)), toHex(secret));
      });
    }
  }

  test(`${name}: FIPS 203 section 7.2, a coefficient of q or more anywhere in the key is refused`, async () => {
    const { publicKey } = await kem.generate(shakeRandom('modulus'));
    const count = ((kem.publicKeyLength - 32) * 8) / 12;
    const place = fc.oneof(fc.constant(0), fc.constant(count - 1), fc.nat(count - 1));
    await fc.assert(
      fc.asyncProperty(place, fc.integer({ min: 3329, max: 4095 }), async (index, value) => {
        const key = withCoefficient(publicKey, index, value);
        for (const source of Object.values(SOURCES))
          await assert.rejects(kem.encapsulate(source(), key), refused);
      }),
      { numRuns: 50 },
    );
    await kem.encapsulate(systemRandom, withCoefficient(publicKey, count - 1, 3328));
  });
}

/** The key with one of its 12-bit numbers replaced: ByteEncode_12 of FIPS 203 section 4.2.1. */
function withCoefficient(key: Uint8Array, index: number, value: number): Uint8Array {
  const changed = Uint8Array.from(key);
  const at = 3 * (index >> 1);
  if (index % 2 === 0) {
    changed[at] = value & 0xff;
    changed[at + 1] = (changed[at + 1]! & 0xf0) | (value >> 8);
  } else {
    changed[at + 1] = (changed[at + 1]! & 0x0f) | ((value & 0x0f) << 4);
    changed[at + 2] = value >> 4;
  }
  return changed;
}

test('mlkem768x25519: C_INIT, S_REPLY and K are put together as the draft says', async () => {
  const init = { seed: new Uint8Array(64).fill(1), x: new Uint8Array(32).fill(2) };
  const reply = { coins: new Uint8Array(32).fill(3), x: new Uint8Array(32).fill(4) };
  const initiator = await mlkem768x25519.initiate(scriptedRandom(init.seed, init.x));
  const answer = await mlkem768x25519.respond(scriptedRandom(reply.coins, reply.x), initiator.publicValue);

  const kem = await mlkem768.generate(scriptedRandom(init.seed));
  const pq = await mlkem768.encapsulate(scriptedRandom(reply.coins), kem.publicKey);
  const client = await x25519.initiate(scriptedRandom(init.x));
  const server = await x25519.respond(scriptedRandom(reply.x), client.publicValue);
  assert.deepEqual(initiator.publicValue, Buffer.concat([kem.publicKey, client.publicValue]));
  assert.equal(initiator.publicValue.length, 1216);
  assert.deepEqual(answer.publicValue, Buffer.concat([pq.ciphertext, server.publicValue]));
  assert.equal(answer.publicValue.length, 1120);
  assert.deepEqual(answer.secret, createHash('sha256').update(pq.secret).update(server.secret).digest());
  assert.deepEqual(initiator.finish(answer.publicValue), answer.secret);
});

test('hybrid: mlkem768nistp256-sha256 and mlkem1024nistp384-sha384 are only further rows', async () => {
  for (const [agreement, sizes] of [
    [hybrid(mlkem768, nistp256, 'sha256'), [1184 + 65, 1088 + 65, 32]],
    [hybrid(mlkem1024, nistp384, 'sha384'), [1568 + 97, 1568 + 97, 48]],
  ] as const) {
    const initiator = await agreement.initiate(systemRandom);
    const answer = await agreement.respond(systemRandom, initiator.publicValue);
    assert.deepEqual([initiator.publicValue.length, answer.publicValue.length, answer.secret.length], sizes);
    assert.deepEqual(Buffer.from(initiator.finish(answer.publicValue)), Buffer.from(answer.secret));
  }
});

test('mlkem768x25519: values of a wrong length and a small-order half are refused', async () => {
  const initiator = await mlkem768x25519.initiate(systemRandom);
  const answer = await mlkem768x25519.respond(systemRandom, initiator.publicValue);
  const long = (value: Uint8Array) => Buffer.concat([value, Buffer.of(0)]);
  const cuts = [0, 1, 32, 1087, 1088, 1089, 1119];
  for (const value of [long(answer.publicValue), ...cuts.map((n) => answer.publicValue.subarray(0, n))]) {
    assert.throws(() => initiator.finish(value), refused);
  }
  const initCuts = [0, 32, 1183, 1184, 1215];
  for (const value of [
    long(initiator.publicValue),
    ...initCuts.map((n) => initiator.publicValue.subarray(0, n)),
  ]) {
    await assert.rejects(mlkem768x25519.respond(systemRandom, value), refused);
  }
  assert.throws(() => initiator.finish(Uint8Array.from(answer.publicValue).fill(0, 1088)), refused);
  await assert.rejects(
    mlkem768x25519.respond(systemRandom, Uint8Array.from(initiator.publicValue).fill(0, 1184)),
    refused,
  );
});

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/base/bytes.ts';
import { systemRandom } from '../../../src/base/random.ts';
import { DH_GROUPS } from '../../../src/ssh/crypto/kex/dh-groups.ts';
import {
  DEFAULT_KEX,
  groupAgreement,
  KEX_ALGORITHMS,
  type KexName,
  type KexRow,
} from '../../../src/ssh/crypto/key-exchanges.ts';
import { refused, scriptedRandom, shakeRandom } from './seeded-random.ts';

const ROWS = Object.entries(KEX_ALGORITHMS) as [KexName, KexRow][];

/** Bytes of both public values and of the secret, per row. */
const SIZES: Record<KexName, readonly [init: number, reply: number, secret: number]> = {
  'mlkem768x25519-sha256': [1216, 1120, 32],
  'sntrup761x25519-sha512': [1190, 1071, 64],
  'sntrup761x25519-sha512@openssh.com': [1190, 1071, 64],
  'curve25519-sha256': [32, 32, 32],
  'curve25519-sha256@libssh.org': [32, 32, 32],
  'ecdh-sha2-nistp256': [65, 65, 32],
  'ecdh-sha2-nistp384': [97, 97, 48],
  'ecdh-sha2-nistp521': [133, 133, 66],
  'diffie-hellman-group-exchange-sha256': [384, 384, 384],
  'diffie-hellman-group16-sha512': [512, 512, 512],
  'diffie-hellman-group18-sha512': [1024, 1024, 1024],
  'diffie-hellman-group14-sha256': [256, 256, 256],
  'mlkem1024nistp384-sha384': [1665, 1665, 48],
  'mlkem768nistp256-sha256': [1249, 1153, 32],
  'curve448-sha512': [56, 56, 56],
  'diffie-hellman-group14-sha1': [256, 256, 256],
  'diffie-hellman-group-exchange-sha1': [384, 384, 384],
  'diffie-hellman-group1-sha1': [128, 128, 128],
};

/** A group exchange row gets the group its server would send. */
function agreementOf(row: KexRow) {
  return row.agreement ?? groupAgreement(DH_GROUPS.group15, row.hash);
}

for (const [name, row] of ROWS) {
  const agreement = agreementOf(row);

  test(`${name}: both sides agree, whatever the random source gives, and the lengths are those of the method`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.string(), fc.string(), async (ours, theirs) => {
        const initiator = await agreement.initiate(shakeRandom(`a${ours}`));
        const answer = await agreement.respond(shakeRandom(`b${theirs}`), initiator.publicValue);
        const secret = initiator.finish(answer.publicValue);
        assert.equal(toHex(secret), toHex(answer.secret));
        assert.deepEqual(
          [initiator.publicValue.length, answer.publicValue.length, secret.length],
          SIZES[name],
        );
      }),
      { numRuns: row.family !== 'ecdh' || name.startsWith('sntrup') ? 3 : 20 },
    );
  });

  test(`${name}: the same random bytes give the same values, the system's give others each time`, async () => {
    const values = async (first: string) => toHex((await agreement.initiate(shakeRandom(first))).publicValue);
    assert.equal(await values('seed'), await values('seed'));
    assert.notEqual(await values('seed'), await values('other seed'));
    const one = await agreement.initiate(systemRandom);
    const two = await agreement.initiate(systemRandom);
    assert.notEqual(toHex(one.publicValue), toHex(two.publicValue));
  });

  test(`${name}: arbitrary bytes from the peer never give more than SSH_KEY_EXCHANGE`, async () => {
    const initiator = await agreement.initiate(systemRandom);
    const junk = fc.uint8Array({ maxLength: 40 }).filter((bytes) => bytes.length !== 32);
    await fc.assert(
      fc.asyncProperty(junk, async (value) => {
        // To the finite-field methods a short value is a number like any other.
        if (row.family !== 'ecdh') {
          if (value.some((byte, at) => byte > (at === value.length - 1 ? 1 : 0))) return;
        }
        assert.throws(() => initiator.finish(value), refused);
        await assert.rejects(agreement.respond(systemRandom, value), refused);
      }),
      { numRuns: 40 },
    );
  });

  test(`${name}: a random source that fails is not covered up`, async () => {
    await assert.rejects(agreement.initiate(scriptedRandom(new Uint8Array(1))), RangeError);
  });

  test(`${name}: the hash is one node:crypto has, and the secret is a string for the hybrids only`, () => {
    assert.ok(createHash(row.hash).digest().length >= 20);
    assert.equal(row.secret === 'string', /^(mlkem|sntrup)/.test(name));
    assert.equal(row.family === 'gex', row.agreement === undefined);
  });
}

test('KEX_ALGORITHMS: the order offered is the order of preference', () => {
  assert.deepEqual(DEFAULT_KEX, [
    'mlkem768x25519-sha256',
    'sntrup761x25519-sha512',
    'sntrup761x25519-sha512@openssh.com',
    'curve25519-sha256',
    'curve25519-sha256@libssh.org',
    'ecdh-sha2-nistp256',
    'ecdh-sha2-nistp384',
    'ecdh-sha2-nistp521',
    'diffie-hellman-group-exchange-sha256',
    'diffie-hellman-group16-sha512',
    'diffie-hellman-group18-sha512',
    'diffie-hellman-group14-sha256',
  ]);
});

test('groupAgreement: private exponents have twice the length of the hash', async () => {
  const drawn: number[] = [];
  const random = { fill: (target: Uint8Array) => void (drawn.push(target.length) && target.fill(0x55)) };
  for (const hash of ['sha1', 'sha256', 'sha384', 'sha512'] as const) {
    await groupAgreement(DH_GROUPS.group14, hash).initiate(random);
  }
  assert.deepEqual(drawn, [40, 64, 96, 128]);
});

import assert from 'node:assert/strict';
import * as crypto from 'node:crypto';
import { test } from 'node:test';
import { argon2d, argon2i, argon2id } from '@noble/hashes/argon2.js';
import fc from 'fast-check';
import { isWherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { type Argon2Kind, argon2 } from '../../../src/ssh/crypto/argon2/argon2.ts';
import { bcryptPbkdf } from '../../../src/ssh/crypto/bcrypt/bcrypt-pbkdf.ts';
import { bmpPassword, pkcs12Derive } from '../../../src/ssh/keys/formats/pkcs12-kdf.ts';
import { decryptRc2 } from '../../../src/ssh/keys/formats/rc2.ts';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/** The first two are OpenBSD's own (regress/lib/libutil/bcrypt_pbkdf); all agree with the npm package bcrypt-pbkdf. */
const BCRYPT: readonly (readonly [string, string, number, string])[] = [
  ['password', 'salt', 4, '5bbf0cc293587f1c3635555c27796598d47e579071bf427e9d8fbe842aba34d9'],
  [
    'password',
    'salt',
    8,
    'e1367ec5151a33faac4cc1c144cd23fa15d5548493ecc99b9b5d9c0d3b27bec76227ea66088b849b20ab7aa478010246e74bba51723fefa9f9474d6508845e8d',
  ],
  [
    'p\0x',
    '\0\0\xffsalt',
    2,
    '566fadfd37870c1706b8695d3c03b6cfb11ae3e3cf31f63922021df6b3712df0bdc0c05b5f9aab96fd6c98408a6807996667db48dc3a7d0c5d15060c5300db2ccda8a10922680ee67075eb7753555c4686ac591181f49c5c1d6eb7cc207fdaa0fd947ce5',
  ],
  ['x'.repeat(200), 's', 1, 'a0ccb12498441321180c06b042ab44e4bdac9ae6'],
];

test('bcrypt_pbkdf', () => {
  for (const [passphrase, salt, rounds, expected] of BCRYPT) {
    const bytes = [passphrase, salt].map((text) => Buffer.from(text, 'latin1'));
    const made = bcryptPbkdf(bytes[0]!, bytes[1]!, rounds, expected.length / 2);
    assert.equal(Buffer.from(made).toString('hex'), expected);
  }
  assert.ok(LIMITS.bcryptRounds.value >= 100, 'ssh-keygen -a 100 is what many guides say');
});

/** RFC 9106 sections 5.1 to 5.3, and the vectors of the reference program with 64 MiB and two passes. */
const ARGON2: Readonly<Record<Argon2Kind, readonly [string, string?]>> = {
  argon2d: ['512b391b6f1162975371d30919734294f868e3be3984f3c1a13a4db9fabe4acb'],
  argon2i: [
    'c814d9d1dc7f37aa13f0d77f2494bda1c8de6b016dd388d29952a4c4672b6ce8',
    'c1628832147d9720c5bd1cfd61367078729f6dfb6f8fea9ff98158e0d7816ed0',
  ],
  argon2id: [
    '0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659',
    '09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7',
  ],
};
const NOBLE = { argon2d, argon2i, argon2id };
const KINDS = Object.keys(ARGON2) as Argon2Kind[];

for (const kind of KINDS) {
  test(`${kind}: the vectors of RFC 9106 and of the reference program`, () => {
    const [ofRfc, ofProgram] = ARGON2[kind];
    const fill = (length: number, byte: number): Buffer => Buffer.alloc(length, byte);
    const all = { salt: fill(16, 2), secret: fill(8, 3), associatedData: fill(12, 4) };
    const made = argon2(kind, fill(32, 1), { memory: 32, passes: 3, parallelism: 4, ...all }, 32);
    assert.equal(Buffer.from(made).toString('hex'), ofRfc);
    if (ofProgram === undefined) return;
    const parameters = { memory: 65_536, passes: 2, parallelism: 1, salt: Buffer.from('somesalt') };
    const program = argon2(kind, Buffer.from('password'), parameters, 32);
    assert.equal(Buffer.from(program).toString('hex'), ofProgram);
  });

  test(`${kind}: the same as @noble/hashes, and node:crypto where it has it`, async () => {
    const passphrase = fc.uint8Array({ maxLength: 300 });
    const salt = fc.uint8Array({ minLength: 8, maxLength: 64 });
    const numbers = fc.record({
      lanes: fc.integer({ min: 1, max: 5 }),
      more: fc.integer({ min: 0, max: 1200 }),
      passes: fc.integer({ min: 1, max: 3 }),
      length: fc.integer({ min: 4, max: 200 }),
    });
    fc.assert(
      fc.property(passphrase, salt, numbers, (word, salted, { lanes, more, passes, length }) => {
        const memory = 8 * lanes + more;
        const made = argon2(kind, word, { memory, passes, parallelism: lanes, salt: salted }, length);
        const theirs = NOBLE[kind](word, salted, { m: memory, t: passes, p: lanes, dkLen: length });
        assert.deepEqual(Buffer.from(made), Buffer.from(theirs));
        const native = (crypto as NativeArgon2).argon2Sync?.(kind, {
          ...{ message: word, nonce: salted, parallelism: lanes, tagLength: length, memory, passes },
        });
        if (native !== undefined) assert.deepEqual(Buffer.from(made), Buffer.from(native));
      }),
      { numRuns: 20 },
    );
  });
}

test('Argon2: memory that is not to be had is an error of its own', () => {
  const parameters = { memory: 5_000_000, passes: 1, parallelism: 1, salt: Buffer.from('somesalt') };
  assert.throws(
    () => argon2('argon2id', Buffer.from('password'), parameters, 32),
    (error) => isWherryError(error) && error.code === 'KEY_UNSUPPORTED' && /5000000 KiB/.test(error.message),
  );
});

/** The part of node:crypto that the types of Node 20 do not have. */
interface NativeArgon2 {
  argon2Sync?(kind: Argon2Kind, parameters: Readonly<Record<string, unknown>>): Uint8Array;
}

/** RFC 2268 section 5: key, effective bits, plain text, cipher text. */
const RC2: readonly (readonly [string, number, string, string])[] = [
  ['0000000000000000', 63, '0000000000000000', 'ebb773f993278eff'],
  ['ffffffffffffffff', 64, 'ffffffffffffffff', '278b27e42e2f0d49'],
  ['3000000000000000', 64, '1000000000000001', '30649edf9be7d2c2'],
  ['88', 64, '0000000000000000', '61a8a244adacccf0'],
  ['88bca90e90875a', 64, '0000000000000000', '6ccf4308974c267f'],
  ['88bca90e90875a7f0f79c384627bafb2', 64, '0000000000000000', '1a807d272bbe5db1'],
  ['88bca90e90875a7f0f79c384627bafb2', 128, '0000000000000000', '2269552ab0f85ca6'],
  [
    '88bca90e90875a7f0f79c384627bafb216f80a6f85920584c42fceb0be255daf1e',
    129,
    '0000000000000000',
    '5b78d3a43dfff1f1',
  ],
];

test('RC2: the vectors of RFC 2268', () => {
  for (const [key, bits, plain, cipher] of RC2) {
    const made = decryptRc2(hex(key), bits, new Uint8Array(8), hex(cipher));
    assert.equal(Buffer.from(made).toString('hex'), plain);
  }
});

test('the key derivation of PKCS#12', () => {
  // OpenSSL's test/evp_test data: "smeg", 0a58cf64530d823f, one round; key and IV of 3DES.
  const password = bmpPassword(Buffer.from('smeg'));
  const key = pkcs12Derive('sha1', password, hex('0a58cf64530d823f'), 1, 1, 24);
  assert.equal(Buffer.from(key).toString('hex'), '8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3');
  const iv = pkcs12Derive('sha1', password, hex('0a58cf64530d823f'), 1, 2, 8);
  assert.equal(Buffer.from(iv).toString('hex'), '79993dfe048d3b76');
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash, randomBytes, randomInt, sign } from 'node:crypto';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { GCM_TAG_BYTES } from '../../../src/ssh/crypto/gcm/aes-gcm.ts';
import { GCMS } from './gcms.ts';

const LENGTHS = [0, 1, 15, 16, 17, 28, 4095, 4096, 4097, 32_796, 261_200];

for (const [name, make] of Object.entries(GCMS)) {
  for (const [other, makeOther] of Object.entries(GCMS)) {
    test(`AES-GCM: ${other} opens what ${name} sealed, one context for many packets`, () => {
      for (const bits of [128, 256]) {
        const key = randomBytes(bits / 8);
        const sealer = make(`aes-${bits}-gcm`, key, 'seal');
        const opener = makeOther(`aes-${bits}-gcm`, key, 'open');
        for (const length of [...LENGTHS, ...Array.from({ length: 50 }, () => randomInt(70_000))]) {
          const [iv, head, clear] = [randomBytes(12), randomBytes(4), randomBytes(length)];
          const out = new Uint8Array(length + GCM_TAG_BYTES + 8).fill(7);
          sealer.seal(iv, head, clear, out);
          assert.deepEqual(
            [...out.subarray(length + GCM_TAG_BYTES)],
            Array(8).fill(7),
            'nothing behind the tag',
          );
          // It may be opened in place.
          const open = (bytes: Uint8Array): Uint8Array | undefined =>
            opener.open(iv, head, bytes.subarray(0, length), bytes.subarray(length));
          const sealed = out.subarray(0, length + GCM_TAG_BYTES);
          assert.ok(clear.equals(open(Uint8Array.from(sealed))!));
          const where = randomInt(sealed.length);
          sealed[where]! ^= 1 << randomInt(8);
          assert.equal(open(sealed), undefined, `bit of byte ${where}`);
        }
      }
    });
  }
}

test('what OpenSSL cannot be given is refused before it reads or writes behind the end of it', () => {
  const make = GCMS['OpenSSL itself']!;
  const gcm = make('aes-128-gcm', randomBytes(16), 'seal');
  const [iv, head, clear] = [randomBytes(12), randomBytes(4), randomBytes(100)];
  assert.throws(() => gcm.seal(iv, head, clear, new Uint8Array(115)), RangeError);
  assert.throws(() => gcm.seal(iv.subarray(1), head, clear, new Uint8Array(116)), RangeError);
  assert.throws(() => gcm.open(iv, head, clear, new Uint8Array(15)), RangeError);
  assert.throws(() => make('aes-256-gcm', randomBytes(16), 'seal'), RangeError);
  assert.throws(() => make('aes-128-cbc', randomBytes(16), 'seal'), RangeError);
  assert.throws(() => make('rot13', randomBytes(16), 'seal'), RangeError);
});

test('a refused tag leaves nothing behind that node:crypto would trip over', () => {
  const opener = GCMS['OpenSSL itself']!('aes-128-gcm', randomBytes(16), 'open');
  for (let i = 0; i < 20; i++) {
    assert.equal(opener.open(randomBytes(12), randomBytes(4), randomBytes(64), randomBytes(16)), undefined);
  }
  assert.equal(createHash('sha256').update('').digest('hex').slice(0, 8), 'e3b0c442');
  assert.throws(() => sign('sha256', Buffer.alloc(1), 'no key'), /DECODER|PEM|unsupported/);
});

test('WHERRY_NODE_CRYPTO=1 leaves everything to node:crypto', async () => {
  const script = `
    import { quickestGcm } from './src/ssh/crypto/gcm/quickest-gcm.ts';
    console.log(quickestGcm('aes-128-gcm', new Uint8Array(16), 'seal').constructor.name);`;
  const run = async (env: NodeJS.ProcessEnv): Promise<string> => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    return (await promisify(execFile)(process.execPath, args, { env })).stdout.trim();
  };
  assert.equal(await run({ ...process.env, WHERRY_NODE_CRYPTO: '1' }), 'NodeGcm');
  assert.equal(await run({ ...process.env, WHERRY_NODE_CRYPTO: '0' }), 'LibcryptoGcm');
});

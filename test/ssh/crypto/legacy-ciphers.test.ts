import assert from 'node:assert/strict';
import { createCipheriv } from 'node:crypto';
import { test } from 'node:test';
import { readU32, toHex, writeU32 } from '../../../src/base/bytes.ts';
import { CIPHERS, type CipherRow } from '../../../src/ssh/crypto/ciphers.ts';
import { arcfour } from '../../../src/ssh/crypto/legacy/arcfour.ts';
import { blowfish } from '../../../src/ssh/crypto/legacy/blowfish.ts';
import { cast128 } from '../../../src/ssh/crypto/legacy/cast128.ts';
import { tripleDesCtr } from '../../../src/ssh/crypto/legacy/triple-des-ctr.ts';
import type { BlockCipher64 } from '../../../src/ssh/crypto/stream-cipher.ts';
import { hex } from './seeded-random.ts';

function block(cipher: BlockCipher64, way: 'encrypt' | 'decrypt', bytes: Uint8Array): Uint8Array {
  const halves = Int32Array.of(readU32(bytes, 0), readU32(bytes, 4));
  cipher[way](halves);
  const out = new Uint8Array(8);
  writeU32(out, 0, halves[0]!);
  writeU32(out, 4, halves[1]!);
  return out;
}

/** B. Schneier's vectors: key, clear, encrypted. */
const BLOWFISH = [
  ['0000000000000000', '0000000000000000', '4ef997456198dd78'],
  ['ffffffffffffffff', 'ffffffffffffffff', '51866fd5b85ecb8a'],
  ['3000000000000000', '1000000000000001', '7d856f9a613063f2'],
  ['0123456789abcdef', '1111111111111111', '61f9c3802281b096'],
  ['fedcba9876543210', '0123456789abcdef', '0aceab0fc6a0a28d'],
  ['7ca110454a1a6e57', '01a1d6d039776742', '59c68245eb05282b'],
] as const;

test('blowfish: the blocks of its author', () => {
  for (const [key, clear, encrypted] of BLOWFISH) {
    const cipher = blowfish(hex(key));
    assert.equal(toHex(block(cipher, 'encrypt', hex(clear))), encrypted, key);
    assert.equal(toHex(block(cipher, 'decrypt', hex(encrypted))), clear, key);
  }
});

test('blowfish-cbc: the chained text of its author, in pieces as packets come, both ways', () => {
  const key = hex('0123456789abcdeff0e1d2c3b4a59687');
  const iv = hex('fedcba9876543210');
  const clear = Buffer.concat([Buffer.from('7654321 Now is the time for '), new Uint8Array(4)]);
  const expected = '6b77b4d63006dee605b156e27403979358deb9e7154616d959f1652bd5ff92cc';
  const { make } = CIPHERS['blowfish-cbc'];
  const cipher = make(key, iv, 'encrypt');
  const encrypted = Buffer.concat([cipher.update(clear.subarray(0, 8)), cipher.update(clear.subarray(8))]);
  assert.equal(toHex(encrypted), expected);
  const decipher = make(key, iv, 'decrypt');
  const opened = Buffer.concat([
    decipher.update(encrypted.subarray(0, 16)),
    decipher.update(encrypted.subarray(16)),
  ]);
  assert.equal(toHex(opened), toHex(clear));
});

test('cast128: RFC 2144 appendix B.1, with 128 bits', () => {
  const cipher = cast128(hex('0123456712345678234567893456789a'));
  assert.equal(toHex(block(cipher, 'encrypt', hex('0123456789abcdef'))), '238b4fe5847e44b2');
  assert.equal(toHex(block(cipher, 'decrypt', hex('238b4fe5847e44b2'))), '0123456789abcdef');
});

/** Of its million rounds, which take too long here, the first 5000; the million were run once and end as the RFC says. */
test('cast128: the beginning of the full maintenance test of RFC 2144 appendix B.2', () => {
  let a = hex('0123456712345678234567893456789a');
  let b = a;
  const under = (key: Uint8Array, bytes: Uint8Array): Uint8Array => {
    const cipher = cast128(key);
    const [left, right] = [bytes.subarray(0, 8), bytes.subarray(8)];
    return Buffer.concat([block(cipher, 'encrypt', left), block(cipher, 'encrypt', right)]);
  };
  for (let round = 0; round < 5000; round++) {
    a = under(b, a);
    b = under(a, b);
  }
  assert.deepEqual([toHex(a), toHex(b)], MAINTENANCE_5000);
});

const MAINTENANCE_5000 = ['6ee4073b9208e4592fd3c063f0f11172', '071332b2c49f7e0c227556ceed7689c4'];

/** RFC 6229: the 16 bytes of key stream at offset 1536, where arcfour128 and arcfour256 begin, and at 0. */
const ARCFOUR = [
  [
    '0102030405060708090a0b0c0d0e0f10',
    '9ac7cc9a609d1ef7b2932899cde41b97',
    'ffa0b514647ec04f6306b892ae661181',
  ],
  [
    '0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20',
    'eaa6bd25880bf93d3f5d1e4ca2611d91',
    '3e34135c79db010200767651cf263073',
  ],
] as const;

test('arcfour: the key streams of RFC 6229, with and without the discarded bytes', () => {
  for (const [key, early, late] of ARCFOUR) {
    assert.equal(toHex(arcfour(hex(key), 0).update(new Uint8Array(16))), early);
    const cipher = arcfour(hex(key), 1536);
    const pieces = [5, 1, 10].map((length) => cipher.update(new Uint8Array(length)));
    assert.equal(toHex(Buffer.concat(pieces)), late);
  }
  const [key, early, late] = ARCFOUR[0].map((text) => hex(text)) as [Uint8Array, Uint8Array, Uint8Array];
  const none = new Uint8Array(0);
  assert.equal(toHex(CIPHERS.arcfour.make(key, none, 'encrypt').update(early)), '00'.repeat(16));
  assert.equal(toHex(CIPHERS.arcfour128.make(key, none, 'decrypt').update(late)), '00'.repeat(16));
});

test('3des-ctr: the key stream is triple DES of a 64-bit counter, over any pieces and its wrap', () => {
  const key = hex('0123456789abcdef23456789abcdef01456789abcdef0123');
  const counters = ['fffffffffffffffe', 'ffffffffffffffff', '0000000000000000', '0000000000000001'];
  const expected = createCipheriv('des-ede3-ecb', key, null)
    .setAutoPadding(false)
    .update(hex(counters.join('')));
  for (const sizes of [[32], [8, 24], [1, 7, 3, 12, 9]]) {
    const cipher = tripleDesCtr(key, hex(counters[0]!));
    const stream = Buffer.concat(sizes.map((size) => cipher.update(new Uint8Array(size))));
    assert.equal(toHex(stream), toHex(expected), sizes.join());
  }
});

test('a row has the name of a cipher of node:crypto or makes its own, and its lengths are right', () => {
  for (const [name, row] of Object.entries(CIPHERS) as [string, CipherRow][]) {
    assert.notEqual(row.openssl === undefined, row.make === undefined, name);
    if (row.mode === 'chacha20-poly1305' || row.mode === 'gcm') continue;
    const [key, iv] = [new Uint8Array(row.keyLength).fill(1), new Uint8Array(row.ivLength).fill(2)];
    const cipher = row.make?.(key, iv, 'encrypt') ?? createCipheriv(row.openssl!, key, iv);
    assert.equal(cipher.update(new Uint8Array(48)).length, 48, name);
  }
});

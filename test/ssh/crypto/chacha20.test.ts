import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import { lengthCrypt, payloadStream } from '../../../src/ssh/crypto/chacha20.ts';
import { hex } from './seeded-random.ts';

const ZERO_KEY = '00'.repeat(32);
const OTHER_KEY = '5a'.repeat(32);

// RFC 8439 appendix A.1: an all-zero nonce is sequence number 0, and one that ends in 02 is sequence number 2.
const BLOCKS: readonly { name: string; key: string; sequence: number; block: number; stream: string }[] = [
  {
    name: '#1',
    key: ZERO_KEY,
    sequence: 0,
    block: 0,
    stream:
      '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7' +
      'da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586',
  },
  {
    name: '#2',
    key: ZERO_KEY,
    sequence: 0,
    block: 1,
    stream:
      '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed' +
      '29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f',
  },
  {
    name: '#3',
    key: `${'00'.repeat(31)}01`,
    sequence: 0,
    block: 1,
    stream:
      '3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a' +
      '8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0',
  },
  {
    name: '#4',
    key: `00ff${'00'.repeat(30)}`,
    sequence: 0,
    block: 2,
    stream:
      '72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca' +
      '13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096',
  },
  {
    name: '#5',
    key: ZERO_KEY,
    sequence: 2,
    block: 0,
    stream:
      'c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7' +
      '8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d',
  },
];

for (const vector of BLOCKS) {
  test(`chacha20: RFC 8439 A.1 ${vector.name}`, () => {
    const stream = payloadStream(hex(vector.key + OTHER_KEY), vector.sequence);
    const all = Buffer.concat([
      stream.polyKey,
      new Uint8Array(32),
      stream.cipher.update(new Uint8Array(128)),
    ]);
    const at = vector.block * 64;
    const length = vector.block === 0 ? 32 : 64;
    assert.equal(toHex(all.subarray(at, at + length)), vector.stream.slice(0, 2 * length));
    if (vector.block === 0) {
      const four = lengthCrypt(hex(OTHER_KEY + vector.key), vector.sequence, new Uint8Array(4));
      assert.equal(toHex(four), vector.stream.slice(0, 8));
    }
  });
}

test('chacha20: RFC 8439 A.4 #2, a Poly1305 key', () => {
  const { polyKey } = payloadStream(hex(`${'00'.repeat(31)}01${OTHER_KEY}`), 2);
  assert.equal(toHex(polyKey), 'ecfa254f845f647473d3cb140da9e87606cb33066c447b87bc2666dde3fbb739');
});

test('chacha20: the sequence number is the nonce up to 2^32-1, and each one has a stream of its own', () => {
  const key = hex(ZERO_KEY + OTHER_KEY);
  const seen = new Set(
    [0, 1, 256, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff].map((sequence) => {
      const four = lengthCrypt(key, sequence, Buffer.from([1, 2, 3, 4]));
      assert.deepEqual([...lengthCrypt(key, sequence, four)], [1, 2, 3, 4]);
      return toHex(four) + toHex(payloadStream(key, sequence).polyKey);
    }),
  );
  assert.equal(seen.size, 6);
});

test('chacha20: the payload cipher decrypts what it encrypted, in any portions', () => {
  const key = hex(ZERO_KEY + OTHER_KEY);
  const clear = Buffer.from(Array.from({ length: 200 }, (_, i) => i));
  const sealed = payloadStream(key, 9).cipher.update(clear);
  const { cipher } = payloadStream(key, 9);
  const opened = [0, 1, 64, 130].map((at, i, cuts) => cipher.update(sealed.subarray(at, cuts[i + 1])));
  assert.deepEqual(Buffer.concat(opened), clear);
});

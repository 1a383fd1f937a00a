import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/base/bytes.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { poly1305 } from '../../../src/ssh/crypto/poly1305/poly1305.ts';
import { hex } from './seeded-random.ts';

const zeros = (bytes: number) => '00'.repeat(bytes);
const ietf = toHex(
  Buffer.from(
    'Any submission to the IETF intended by the Contributor for publication as all or part of an IETF ' +
      'Internet-Draft or RFC and any statement made within the context of an IETF activity is considered ' +
      'an "IETF Contribution". Such statements include oral statements in IETF sessions, as well as ' +
      'written and electronic communications made at any time or place, which are addressed to',
  ),
);
const jabberwocky = toHex(
  Buffer.from(
    "'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\n" +
      'All mimsy were the borogoves,\nAnd the mome raths outgrabe.',
  ),
);

const VECTORS: readonly { name: string; key: string; message: string; tag: string }[] = [
  {
    name: 'section 2.5.2',
    key: '85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b',
    message: toHex(Buffer.from('Cryptographic Forum Research Group')),
    tag: 'a8061dc1305136c6c22b8baf0c0127a9',
  },
  { name: 'A.3 #1: all zero', key: zeros(32), message: zeros(64), tag: zeros(16) },
  {
    name: 'A.3 #2: r is zero',
    key: `${zeros(16)}36e5f6b5c5e06070f0efca96227a863e`,
    message: ietf,
    tag: '36e5f6b5c5e06070f0efca96227a863e',
  },
  {
    name: 'A.3 #3: s is zero',
    key: `36e5f6b5c5e06070f0efca96227a863e${zeros(16)}`,
    message: ietf,
    tag: 'f3477e7cd95417af89a6b8794c310cf0',
  },
  {
    name: 'A.3 #4',
    key: '1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0',
    message: jabberwocky,
    tag: '4541669a7eaaee61e708dc7cbcc5eb62',
  },
  {
    name: 'A.3 #5: the accumulator passes the prime',
    key: `02${zeros(31)}`,
    message: 'ff'.repeat(16),
    tag: `03${zeros(15)}`,
  },
  {
    name: 'A.3 #6: s makes the sum wrap at 2^128',
    key: `02${zeros(15)}${'ff'.repeat(16)}`,
    message: `02${zeros(15)}`,
    tag: `03${zeros(15)}`,
  },
  {
    name: 'A.3 #7: a carry through all limbs',
    key: `01${zeros(31)}`,
    message: `${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${zeros(15)}`,
    tag: `05${zeros(15)}`,
  },
  {
    name: 'A.3 #8: the accumulator is the prime itself',
    key: `01${zeros(31)}`,
    message: `${'ff'.repeat(16)}fb${'fe'.repeat(15)}${'01'.repeat(16)}`,
    tag: zeros(16),
  },
  {
    name: 'A.3 #9: the accumulator is one below the prime',
    key: `02${zeros(31)}`,
    message: `fd${'ff'.repeat(15)}`,
    tag: `fa${'ff'.repeat(15)}`,
  },
  {
    name: 'A.3 #10: 5 times the high part carries',
    key: `0100000000000000 0400000000000000 ${zeros(16)}`,
    message: `e33594d7505e43b9${zeros(8)} 3394d7505e4379cd01${zeros(7)} ${zeros(16)} 01${zeros(15)}`,
    tag: `1400000000000000 55${zeros(7)}`,
  },
  {
    name: 'A.3 #11',
    key: `0100000000000000 0400000000000000 ${zeros(16)}`,
    message: `e33594d7505e43b9${zeros(8)} 3394d7505e4379cd01${zeros(7)} ${zeros(16)}`,
    tag: `13${zeros(15)}`,
  },
];

for (const vector of VECTORS) {
  test(`poly1305: RFC 8439 ${vector.name}`, () => {
    assert.equal(toHex(poly1305(hex(vector.key), hex(vector.message))), toHex(hex(vector.tag)));
  });
}

/** RFC 8439 section 2.5.1 word for word. */
function reference(key: Uint8Array, message: Uint8Array): string {
  const number = (bytes: Uint8Array) => BigInt(`0x${toHex(Uint8Array.from(bytes).reverse())}`);
  const r = number(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let accumulator = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = Buffer.concat([message.subarray(at, at + 16), Buffer.of(1)]);
    accumulator = ((accumulator + number(block)) * r) % (2n ** 130n - 5n);
  }
  const sum = (accumulator + number(key.subarray(16))) % 2n ** 128n;
  return toHex(Buffer.from(sum.toString(16).padStart(32, '0'), 'hex').reverse());
}

test('poly1305: every length from 0 to 300 gives what the reference gives', () => {
  const key = Buffer.from(Array.from({ length: 32 }, (_, i) => 255 - 3 * i));
  const bytes = Buffer.from(Array.from({ length: 300 }, (_, i) => (i * i + 7) & 255));
  for (let length = 0; length <= 300; length++) {
    assert.equal(
      toHex(poly1305(key, bytes, 0, length)),
      reference(key, bytes.subarray(0, length)),
      `${length}`,
    );
  }
});

/** Bytes that make carries: mostly 0x00 and 0xff. */
const edgy = (constraints: fc.IntArrayConstraints) =>
  fc
    .array(fc.oneof(fc.constant(0), fc.constant(255), fc.integer({ min: 0, max: 255 })), constraints)
    .map((values) => Uint8Array.from(values));

test('poly1305: any key, message and place in a larger buffer gives what the reference gives', () => {
  const key = edgy({ minLength: 32, maxLength: 32 });
  const message = edgy({ maxLength: 300, size: 'max' });
  fc.assert(
    fc.property(key, message, fc.nat(20), fc.nat(20), (k, m, before, behind) => {
      const buffer = new Uint8Array(before + m.length + behind).fill(0xa5);
      buffer.set(m, before);
      assert.equal(toHex(poly1305(k, buffer, before, before + m.length)), reference(k, m));
    }),
    { numRuns: 500 },
  );
});

test('poly1305: a short message after a long one is not touched by what the memory still holds', () => {
  const key = Buffer.alloc(32, 0x77);
  const long = Buffer.alloc(100_000, 0xff);
  assert.equal(toHex(poly1305(key, long)), reference(key, long));
  assert.equal(toHex(poly1305(key, long, 0, 17)), reference(key, long.subarray(0, 17)));
});

test('poly1305: the longest packet passes, one byte more is over the limit', () => {
  const key = Buffer.alloc(32, 0x31);
  const most = LIMITS.packetBytes.value + 4;
  const bytes = Buffer.alloc(most + 1, 0x9b);
  assert.equal(toHex(poly1305(key, bytes, 0, most)), reference(key, bytes.subarray(0, most)));
  assert.throws(() => poly1305(key, bytes), { code: 'LIMIT_EXCEEDED' });
});

test('poly1305: the tag is memory of its own, and the key is left as it was', () => {
  const key = Buffer.alloc(32, 1);
  const first = poly1305(key, Buffer.of(1));
  const before = toHex(first);
  poly1305(key, Buffer.of(2));
  assert.equal(toHex(first), before);
  assert.equal(first.buffer.byteLength, 16);
  assert.deepEqual(key, Buffer.alloc(32, 1));
});

test('poly1305: a key of another length and a range outside the bytes are mistakes', () => {
  const bytes = new Uint8Array(8);
  assert.throws(() => poly1305(new Uint8Array(31), bytes), RangeError);
  for (const [start, end] of [
    [0, 9],
    [-1, 8],
    [5, 4],
  ] as const) {
    assert.throws(() => poly1305(new Uint8Array(32), bytes, start, end), RangeError);
  }
});

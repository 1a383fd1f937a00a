import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toHex } from '../../src/base/bytes.ts';
import { randomBytes, systemRandom } from '../../src/base/random.ts';

test('short draws come from a pool in which no byte is handed out twice', () => {
  const seen = new Set<string>();
  // Three pools' worth of 16-byte draws: a byte used twice would repeat a draw.
  for (let i = 0; i < 3072; i++) seen.add(toHex(randomBytes(16)));
  assert.equal(seen.size, 3072);
});

for (const length of [0, 1, 255, 256, 257, 16_383, 16_384, 16_385, 100_000]) {
  test(`${length} bytes are all filled, with any value`, () => {
    const or = new Uint8Array(length);
    for (let i = 0; i < 12; i++) {
      const bytes = randomBytes(length);
      assert.equal(bytes.length, length);
      for (let j = 0; j < length; j++) or[j]! |= bytes[j]!;
    }
    // A byte never filled stays 0 through all draws; by chance, one in 2^96.
    assert.equal(or.indexOf(0), -1);
  });
}

test('randomBytes takes them from the source it is given', () => {
  const lengths: number[] = [];
  const bytes = randomBytes(5, {
    fill: (target) => {
      lengths.push(target.length);
      target.fill(7);
    },
  });
  assert.deepEqual([...bytes, ...lengths], [7, 7, 7, 7, 7, 5]);
  assert.ok(systemRandom);
});

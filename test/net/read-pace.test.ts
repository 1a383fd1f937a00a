import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReadPace } from '../../src/net/read-pace.ts';

const KIB = 1024;

/** Reads of `length` bytes, `per` of them in a millisecond; how many of the last hundred were worth waiting after. */
function waits(length: number, per: number): number {
  const pace = new ReadPace();
  let count = 0;
  for (let i = 0; i < 1000; i++) if (pace.waits(length, i / per) && i >= 900) count++;
  return count;
}

test('after a small read of a fast stream the next one waits', () => {
  assert.equal(waits(32 * KIB, 16), 100, '512 MiB/s in single packets');
});

test('neither a slow stream nor a read that brought much is waited after', () => {
  assert.equal(waits(32 * KIB, 4), 0, '128 MiB/s: a link of 1 Gbit/s');
  assert.equal(waits(4 * KIB, 40), 0, 'many small answers');
  assert.equal(waits(512 * KIB, 2), 0, 'one GiB/s in large reads');
});

test('after a pause it begins anew', () => {
  const pace = new ReadPace();
  for (let i = 0; i < 1000; i++) pace.waits(32 * KIB, i / 16);
  assert.equal(pace.waits(32 * KIB, 1000), false);
});

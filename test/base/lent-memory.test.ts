import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beforeReuse, beginLoan, endLoan, keep, lend, takeBack } from '../../src/base/lent-memory.ts';

test('keep copies what is lent, and nothing else', () => {
  const memory = new Uint8Array([1, 2, 3, 4]);
  lend(memory.subarray(1));
  const piece = memory.subarray(1, 3);
  const kept = keep(piece);
  memory.fill(9);
  assert.deepEqual([...kept], [2, 3]);
  const own = new Uint8Array([5, 6]).subarray(1);
  assert.equal(keep(own), own);
  assert.equal(keep(kept), kept, 'a copy is nobody else’s');
});

test('borrowers are called once, at the end of the loan or when the memory is taken back before', () => {
  const calls: string[] = [];
  assert.equal(
    beforeReuse(() => calls.push('no loan')),
    false,
  );
  beginLoan();
  assert.equal(
    beforeReuse(() => calls.push('taken back')),
    true,
  );
  takeBack();
  assert.equal(
    beforeReuse(() => calls.push('end')),
    true,
  );
  assert.deepEqual(calls, ['taken back']);
  endLoan();
  beginLoan();
  endLoan();
  assert.deepEqual(calls, ['taken back', 'end']);
  assert.equal(
    beforeReuse(() => calls.push('over')),
    false,
  );
});

test('a loan within a loan ends for all: the inner memory lies in the outer one', () => {
  const calls: number[] = [];
  beginLoan();
  beforeReuse(() => calls.push(1));
  beginLoan();
  beforeReuse(() => calls.push(2));
  endLoan();
  assert.deepEqual(calls, [1, 2]);
  beforeReuse(() => calls.push(3));
  endLoan();
  assert.deepEqual(calls, [1, 2, 3]);
});

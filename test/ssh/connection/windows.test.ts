import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReceiveWindow, SendWindow } from '../../../src/ssh/connection/windows.ts';

test('SendWindow: what is taken is gone, what is given is there, and 2^32 - 1 is the most', () => {
  const window = new SendWindow(10);
  window.take(4);
  assert.equal(window.left, 6);
  window.adjust(0xffff_ffff);
  assert.equal(window.left, 0xffff_ffff);
  window.adjust(0xffff_ffff);
  assert.equal(window.left, 0xffff_ffff);
});

test('ReceiveWindow: to the last byte and not one more', () => {
  for (const size of [0, 1, 2, 1000, 0xffff_ffff]) {
    assert.equal(new ReceiveWindow(size).receive(size), true);
    assert.equal(new ReceiveWindow(size).receive(size + 1), false);
  }
});

test('ReceiveWindow: credit comes back in steps of an eighth at the latest, and in the end nothing is lost', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 }),
      fc.array(fc.integer({ min: 1, max: 700 })),
      (size, pieces) => {
        const window = new ReceiveWindow(size);
        let left = size;
        let owed = 0;
        for (const wanted of pieces) {
          const piece = Math.min(wanted, left);
          if (piece === 0) assert.fail('the peer would wait for ever');
          assert.equal(window.receive(piece), true);
          left -= piece;
          owed += piece;
          const credit = window.consume(piece);
          assert.ok(credit === 0 || credit === owed);
          if (credit === 0) assert.ok(owed < size / 8);
          else owed = 0;
          left += credit;
        }
        assert.equal(left + owed, size);
        assert.equal(window.receive(left + 1), false);
      },
    ),
  );
});

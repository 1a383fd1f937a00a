import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMBINATIONS, type Combination, freshKeys, Inbox, Outbox, pattern } from './combinations.ts';

/** More than any packet may have: a length made larger has to fail in the end, not just wait. */
const FILLER = new Uint8Array(280_000);
const refused = (error: { code: string }): boolean =>
  error.code === 'SSH_MAC' || error.code === 'SSH_MALFORMED';

/** Whether the bytes, with more behind them, end in a typed error and nothing delivered. */
function assertRefused(
  combination: Combination,
  keys: ReturnType<typeof freshKeys>,
  wire: Uint8Array,
  what: string,
): void {
  const inbox = new Inbox(combination, keys);
  assert.throws(
    () => {
      inbox.push(wire);
      inbox.push(FILLER);
    },
    refused,
    what,
  );
  assert.equal(inbox.payloads.length, 0, what);
}

for (const combination of COMBINATIONS) {
  const { name } = combination;
  const keys = freshKeys(combination);

  test(`${name}: one flipped bit anywhere, in length, body or tag, and nothing is delivered`, () => {
    const wire = new Outbox(combination, keys).seal(pattern(40));
    for (let at = 0; at < wire.length; at++) {
      const bits = at < 6 ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8];
      for (const bit of bits) {
        const damaged = Uint8Array.from(wire);
        damaged[at]! ^= 1 << bit;
        assertRefused(combination, keys, damaged, `bit ${bit} of byte ${at}`);
      }
    }
  });

  test(`${name}: a packet replayed, left out or out of order is refused`, () => {
    const outbox = new Outbox(combination, keys);
    const [a, b, c] = [outbox.seal(pattern(30, 1)), outbox.seal(pattern(30, 2)), outbox.seal(pattern(30, 3))];
    for (const [what, order] of [
      ['replayed', [a, a]],
      ['left out', [a, c]],
      ['out of order', [b, a]],
    ] as const) {
      const inbox = new Inbox(combination, keys);
      assert.throws(
        () => {
          for (const wire of order) inbox.push(wire);
          inbox.push(FILLER);
        },
        refused,
        what,
      );
      assert.ok(inbox.payloads.length <= 1, what);
    }
  });

  test(`${name}: under other keys nothing can be read`, () => {
    const wire = new Outbox(combination, keys).seal(pattern(40));
    assertRefused(combination, freshKeys(combination), wire, 'other keys');
    if (combination.mac !== undefined) {
      assertRefused(combination, { ...keys, macKey: freshKeys(combination).macKey }, wire, 'other MAC key');
    }
  });

  test(`${name}: a cut packet delivers nothing and waits`, () => {
    const wire = new Outbox(combination, keys).seal(pattern(40));
    for (let cut = 0; cut < wire.length; cut++) {
      const inbox = new Inbox(combination, keys);
      inbox.push(wire.subarray(0, cut));
      assert.equal(inbox.payloads.length, 0);
    }
  });
}

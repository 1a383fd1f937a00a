/** Access control lists: as text for people, and back to the same bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.ts';
import { aclToText, readAcl, textToAcl } from '../../src/sftp/acl.ts';
import { str, u32 } from '../support/sftp/wire.ts';

type Entry = readonly [type: number, flags: number, mask: number, who: string | Uint8Array];

function wire(entries: readonly Entry[], flags?: number): Buffer {
  const rows = entries.map(([type, inherit, mask, who]) =>
    Buffer.concat([u32(type), u32(inherit), u32(mask), str(who)]),
  );
  return Buffer.concat([...(flags === undefined ? [] : [u32(flags)]), u32(entries.length), ...rows]);
}

const ROWS: readonly [text: string, entries: readonly Entry[]][] = [
  ['', []],
  ['A::OWNER@:rwanNtTcCoy', [[0, 0, 0x1e019f, 'OWNER@']]],
  [
    'A:fd:joe@x.org:rx\nD::EVERYONE@:w',
    [
      [0, 3, 0x21, 'joe@x.org'],
      [1, 0, 2, 'EVERYONE@'],
    ],
  ],
  [
    'U:SF:a:b:r\nL:g:x:w',
    [
      [2, 0x30, 1, 'a:b'],
      [3, 0x40, 2, 'x'],
    ],
  ],
  ['9:+0x80:who:+0x80000000', [[9, 0x80, 0x8000_0000, 'who']]],
  ['A:ni:two%20words%0a%25:Dd', [[0, 0xc, 0x1_0040, 'two words\n%']]],
  ['A::%ffAx:r', [[0, 0, 1, Uint8Array.from([0xff, 0x41, 0x78])]]],
];

for (const [text, entries] of ROWS) {
  test(`${JSON.stringify(text)} is the list and back`, () => {
    for (const version of [4, 5, 6] as const) {
      const bytes = wire(entries, version === 6 ? 0 : undefined);
      assert.equal(aclToText(readAcl(bytes, version)), text);
      assert.deepEqual(Buffer.from(textToAcl(text, version)), bytes);
    }
  });
}

test('flags of the whole list: version 6', () => {
  const bytes = wire([[0, 0, 1, 'x']], 3);
  assert.equal(aclToText(readAcl(bytes, 6)), 'flags:0x3\nA::x:r');
  assert.deepEqual(Buffer.from(textToAcl('flags:0x3\nA::x:r', 6)), bytes);
  assert.throws(() => textToAcl('flags:0x3\nA::x:r', 5), { code: 'SFTP_OP_UNSUPPORTED' });
});

test('an edited list may have comments and empty lines', () => {
  const text = '# who may read\n\n  A::x:r  \n';
  assert.deepEqual(Buffer.from(textToAcl(text, 4)), wire([[0, 0, 1, 'x']]));
});

test('a line that is no entry is named', () => {
  for (const line of ['A:x', 'Q::x:r', 'A:z:x:r', 'A::x:q', 'A::x:r+1', '4294967296::x:r', 'A'])
    assert.throws(
      () => textToAcl(`A::x:r\n${line}`, 4),
      (error: Error) => error.message.includes(line),
    );
});

test('bytes that are no list, and a list over the limit, are shown as they are and come back', () => {
  const long = Array.from({ length: LIMITS.aclEntries.value + 1 }, () => [0, 0, 1, 'x'] as const);
  assert.ok(!aclToText(readAcl(wire(long.slice(1)), 4)).startsWith('raw:'));
  for (const bytes of [
    Buffer.from('x'),
    Buffer.concat([wire([]), Buffer.from([1])]),
    u32(0xffff_ffff),
    wire(long),
  ]) {
    const text = aclToText(readAcl(bytes, 4));
    assert.match(text, /^raw:/);
    assert.deepEqual(Buffer.from(textToAcl(text, 4)), bytes);
  }
});

test('any list comes back as the same bytes', () => {
  const number = fc.integer({ min: 0, max: 0xffff_ffff });
  const entry = fc.tuple(number, number, number, fc.uint8Array({ maxLength: 12 }));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 4 }), number, (entries, flags) => {
      const bytes = wire(entries, flags);
      assert.deepEqual(Buffer.from(textToAcl(aclToText(readAcl(bytes, 6)), 6)), bytes);
    }),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/base/bytes.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { hex } from '../crypto/seeded-random.ts';

const written = (write: (writer: WireWriter) => WireWriter): string =>
  toHex(write(new WireWriter(1)).finish());
const reader = (text: string): WireReader => new WireReader(hex(text));
const malformed = { code: 'SSH_MALFORMED' } as const;

/** Value, bytes: RFC 4251 section 5, and what lies at the edges. */
const U8 = [
  [0, '00'],
  [255, 'ff'],
] as const;
const U32 = [
  [0, '00000000'],
  [699_921_578, '29b7f4aa'],
  [0x8000_0000, '80000000'],
  [0xffff_ffff, 'ffffffff'],
] as const;
const U64 = [
  [0n, '0000000000000000'],
  [0xffff_ffffn, '00000000ffffffff'],
  [0x1_0000_0000n, '0000000100000000'],
  [0xffff_ffff_ffff_ffffn, 'ffffffffffffffff'],
] as const;
const TEXT = [
  ['', '00000000'],
  ['testing', '0000000774657374696e67'],
  ['ü', '00000002c3bc'],
] as const;
const NAME_LIST = [
  [[], '00000000'],
  [['zlib'], '000000047a6c6962'],
  [['zlib', 'none'], '000000097a6c69622c6e6f6e65'],
] as const;
/** Magnitude, mpint. */
const MPINT = [
  ['', '00000000'],
  ['00', '00000000'],
  ['0000', '00000000'],
  ['09a378f9b2e332a7', '0000000809a378f9b2e332a7'],
  ['80', '000000020080'],
  ['7f', '000000017f'],
  ['ff', '0000000200ff'],
  ['0080', '000000020080'],
  ['000001', '0000000101'],
] as const;

test('u8, u32 and u64: big-endian, unsigned, both ways', () => {
  for (const [value, bytes] of U8) {
    assert.equal(
      written((w) => w.u8(value)),
      bytes,
    );
    assert.equal(reader(bytes).u8(), value);
  }
  for (const [value, bytes] of U32) {
    assert.equal(
      written((w) => w.u32(value)),
      bytes,
    );
    assert.equal(reader(bytes).u32(), value);
  }
  for (const [value, bytes] of U64) {
    assert.equal(
      written((w) => w.u64(value)),
      bytes,
    );
    assert.equal(reader(bytes).u64(), value);
  }
  assert.equal(
    written((w) => w.u64(Number.MAX_SAFE_INTEGER)),
    '001fffffffffffff',
  );
});

test('bool: 0 and 1 are written, everything but 0 is read as true', () => {
  assert.equal(
    written((w) => w.bool(false).bool(true)),
    '0001',
  );
  for (let byte = 0; byte < 256; byte++) {
    assert.equal(new WireReader(Uint8Array.of(byte)).bool(), byte !== 0);
  }
});

test('text and name-list: the examples of RFC 4251 section 5', () => {
  for (const [value, bytes] of TEXT) {
    assert.equal(
      written((w) => w.text(value)),
      bytes,
    );
    assert.equal(reader(bytes).text(), value);
  }
  for (const [value, bytes] of NAME_LIST) {
    assert.equal(
      written((w) => w.nameList(value)),
      bytes,
    );
    assert.deepEqual(reader(bytes).nameList(), [...value]);
  }
});

test('text: bytes that are not UTF-8 become U+FFFD and end no connection', () => {
  assert.equal(reader('00000003 61ff62').text(), 'a\ufffdb');
});

test('mpint: shortest form, a zero byte before a set high bit, zero is empty', () => {
  for (const [magnitude, bytes] of MPINT)
    assert.equal(
      written((w) => w.mpint(hex(magnitude))),
      bytes,
      magnitude,
    );
});

test('mpint: read without leading zeros; the negative examples of RFC 4251 are refused', () => {
  assert.equal(toHex(reader('00000000').mpint()), '');
  assert.equal(toHex(reader('0000000809a378f9b2e332a7').mpint()), '09a378f9b2e332a7');
  assert.equal(toHex(reader('000000020080').mpint()), '80');
  assert.equal(toHex(reader('0000000400000001').mpint()), '01');
  for (const negative of ['00000002edcc', '00000005ff21524111', '00000001ff']) {
    assert.throws(() => reader(negative).mpint(), malformed);
  }
});

test('mpint: any magnitude comes back without its leading zeros', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const back = new WireReader(new WireWriter(1).mpint(bytes).finish()).mpint();
      const start = bytes.findIndex((byte) => byte !== 0);
      assert.equal(toHex(back), start < 0 ? '' : toHex(bytes.subarray(start)));
    }),
  );
});

test('name-list: as many names as the limit allows, not one more', () => {
  const most = Array.from({ length: LIMITS.nameListEntries.value }, (_, i) => `n${i}`);
  const list = (names: string[]): Uint8Array => new WireWriter().nameList(names).finish();
  assert.equal(new WireReader(list(most)).nameList().length, most.length);
  assert.throws(() => new WireReader(list([...most, 'x'])).nameList(), {
    code: 'LIMIT_EXCEEDED',
    details: { limit: 'nameListEntries', expected: most.length, actual: most.length + 1 },
  });
});

test('every field, cut at every byte, is SSH_MALFORMED', () => {
  const fields: readonly (readonly [string, (r: WireReader) => unknown])[] = [
    ['ff', (r) => r.u8()],
    ['01', (r) => r.bool()],
    ['00000001', (r) => r.u32()],
    ['0000000000000001', (r) => r.u64()],
    ['0000000361626c', (r) => r.string()],
    ['0000000361626c', (r) => r.text()],
    ['0000000361626c', (r) => r.mpint()],
    ['0000000361626c', (r) => r.nameList()],
  ];
  for (const [bytes, read] of fields) {
    const whole = hex(bytes);
    read(new WireReader(whole));
    for (let cut = 0; cut < whole.length; cut++) {
      assert.throws(() => read(new WireReader(whole.subarray(0, cut))), malformed);
    }
  }
});

test('a length of 4 GiB is refused before anything is allocated', () => {
  assert.throws(() => reader('ffffffff 00').string(), malformed);
  assert.throws(() => reader('7fffffff 00').text(), malformed);
});

test('strings are views into the message; rest, raw, end, remaining and position tell the truth', () => {
  const bytes = hex('000000026162 0102 0304');
  const r = new WireReader(bytes);
  const view = r.string();
  bytes[4] = 0x7a;
  assert.equal(toHex(view), '7a62');
  assert.equal(toHex(r.raw(2)), '0102');
  assert.equal(r.position, 8);
  assert.equal(r.remaining, 2);
  assert.throws(() => r.end(), malformed);
  assert.throws(() => r.raw(3), malformed);
  assert.equal(toHex(r.rest()), '0304');
  assert.equal(toHex(r.rest()), '');
  r.end();
});

test('the writer grows at whatever byte it must: nothing written is lost', () => {
  for (let capacity = 1; capacity < 12; capacity++) {
    const writer = new WireWriter(capacity);
    for (let i = 1; i < 40; i++) writer.u8(i);
    assert.deepEqual(
      [...writer.finish()],
      Array.from({ length: 39 }, (_, i) => i + 1),
    );
    const mixed = new WireWriter(capacity).text('abc').bool(true).u32(7).bool(true).u64(1n).u8(9);
    assert.equal(toHex(mixed.finish()), '00000003616263010000000701000000000000000109');
  }
});

test('the writer grows as it must, and what it gives out is memory of its own', () => {
  const writer = new WireWriter(1);
  for (let i = 0; i < 5000; i++) writer.u32(i);
  const first = writer.finish();
  assert.equal(first.length, 20_000);
  for (let i = 0; i < 5000; i++) assert.equal(new WireReader(first, i * 4).u32(), i);
  writer.u8(1);
  assert.equal(first.length, 20_000);
});

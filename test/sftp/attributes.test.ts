import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WherryError } from '../../src/base/errors.ts';
import {
  decodeAttributes,
  encodeAttributes,
  type FileAttributes,
  fileType,
} from '../../src/sftp/attributes.ts';
import { WireReader } from '../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';

function encoded(attributes: FileAttributes): string {
  const writer = new WireWriter();
  encodeAttributes(writer, attributes);
  return Buffer.from(writer.finish()).toString('hex');
}

function decoded(hex: string): FileAttributes {
  const reader = new WireReader(Buffer.from(hex, 'hex'));
  const attributes = decodeAttributes(reader);
  reader.end();
  return attributes;
}

/** filexfer-02 section 5, by hand. */
const VECTORS: readonly [attributes: FileAttributes, hex: string][] = [
  [{}, '00000000'],
  [{ size: 0 }, '00000001' + '0000000000000000'],
  [{ size: 2 ** 53 - 1 }, '00000001' + '001fffffffffffff'],
  [{ uid: 0xffff_ffff, gid: 1 }, '00000002' + 'ffffffff' + '00000001'],
  [{ permissions: 0o120777 }, '00000004' + '0000a1ff'],
  [{ accessTime: 0xf000_0000, modifyTime: 2 }, '00000008' + 'f0000000' + '00000002'],
  [{ extended: [['a@b', Buffer.from('xy')]] }, '80000000' + '00000001' + '00000003614062' + '000000027879'],
  [
    { size: 1, uid: 2, gid: 3, permissions: 4, accessTime: 5, modifyTime: 6, extended: [] },
    '8000000f' +
      '0000000000000001' +
      '00000002' +
      '00000003' +
      '00000004' +
      '00000005' +
      '00000006' +
      '00000000',
  ],
];

for (const [attributes, hex] of VECTORS) {
  test(`attributes ${Object.keys(attributes).join(', ') || 'none'} as bytes and back`, () => {
    assert.equal(encoded(attributes), hex);
    const back = decoded(hex);
    assert.equal(encoded(back), hex);
    const { extended: _, ...plain } = attributes;
    const { extended: __, ...plainBack } = back;
    assert.deepEqual(plainBack, plain);
  });
}

test('what is encoded is decoded again', () => {
  const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
  const group = fc.record(
    {
      size: fc.maxSafeNat(),
      owner: fc.record({ uid: u32, gid: u32 }),
      permissions: u32,
      times: fc.record({ accessTime: u32, modifyTime: u32 }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(group, ({ owner, times, ...rest }) => {
      const attributes = { ...rest, ...owner, ...times };
      assert.deepEqual(decoded(encoded(attributes)), attributes);
    }),
  );
});

const TOGETHER = [
  ['uid', 'gid'],
  ['accessTime', 'modifyTime'],
] as const;
for (const pair of TOGETHER) {
  for (const alone of pair) {
    test(`${alone} alone is refused, for ${pair.join(' and ')} share a flag`, () => {
      const other = pair.find((name) => name !== alone)!;
      assert.throws(
        () => encoded({ [alone]: 1 }),
        (error) =>
          error instanceof WherryError && error.code === 'INVALID_ARGUMENT' && error.message.includes(other),
      );
    });
  }
}

for (const bad of [-1, 1.5, Number.NaN, 2 ** 32]) {
  for (const name of ['permissions', 'accessTime', 'uid'] as const) {
    test(`${name} ${bad} is refused instead of sent as something else`, () => {
      const attributes = { permissions: 0, uid: 0, gid: 0, accessTime: 0, modifyTime: 0, [name]: bad };
      assert.throws(
        () => encoded(attributes),
        (error) =>
          error instanceof WherryError && error.code === 'INVALID_ARGUMENT' && error.message.includes(name),
      );
    });
  }
}
for (const size of [-1, 0.5, 2 ** 53, Number.NaN]) {
  test(`size ${size} is refused`, () => {
    assert.throws(
      () => encoded({ size }),
      (error) => error instanceof WherryError && error.code === 'INVALID_ARGUMENT',
    );
  });
}

for (const flag of [0x10, 0x20, 0x40, 0x80, 0x100, 0x4000_0000]) {
  test(`unknown attribute flag ${flag.toString(16)} is an error: its field's length is not known`, () => {
    const hex = flag.toString(16).padStart(8, '0');
    assert.throws(() => decoded(`${hex}${'00'.repeat(16)}`), /unknown attribute flags/);
  });
}

test('sizes beyond 2^53 are refused, never rounded', () => {
  assert.throws(() => decoded(`00000001${'0020000000000000'}`), /beyond 2\^53/);
  assert.throws(() => decoded(`00000001${'ffffffffffffffff'}`), /beyond 2\^53/);
});

test('too many extended pairs are refused before any is read', () => {
  assert.throws(
    () => decoded(`80000000${'ffffffff'}`),
    (error) => error instanceof WherryError && error.code === 'LIMIT_EXCEEDED',
  );
});

test('attributes cut at any byte are malformed', () => {
  const whole = VECTORS.at(-1)![1];
  for (let bytes = 0; bytes < whole.length / 2; bytes++)
    assert.throws(() => decoded(whole.slice(0, bytes * 2)), WherryError, `${bytes} bytes`);
});

// A Map: Biome rewrites octal object keys wrongly.
const TYPES = new Map<number, string>([
  [0o010644, 'fifo'],
  [0o020644, 'character'],
  [0o040755, 'directory'],
  [0o060644, 'block'],
  [0o100644, 'file'],
  [0o120777, 'symlink'],
  [0o140755, 'socket'],
  [0o000644, 'unknown'],
  [0o170000, 'unknown'],
]);
test('the file type is told from the type bits only', () => {
  for (const [permissions, type] of TYPES) assert.equal(fileType({ permissions }), type);
  assert.equal(fileType({}), 'unknown');
});

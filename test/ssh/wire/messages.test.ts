import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toHex } from '../../../src/base/bytes.ts';
import {
  decode,
  encode,
  type FieldTypes,
  type MessageOf,
  type MessageRow,
} from '../../../src/ssh/wire/message.ts';
import * as tables from '../../../src/ssh/wire/messages.ts';

const { messageName, ...SETS } = tables;
const ROWS = Object.entries(SETS).flatMap(([set, rows]) =>
  Object.entries(rows).map(([name, row]) => [`${set}.${name}`, row as MessageRow] as const),
);

const bytes = fc.uint8Array({ maxLength: 40 });
const FIELDS: { [K in keyof FieldTypes]: fc.Arbitrary<FieldTypes[K]> } = {
  u8: fc.nat(255),
  bool: fc.boolean(),
  u32: fc.nat(0xffff_ffff),
  u64: fc.bigInt(0n, 0xffff_ffff_ffff_ffffn),
  text: fc.string({ unit: 'binary', maxLength: 20 }),
  string: bytes,
  mpint: bytes.map((one) => one.subarray(one[0] === 0 ? one.length : 0)),
  nameList: fc.array(fc.stringMatching(/^[a-z0-9@.-]{1,12}$/), { maxLength: 5 }),
  rest: bytes,
};

function anyValue(row: MessageRow): fc.Arbitrary<MessageOf<MessageRow>> {
  return fc.record(
    Object.fromEntries(Object.entries(row.fields).map(([name, type]) => [name, FIELDS[type]])),
  );
}

/** Uint8Arrays and Buffers of the same bytes count as the same. */
function plain(value: object): unknown {
  return Object.entries(value).map(([name, one]) => [name, one instanceof Uint8Array ? toHex(one) : one]);
}

for (const [name, row] of ROWS) {
  test(`${name}: decode(encode(x)) is x, and bytes that follow are let pass`, () => {
    fc.assert(
      fc.property(anyValue(row), bytes, (value, more) => {
        const payload = encode(row, value);
        assert.equal(payload[0], row.number);
        assert.deepEqual(plain(decode(row, payload)), plain(value));
        if (Object.values(row.fields).at(-1) === 'rest') return;
        assert.deepEqual(plain(decode(row, Buffer.concat([payload, more]))), plain(value));
      }),
      { numRuns: 60 },
    );
  });

  test(`${name}: cut at any byte it is SSH_MALFORMED`, () => {
    fc.assert(
      fc.property(anyValue(row), (value) => {
        const bare = { ...value };
        for (const [field, type] of Object.entries(row.fields)) {
          if (type === 'rest') (bare as Record<string, unknown>)[field] = new Uint8Array(0);
        }
        const payload = encode(row, bare);
        for (let cut = 0; cut < payload.length; cut++) {
          assert.throws(() => decode(row, payload.subarray(0, cut)), { code: 'SSH_MALFORMED' });
        }
      }),
      { numRuns: 20 },
    );
  });

  test(`${name}: another number, and random bytes, never give more than a typed error`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.boolean(), (junk, numbered) => {
        const payload = numbered ? Uint8Array.of(row.number, ...junk) : junk;
        try {
          decode(row, payload);
        } catch (error) {
          const { code } = error as { code: string };
          assert.ok(code === 'SSH_MALFORMED' || code === 'LIMIT_EXCEEDED', String(error));
        }
      }),
      { numRuns: 60 },
    );
    assert.throws(() => decode(row, Uint8Array.of(row.number ^ 1)), { code: 'SSH_MALFORMED' });
  });
}

test('the numbers of a table are unique, in range, and each row names the section that defines it', () => {
  for (const [set, rows] of Object.entries(SETS)) {
    const numbers = Object.values(rows).map((row: MessageRow) => row.number);
    assert.equal(new Set(numbers).size, numbers.length, set);
  }
  const RANGES: Readonly<Record<string, readonly [number, number]>> = {
    KEX_DH: [30, 49],
    KEX_ECDH: [30, 49],
    KEX_GEX: [30, 49],
    USERAUTH: [50, 59],
    AUTH_PUBLICKEY: [60, 79],
    AUTH_PASSWORD: [60, 79],
    AUTH_KEYBOARD: [60, 79],
    CONNECTION: [80, 127],
  };
  for (const [name, row] of ROWS) {
    assert.match(row.ref, /RFC \d|OpenSSH PROTOCOL/, name);
    const [low, high] = RANGES[name.split('.')[0]!] ?? [1, 255];
    assert.ok(row.number >= low && row.number <= high, name);
  }
});

test('messageName: the name where the number has one meaning, else the number', () => {
  assert.equal(messageName(20), 'SSH_MSG_KEXINIT');
  assert.equal(messageName(94), 'SSH_MSG_CHANNEL_DATA');
  assert.equal(messageName(192), 'SSH_MSG_PING');
  for (const number of [0, 31, 60, 255]) assert.equal(messageName(number), `message ${number}`);
});

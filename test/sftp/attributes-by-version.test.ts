/** Attributes in every version: each field by itself, none, all, and all but one, as bytes put together by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Sftp } from '../../src/api/sftp.ts';
import { ATTRIBUTE_FIELDS } from '../../src/sftp/attribute-fields.ts';
import {
  decodeAttributes,
  encodeAttributes,
  type FileAttributes,
  fileType,
} from '../../src/sftp/attributes.ts';
import { SftpSession } from '../../src/sftp/session.ts';
import { ALL_VERSIONS, type SftpVersion } from '../../src/sftp/versions.ts';
import { WireReader } from '../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';
import { channelPair } from '../support/sftp/channel-pair.ts';
import { packet, str, u32, u64 } from '../support/sftp/wire.ts';

interface Field {
  readonly flag: number;
  readonly versions: readonly SftpVersion[];
  readonly bytes: (version: SftpVersion, subseconds: boolean) => Buffer;
  readonly value: (version: SftpVersion, subseconds: boolean) => FileAttributes;
}

const time = (flag: number, versions: readonly SftpVersion[], name: string, at: number): Field => ({
  flag,
  versions,
  bytes: (_, subseconds) =>
    Buffer.concat([u64(BigInt.asUintN(64, BigInt(at))), ...(subseconds ? [u32(at & 0xfff)] : [])]),
  value: (_, subseconds) => ({ [name]: at, ...(subseconds ? { [`${name}Nanoseconds`]: at & 0xfff } : {}) }),
});

/** In the order of the wire, which is that of the drafts. */
const FIELDS: readonly Field[] = [
  {
    flag: 0x1,
    versions: [3, 4, 5, 6],
    bytes: () => u64(0x1_0000_0002),
    value: () => ({ size: 0x1_0000_0002 }),
  },
  { flag: 0x400, versions: [6], bytes: () => u64(8192), value: () => ({ allocationSize: 8192 }) },
  {
    flag: 0x2,
    versions: [3],
    bytes: () => Buffer.concat([u32(7), u32(8)]),
    value: () => ({ uid: 7, gid: 8 }),
  },
  {
    flag: 0x80,
    versions: [4, 5, 6],
    bytes: () => Buffer.concat([str('me@x'), str('grüppe')]),
    value: () => ({ owner: 'me@x', group: 'grüppe' }),
  },
  { flag: 0x4, versions: [3, 4, 5, 6], bytes: () => u32(0o100640), value: () => ({ permissions: 0o100640 }) },
  {
    flag: 0x8,
    versions: [3],
    bytes: () => Buffer.concat([u32(5), u32(6)]),
    value: () => ({ accessTime: 5, modifyTime: 6 }),
  },
  time(0x8, [4, 5, 6], 'accessTime', 5_000_000_000),
  time(0x10, [4, 5, 6], 'createTime', -86_400),
  time(0x20, [4, 5, 6], 'modifyTime', 1_700_000_000),
  time(0x8000, [6], 'changeTime', 1_700_000_001),
  {
    flag: 0x40,
    versions: [4, 5, 6],
    bytes: (version) =>
      str(
        Buffer.concat([...(version === 6 ? [u32(1)] : []), u32(1), u32(0), u32(3), u32(0x21), str('OWNER@')]),
      ),
    value: (version) => ({ acl: `${version === 6 ? 'flags:0x1\n' : ''}A:fd:OWNER@:rx` }),
  },
  {
    flag: 0x200,
    versions: [5, 6],
    bytes: (version) => Buffer.concat([u32(5), ...(version === 6 ? [u32(7)] : [])]),
    value: (version) => ({ bits: 5, ...(version === 6 ? { bitsValid: 7 } : {}) }),
  },
  { flag: 0x800, versions: [6], bytes: () => Buffer.from([1]), value: () => ({ textHint: 'guessed-text' }) },
  { flag: 0x1000, versions: [6], bytes: () => str('text/plain'), value: () => ({ mimeType: 'text/plain' }) },
  { flag: 0x2000, versions: [6], bytes: () => u32(3), value: () => ({ linkCount: 3 }) },
  { flag: 0x4000, versions: [6], bytes: () => str('raw'), value: () => ({ untranslatedName: 'raw' }) },
  {
    flag: 0x8000_0000,
    versions: [3, 4, 5, 6],
    bytes: () => Buffer.concat([u32(1), str('a@x'), str('d')]),
    value: () => ({ extended: [['a@x', Uint8Array.from(Buffer.from('d'))]] }),
  },
];

interface Case {
  readonly name: string;
  readonly wire: Buffer;
  readonly expected: FileAttributes;
}

/** What a server sends that has those fields; the type byte says `file`. */
function made(version: SftpVersion, fields: readonly Field[], subseconds: boolean, name: string): Case {
  const flags = fields.reduce((all, { flag }) => all + flag, subseconds ? 0x100 : 0);
  const type = version === 3 ? [] : [Buffer.from([1])];
  return {
    name,
    wire: Buffer.concat([u32(flags), ...type, ...fields.map(({ bytes }) => bytes(version, subseconds))]),
    expected: Object.assign(
      version === 3 ? {} : { type: 'file' },
      ...fields.map(({ value }) => value(version, subseconds)),
    ) as FileAttributes,
  };
}

function casesOf(version: SftpVersion): Case[] {
  const all = FIELDS.filter(({ versions }) => versions.includes(version));
  const cases = [made(version, [], false, 'none'), made(version, all, false, 'all')];
  if (version > 3) cases.push(made(version, all, true, 'all, with nanoseconds'));
  for (const field of all) {
    const hex = field.flag.toString(16);
    cases.push(made(version, [field], false, `only 0x${hex}`));
    cases.push(
      made(
        version,
        all.filter((other) => other !== field),
        version > 3,
        `all but 0x${hex}`,
      ),
    );
  }
  return cases;
}

for (const version of ALL_VERSIONS) {
  test(`version ${version}: every attribute on and off, as bytes and back`, () => {
    for (const { name, wire, expected } of casesOf(version)) {
      const reader = new WireReader(wire);
      const attributes = decodeAttributes(reader, version);
      reader.end();
      assert.deepEqual(attributes, expected, name);
      const writer = new WireWriter();
      encodeAttributes(writer, attributes, version);
      assert.equal(Buffer.from(writer.finish()).toString('hex'), wire.toString('hex'), name);
    }
  });

  test(`version ${version}: a server with every attribute on and off`, async () => {
    const pair = channelPair();
    const cases = casesOf(version);
    let listed = false;
    let now = cases[0]!;
    pair.server.onData = (bytes) => {
      let frames = Buffer.from(bytes);
      while (frames.length > 0) {
        const end = 4 + frames.readUInt32BE(0);
        const [type, id] = [frames[4]!, frames.subarray(5, 9)];
        frames = frames.subarray(end);
        const longname = version === 3 ? [str('-rw long')] : [];
        const name = Buffer.concat([u32(1), str('näme'), ...longname, now.wire]);
        if (type === 1) pair.server.send(packet(2, u32(version)));
        else if (type === 11) pair.server.send(packet(102, id, str('h')));
        else if (type === 7 || type === 8 || type === 17) pair.server.send(packet(105, id, now.wire));
        else if (type === 16 || type === 19) pair.server.send(packet(104, id, name));
        else if (type === 12 && !listed) {
          listed = true;
          pair.server.send(packet(104, id, name, ...(version === 6 ? [Buffer.from([1])] : [])));
        } else pair.server.send(packet(101, id, u32(type === 12 ? 1 : 0), str(''), str('')));
      }
    };
    const session = new SftpSession(pair.client, 2000, { version });
    await session.start();
    const sftp = new Sftp(session);
    for (now of cases) {
      assert.deepEqual(await sftp.stat('/x'), now.expected, now.name);
      assert.deepEqual(await sftp.lstat('/x'), now.expected, now.name);
      assert.equal(await sftp.realpath('/x'), 'näme');
      assert.equal(await sftp.readlink('/x'), 'näme');
      listed = false;
      const entries = [];
      for await (const entry of sftp.list('/')) entries.push(entry);
      assert.equal(entries.length, 1);
      assert.deepEqual(entries[0]!.attributes, now.expected, now.name);
      assert.equal(entries[0]!.longname, version === 3 ? '-rw long' : '');
      assert.equal(entries[0]!.type, fileType(now.expected));
    }
    await sftp.close();
  });

  test(`version ${version}: unknown flags are an error, for the length of their field is not known`, () => {
    const known = FIELDS.filter(({ versions }) => versions.includes(version)).reduce(
      (all, { flag }) => all | flag,
      version > 3 ? 0x100 : 0,
    );
    for (let bit = 0; bit < 32; bit++) {
      const flag = (1 << bit) >>> 0;
      if ((known & flag) !== 0) continue;
      const wire = Buffer.concat([u32(flag), Buffer.alloc(32)]);
      assert.throws(() => decodeAttributes(new WireReader(wire), version), /unknown attribute flags/);
    }
  });

  test(`version ${version}: attributes cut at any byte are malformed`, () => {
    const { wire } = casesOf(version)[1]!;
    for (let length = 0; length < wire.length; length++)
      assert.throws(
        () => decodeAttributes(new WireReader(wire.subarray(0, length)), version),
        `${length} bytes`,
      );
  });
}

test('every row of the table has its bytes above, in the same order', () => {
  for (const version of ALL_VERSIONS) {
    const rows = ATTRIBUTE_FIELDS.filter(({ since, until }) => since <= version && version <= until);
    const mine = FIELDS.filter(({ versions }) => versions.includes(version));
    assert.deepEqual(
      rows.map(({ flag }) => flag),
      mine.map(({ flag }) => flag),
    );
  }
});

const u32s = fc.integer({ min: 0, max: 0xffff_ffff });
const seconds = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
const nanoseconds = fc.integer({ min: 0, max: 999_999_999 });
const word = fc.stringMatching(/^[a-zü@. ]{1,8}$/);

/** Attributes of version 6; older versions have fewer. */
const SIX = fc.record(
  {
    type: fc.constantFrom('file', 'directory', 'symlink', 'special', 'socket', 'fifo'),
    size: fc.maxSafeNat(),
    allocationSize: fc.maxSafeNat(),
    owner: word,
    group: word,
    accessTime: seconds,
    createTime: seconds,
    modifyTime: seconds,
    changeTime: seconds,
    linkCount: u32s,
    mimeType: word,
    untranslatedName: word,
    textHint: fc.constantFrom('known-text', 'guessed-text', 'known-binary', 'guessed-binary'),
  },
  { requiredKeys: ['type'] },
);

test('what is encoded is decoded again', () => {
  fc.assert(
    fc.property(SIX, fc.option(nanoseconds), fc.option(fc.tuple(u32s, u32s)), (some, fraction, bits) => {
      const attributes: Record<string, unknown> = { ...some };
      if (fraction !== null)
        for (const name of ['accessTime', 'createTime', 'modifyTime', 'changeTime'] as const)
          if (some[name] !== undefined) attributes[`${name}Nanoseconds`] = fraction;
      if (bits !== null) Object.assign(attributes, { bits: bits[0], bitsValid: bits[1] });
      const writer = new WireWriter();
      encodeAttributes(writer, attributes as FileAttributes, 6);
      assert.deepEqual(decodeAttributes(new WireReader(writer.finish()), 6), attributes);
    }),
  );
});

test('owner and group: numbers and names are written in the way of the version', () => {
  const written = (attributes: FileAttributes, version: SftpVersion): FileAttributes => {
    const writer = new WireWriter();
    encodeAttributes(writer, attributes, version, 'file');
    return decodeAttributes(new WireReader(writer.finish()), version);
  };
  assert.deepEqual(written({ owner: '7', group: '8' }, 3), { uid: 7, gid: 8 });
  assert.deepEqual(written({ uid: 7, gid: 8 }, 4), { type: 'file', owner: '7', group: '8' });
  assert.deepEqual(written({ owner: 'me' }, 6), { type: 'file', owner: 'me' });
  assert.throws(() => written({ owner: 'me', group: 'us' }, 3), { code: 'SFTP_OP_UNSUPPORTED' });
  assert.throws(() => written({ uid: -1 }, 4), { code: 'INVALID_ARGUMENT' });
  assert.throws(() => written({ modifyTime: 1.5 }, 4), { code: 'INVALID_ARGUMENT' });
  assert.throws(() => written({ modifyTime: 1, modifyTimeNanoseconds: 1e9 }, 4), {
    code: 'INVALID_ARGUMENT',
  });
  assert.throws(() => written({ textHint: 'no' as 'known-text' }, 6), { code: 'INVALID_ARGUMENT' });
  assert.throws(() => written({ nonsense: 1 } as FileAttributes, 6), { code: 'INVALID_ARGUMENT' });
});

test('the type: permissions first, then the byte', () => {
  assert.equal(fileType({ type: 'file', permissions: 0o040755 }), 'directory');
  assert.equal(fileType({ type: 'symlink', permissions: 0o755 }), 'symlink');
  assert.equal(fileType({ type: 'special' }), 'special');
  const four = new WireWriter();
  encodeAttributes(four, { type: 'fifo' }, 4);
  assert.equal(four.finish()[4], 4, 'version 4 has no byte for a pipe');
});

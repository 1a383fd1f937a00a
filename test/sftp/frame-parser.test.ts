import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WherryError } from '../../src/base/errors.ts';
import { LIMITS } from '../../src/base/limits.ts';
import { FrameParser } from '../../src/sftp/frame-parser.ts';
import { pattern } from '../support/sftp/memory-session.ts';
import { packet, str, u32 } from '../support/sftp/wire.ts';

/** What a parser told, as text; pieces of data are joined. */
class Told {
  readonly events: string[] = [];
  readonly parser: FrameParser;
  #data: Buffer[] = [];

  constructor(stream: (id: number, length: number) => boolean = () => true) {
    this.parser = new FrameParser({
      frame: (bytes) => this.events.push(`frame ${Buffer.from(bytes).toString('hex')}`),
      dataStarts: (id, length) => {
        const yes = stream(id, length);
        if (yes) this.events.push(`data ${id} ${length}`);
        return yes;
      },
      data: (bytes) => this.#data.push(Buffer.from(bytes)),
      dataEnds: () => this.events.push(`end ${Buffer.concat(this.#data.splice(0)).toString('hex')}`),
    });
  }
}

const DATA = pattern(70);
const STREAM = Buffer.concat([
  packet(101, u32(1), u32(0), str('ok'), str('')),
  packet(103, u32(2), str(DATA)),
  packet(103, u32(3), str(DATA.subarray(0, 5)), Buffer.from('trailing')),
  packet(103, u32(4), str('')),
  packet(103, u32(5), str(''), Buffer.from('x')),
  packet(102, u32(6), str('handle')),
  packet(103, u32(7)),
  packet(103, u32(8), str(DATA.subarray(0, 1))),
]);
const body = (...parts: Uint8Array[]): string => Buffer.concat(parts).toString('hex');
const STATUS_FRAME = `frame ${body(Buffer.from([101]), u32(1), u32(0), str('ok'), str(''))}`;
const HANDLE_FRAME = `frame ${body(Buffer.from([102]), u32(6), str('handle'))}`;
const STREAMED = [
  STATUS_FRAME,
  'data 2 70',
  `end ${DATA.toString('hex')}`,
  'data 3 5',
  `end ${DATA.toString('hex', 0, 5)}`,
  'data 4 0',
  'end ',
  'data 5 0',
  'end ',
  HANDLE_FRAME,
  `frame 67${body(u32(7))}`,
  'data 8 1',
  `end ${DATA.toString('hex', 0, 1)}`,
];
const WHOLE = [
  STATUS_FRAME,
  `frame 67${body(u32(2), str(DATA))}`,
  `frame 67${body(u32(3), str(DATA.subarray(0, 5)), Buffer.from('trailing'))}`,
  `frame 67${body(u32(4), str(''))}`,
  `frame 67${body(u32(5), str(''), Buffer.from('x'))}`,
  HANDLE_FRAME,
  `frame 67${body(u32(7))}`,
  `frame 67${body(u32(8), str(DATA.subarray(0, 1)))}`,
];

test('frames in chunks of every size, DATA streamed and whole', () => {
  for (let size = 1; size <= STREAM.length; size++) {
    for (const [stream, expected] of [
      [true, STREAMED],
      [false, WHOLE],
    ] as const) {
      const told = new Told(() => stream);
      for (let at = 0; at < STREAM.length; at += size) told.parser.push(STREAM.subarray(at, at + size));
      assert.deepEqual(told.events, expected, `chunks of ${size}, ${stream ? 'streamed' : 'whole'}`);
    }
  }
});

test('streamed and whole DATA may alternate', () => {
  const told = new Told((id) => id % 2 === 0);
  told.parser.push(STREAM);
  const streamed = told.events
    .filter((event) => event.startsWith('data'))
    .map((event) => event.split(' ')[1]);
  assert.deepEqual(streamed, ['2', '4', '8']);
});

test('data of one chunk is handed on without a copy', () => {
  const seen: Uint8Array[] = [];
  const parser = new FrameParser({
    frame: () => {},
    dataStarts: () => true,
    data: (bytes) => seen.push(bytes),
    dataEnds: () => {},
  });
  parser.push(packet(103, u32(1), str(DATA)).subarray(0, 13));
  const chunk = Buffer.from(DATA);
  parser.push(chunk);
  assert.equal(seen[0]!.buffer, chunk.buffer);
});

const MALFORMED: readonly [what: string, bytes: Buffer, code: string][] = [
  ['length 0', Buffer.concat([u32(0), Buffer.from([101])]), 'SFTP_PROTOCOL'],
  ['length 4: no room for an id', Buffer.concat([u32(4), Buffer.from([101, 0, 0, 0])]), 'SFTP_PROTOCOL'],
  ['length 2^32-1', Buffer.concat([u32(0xffff_ffff), Buffer.from([101])]), 'LIMIT_EXCEEDED'],
  [
    'one over the limit',
    Buffer.concat([u32(LIMITS.sftpFrameBytes.value + 1), Buffer.from([103])]),
    'LIMIT_EXCEEDED',
  ],
  [
    'DATA longer than its packet',
    Buffer.concat([u32(10), Buffer.from([103]), u32(1), u32(2)]),
    'SFTP_PROTOCOL',
  ],
  ['DATA of 2^32-1', Buffer.concat([u32(10), Buffer.from([103]), u32(1), u32(0xffff_ffff)]), 'SFTP_PROTOCOL'],
];
for (const [what, bytes, code] of MALFORMED) {
  test(`${what} ends the session at the header, in chunks of 1 byte too`, () => {
    for (const size of [bytes.length, 1]) {
      const told = new Told();
      assert.throws(
        () => {
          for (let at = 0; at < bytes.length; at += size) told.parser.push(bytes.subarray(at, at + size));
        },
        (error) => error instanceof WherryError && error.code === code,
      );
      assert.deepEqual(told.events, []);
    }
  });
}

test('a frame at the limit is taken', () => {
  const told = new Told();
  const frame = Buffer.alloc(4 + LIMITS.sftpFrameBytes.value);
  frame.writeUInt32BE(LIMITS.sftpFrameBytes.value);
  frame[4] = 104;
  told.parser.push(frame);
  assert.equal(told.events.length, 1);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import fc from 'fast-check';
import { systemRandom } from '../../../src/base/random.ts';
import type { ByteStream } from '../../../src/net/byte-stream.ts';
import { makeOpener, makeSealer } from '../../../src/ssh/crypto/packet/packet-ciphers.ts';
import { PacketReader } from '../../../src/ssh/transport/packet-reader.ts';
import { PacketWriter } from '../../../src/ssh/transport/packet-writer.ts';
import { COMBINATIONS, freshKeys, Inbox, Outbox, pattern } from '../crypto/packet/combinations.ts';

const [gcm] = COMBINATIONS;

/** A clear packet with any length fields. */
function packet(packetLength: number, padding: number, size: number): Uint8Array {
  const bytes = Buffer.alloc(4 + size, 0x2a);
  bytes.writeUInt32BE(packetLength);
  if (size > 0) bytes[4] = padding;
  return bytes;
}

const IMPOSSIBLE: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ['length 0', packet(0, 0, 12)],
  ['length 1', packet(1, 0, 12)],
  ['length 4', packet(4, 4, 12)],
  ['no multiple of the block', packet(13, 4, 13)],
  ['one block over the limit', packet(262_148, 4, 12)],
  ['length 2^31', packet(0x8000_0000, 4, 12)],
  ['length 2^32 - 4', packet(0xffff_fffc, 4, 12)],
  ['padding 0', packet(12, 0, 12)],
  ['padding 3', packet(12, 3, 12)],
  ['padding that leaves no payload', packet(12, 11, 12)],
  ['padding as long as the packet', packet(12, 12, 12)],
  ['padding longer than the packet', packet(12, 255, 12)],
];

for (const [what, bytes] of IMPOSSIBLE) {
  test(`a clear packet with ${what} is SSH_MALFORMED, whole and byte by byte`, () => {
    for (const size of [bytes.length, 1]) {
      const inbox = new Inbox();
      assert.throws(() => inbox.push(bytes, size), { code: 'SSH_MALFORMED' });
      assert.equal(inbox.payloads.length, 0);
    }
  });
}

test('an absurd length is refused at its fourth byte: nothing is allocated for it', () => {
  const inbox = new Inbox();
  inbox.push(Uint8Array.of(0xff, 0xff, 0xff));
  assert.throws(() => inbox.push(Uint8Array.of(0xfc)), { code: 'SSH_MALFORMED' });
});

test('the least packet there is: one byte of payload', () => {
  const inbox = new Inbox();
  inbox.push(packet(12, 10, 12));
  assert.deepEqual([...inbox.payloads[0]!], [0x2a]);
});

test('random bytes never give more than a typed error, whatever the cipher', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(undefined, ...COMBINATIONS),
      fc.uint8Array({ maxLength: 300 }),
      (combination, junk) => {
        const inbox = new Inbox(combination, combination && freshKeys(combination));
        try {
          inbox.push(junk, 17);
        } catch (error) {
          assert.ok(['SSH_MALFORMED', 'SSH_MAC'].includes((error as { code: string }).code), String(error));
        }
      },
    ),
    { numRuns: 400 },
  );
});

test('payloads are memory of their own: neither the chunk nor the next packet changes them', () => {
  for (const combination of [undefined, ...COMBINATIONS]) {
    const keys = combination && freshKeys(combination);
    const outbox = new Outbox(combination, keys);
    const inbox = new Inbox(combination, keys);
    for (let i = 0; i < 6; i++) inbox.push(outbox.seal(pattern(50, i)), i % 2 === 0 ? 1000 : 9);
    inbox.payloads.forEach((payload, i) => {
      assert.equal(Buffer.compare(payload, pattern(50, i)), 0);
    });
  }
});

/** A reader that holds after chosen payloads. */
function holdingReader(holdAfter: readonly number[]) {
  const delivered: number[] = [];
  const flow: string[] = [];
  const reader: PacketReader = new PacketReader(
    (payload) => {
      delivered.push(payload[0]!);
      if (holdAfter.includes(payload[0]!)) reader.hold();
    },
    { pause: () => flow.push('pause'), resume: () => flow.push('resume') },
  );
  return { reader, delivered, flow };
}

test('hold: nothing behind the packet is delivered until release; the source is stopped meanwhile', () => {
  for (const size of [1, 5, 16, 1000]) {
    const outbox = new Outbox();
    const bytes = Buffer.concat([1, 2, 3, 4, 5].map((number) => outbox.seal(Uint8Array.of(number))));
    const { reader, delivered, flow } = holdingReader([2, 4]);
    for (let at = 0; at < bytes.length; at += size)
      reader.push(Uint8Array.from(bytes.subarray(at, at + size)));
    assert.deepEqual(delivered, [1, 2]);
    assert.deepEqual(flow, ['pause']);
    reader.release();
    assert.deepEqual(delivered, [1, 2, 3, 4]);
    assert.deepEqual(flow, ['pause']);
    reader.release();
    assert.deepEqual(delivered, [1, 2, 3, 4, 5]);
    assert.deepEqual(flow, ['pause', 'resume']);
    reader.release();
    assert.deepEqual(flow, ['pause', 'resume']);
  }
});

test('new keys take effect exactly behind the packet in whose delivery they were set', () => {
  const keys = freshKeys(gcm!);
  for (const size of [1, 7, 1000]) {
    const outbox = new Outbox();
    const clear = outbox.seal(Uint8Array.of(21));
    outbox.writer.arm(makeSealer(gcm!.cipher, gcm!.mac, keys), true);
    const bytes = Buffer.concat([clear, outbox.seal(pattern(100)), outbox.seal(pattern(200))]);
    const got: Uint8Array[] = [];
    const reader: PacketReader = new PacketReader(
      (payload) => {
        got.push(payload);
        if (payload[0] === 21) reader.arm(makeOpener(gcm!.cipher, gcm!.mac, keys), true);
      },
      { pause() {}, resume() {} },
    );
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    assert.equal(got.length, 3);
    assert.equal(Buffer.compare(got[2]!, pattern(200)), 0);
    assert.equal(reader.sequence, 2);
    assert.equal(reader.packets, 2);
  }
});

/** A writer over a stream that takes bytes when the test says so. */
function slowWriter() {
  const writes: { bytes: Uint8Array; done: () => void }[] = [];
  const stream = { write: (bytes: Uint8Array, done: () => void) => void writes.push({ bytes, done }) };
  const writer = new PacketWriter(stream as unknown as ByteStream, systemRandom);
  return { writer, writes };
}

test('the packets of one turn leave in one write, and those of the next in another', async () => {
  const { writer, writes } = slowWriter();
  for (let i = 0; i < 10; i++) writer.packet(Uint8Array.of(i));
  assert.equal(writes.length, 0);
  await nextTurn();
  assert.equal(writes.length, 1);
  writer.packet(Uint8Array.of(1));
  await nextTurn();
  assert.equal(writes.length, 2);
  assert.equal(writes[0]!.bytes.length + writes[1]!.bytes.length, writer.bytes);
});

test('congested above the high-water mark; onDrain once, when enough has been taken', () => {
  const { writer, writes } = slowWriter();
  let drains = 0;
  writer.onDrain = () => drains++;
  let sent = 0;
  while (!writer.congested) {
    writer.packet(pattern(32_768));
    sent++;
    assert.ok(sent < 100);
  }
  assert.ok(writer.unsent > 524_288);
  writer.flush();
  for (const { done } of writes.splice(0)) done();
  assert.equal(drains, 1);
  assert.equal(writer.congested, false);
  assert.equal(writer.unsent, 0);
});

test('what is being written is not touched until the stream has taken it', async () => {
  const { writer, writes } = slowWriter();
  const copies: Uint8Array[] = [];
  for (let i = 0; i < 40; i++) {
    writer.packet(pattern(30_000, i));
    writer.flush();
    copies.push(Uint8Array.from(writes.at(-1)!.bytes));
    // Taken two turns later, so that its memory may be used again then, and not before.
    if (i >= 2) {
      assert.equal(Buffer.compare(writes[i - 2]!.bytes, copies[i - 2]!), 0, `write ${i - 2}`);
      writes[i - 2]!.done();
    }
  }
});

test('a payload larger than a batch goes in a write of its own', () => {
  const { writer, writes } = slowWriter();
  writer.packet(Uint8Array.of(1));
  writer.packet(pattern(250_000));
  writer.packet(pattern(262_000));
  writer.flush();
  const inbox = new Inbox();
  for (const { bytes } of writes) inbox.push(bytes);
  assert.deepEqual(
    inbox.payloads.map((payload) => payload.length),
    [1, 250_000, 262_000],
  );
});

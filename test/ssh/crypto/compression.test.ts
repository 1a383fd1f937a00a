import assert from 'node:assert/strict';
import type { Transform } from 'node:stream';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { constants, createDeflate, createInflate, deflateSync, type Zlib } from 'node:zlib';
import fc from 'fast-check';
import { LIMITS } from '../../../src/base/limits.ts';
import { Deflater, Inflater, loadZlib } from '../../../src/ssh/crypto/compression/zlib.ts';
import { shakeRandom } from './seeded-random.ts';

const zlib = await loadZlib();
const LIMIT = LIMITS.inflatedBytes.value;

function random(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  shakeRandom(`compression ${length}`, length).fill(bytes);
  return bytes;
}

/** What node:zlib makes of one packet after the other. */
async function peerStream(stream: Transform & Zlib, pieces: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const out: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  stream.on('data', (part: Uint8Array) => parts.push(part));
  for (const piece of pieces) {
    await new Promise<void>((resolve, reject) => {
      stream.once('error', reject);
      stream.write(piece);
      stream.flush(constants.Z_PARTIAL_FLUSH, resolve);
    });
    await setImmediate();
    out.push(Buffer.concat(parts));
    parts = [];
  }
  stream.close();
  return out;
}

const PAYLOADS = [
  Uint8Array.of(94),
  Buffer.from('the same again and again. '.repeat(100)),
  random(5000),
  Buffer.from('the same again and again. '.repeat(3000)),
  new Uint8Array(200_000),
  random(65_535),
  random(65_536),
  random(200_000),
  Uint8Array.of(1, 2, 3),
];

test('payloads of every kind come back, one whole packet each, over a running stream', () => {
  const [deflater, inflater] = [new Deflater(zlib), new Inflater(zlib)];
  for (const payload of [...PAYLOADS, ...PAYLOADS]) {
    const packed = Uint8Array.from(deflater.deflate(payload));
    assert.equal(Buffer.compare(inflater.inflate(packed), payload), 0, `${payload.length} bytes`);
  }
});

test('head and body are one payload', () => {
  const [deflater, inflater] = [new Deflater(zlib), new Inflater(zlib)];
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1 }), fc.uint8Array({ maxLength: 70_000 }), (head, body) => {
      const packed = Uint8Array.from(deflater.deflate(head, body));
      assert.equal(Buffer.compare(inflater.inflate(packed), Buffer.concat([head, body])), 0);
    }),
  );
});

test('node:zlib reads what we write, and we read what it writes, packet by packet', async () => {
  const deflater = new Deflater(zlib);
  const ours = PAYLOADS.map((payload) => Uint8Array.from(deflater.deflate(payload)));
  const read = await peerStream(createInflate(), ours);
  const inflater = new Inflater(zlib);
  const theirs = await peerStream(createDeflate(), PAYLOADS);
  PAYLOADS.forEach((payload, i) => {
    assert.equal(Buffer.compare(read[i]!, payload), 0, `ours, ${payload.length} bytes`);
    assert.equal(Buffer.compare(inflater.inflate(theirs[i]!), payload), 0, `theirs, ${payload.length} bytes`);
  });
});

test('what is inflated is memory of its own', () => {
  const [deflater, inflater] = [new Deflater(zlib), new Inflater(zlib)];
  const first = inflater.inflate(Uint8Array.from(deflater.deflate(Uint8Array.of(1, 2, 3))));
  inflater.inflate(Uint8Array.from(deflater.deflate(Uint8Array.of(4, 5, 6))));
  assert.deepEqual([...first], [1, 2, 3]);
});

test('a packet inflates to as much as an uncompressed one may hold, and one byte more is refused', () => {
  const bomb = (length: number): Uint8Array =>
    Uint8Array.from(new Deflater(zlib).deflate(new Uint8Array(length)));
  assert.equal(new Inflater(zlib).inflate(bomb(LIMIT)).length, LIMIT);
  for (const length of [LIMIT + 1, 20_000_000]) {
    assert.throws(() => new Inflater(zlib).inflate(bomb(length)), {
      code: 'LIMIT_EXCEEDED',
      details: { limit: 'inflatedBytes', expected: LIMIT, actual: LIMIT + 1 },
    });
  }
});

test('damaged, ended, empty and cut streams are SSH_MALFORMED', () => {
  const packed = Uint8Array.from(new Deflater(zlib).deflate(Buffer.from('some text')));
  const ended = deflateSync(Buffer.from('some text'));
  const wrong = [new Uint8Array(0), Uint8Array.of(1, 2, 3), packed.subarray(0, 2), ended, random(300)];
  for (const payload of wrong) {
    assert.throws(() => new Inflater(zlib).inflate(payload), { code: 'SSH_MALFORMED' }, `${payload.length}`);
  }
  const inflater = new Inflater(zlib);
  inflater.inflate(packed);
  assert.throws(() => inflater.inflate(Uint8Array.of(0xff, 0xff, 0xff)), { code: 'SSH_MALFORMED' });
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../../src/base/limits.ts';
import { lengthCrypt } from '../../../../src/ssh/crypto/chacha20.ts';
import { MACS, type MacRow } from '../../../../src/ssh/crypto/macs.ts';
import { makeOpener } from '../../../../src/ssh/crypto/packet/packet-ciphers.ts';
import { shakeRandom } from '../seeded-random.ts';
import { COMBINATIONS, freshKeys, Inbox, Outbox, pattern } from './combinations.ts';

const SMALL = Array.from({ length: 600 }, (_, i) => i + 1);
const LARGE = [32_767, 32_768, 32_769, 65_536, 131_073];

for (const combination of COMBINATIONS) {
  const { name } = combination;
  const keys = freshKeys(combination);

  test(`${name}: payloads of 1 to 600 bytes and of 32 KiB and more come back, whole and in order`, () => {
    const outbox = new Outbox(combination, keys);
    const inbox = new Inbox(combination, keys);
    const sizes = [...SMALL, ...LARGE];
    for (const size of sizes) inbox.push(outbox.seal(pattern(size)));
    assert.equal(inbox.payloads.length, sizes.length);
    sizes.forEach((size, i) => {
      assert.equal(Buffer.compare(inbox.payloads[i]!, pattern(size)), 0, `payload of ${size}`);
    });
    assert.equal(inbox.reader.packets, sizes.length);
    assert.equal(inbox.reader.bytes, outbox.writer.bytes);
  });

  for (const size of [1, 2, 3, 5, 15, 16, 17, 33, 1000]) {
    test(`${name}: in pieces of ${size} bytes`, () => {
      const outbox = new Outbox(combination, keys);
      const inbox = new Inbox(combination, keys);
      const lengths = [1, 11, 12, 13, 27, 28, 100, 555, size === 1000 ? 70_000 : 3000];
      inbox.push(Buffer.concat(lengths.map((length) => outbox.seal(pattern(length)))), size);
      assert.deepEqual(
        inbox.payloads.map((payload) => payload.length),
        lengths,
      );
      lengths.forEach((length, i) => {
        assert.equal(Buffer.compare(inbox.payloads[i]!, pattern(length)), 0);
      });
    });
  }

  test(`${name}: padding is 4 to 255 bytes of the random source, and fills the last block`, () => {
    const random = shakeRandom(name, 100_000);
    const expected = shakeRandom(name, 100_000);
    const outbox = new Outbox(combination, keys, random);
    const opener = makeOpener(combination.cipher, combination.mac, keys);
    for (const [sequence, size] of SMALL.entries()) {
      const wire = outbox.seal(pattern(size));
      const length = opener.readLength(sequence, wire, 0);
      const clear = opener.open(sequence, wire, 0, length);
      const padding = clear[0]!;
      assert.equal((length + 4 - opener.alignFrom) % opener.blockLength, 0);
      assert.ok(padding >= 4 && padding < 4 + opener.blockLength);
      assert.equal(length, 1 + size + padding);
      assert.equal(wire.length, 4 + length + opener.tagLength);
      const wanted = new Uint8Array(padding);
      expected.fill(wanted);
      assert.equal(Buffer.compare(clear.subarray(1 + size), wanted), 0);
    }
  });

  test(`${name}: the largest packet is taken, one block more is refused before it has arrived`, () => {
    const outbox = new Outbox(combination, keys);
    const inbox = new Inbox(combination, keys);
    const opener = makeOpener(combination.cipher, combination.mac, keys);
    const { alignFrom, blockLength } = opener;
    const largest =
      Math.floor((LIMITS.packetBytes.value + 4 - alignFrom) / blockLength) * blockLength - 4 + alignFrom;
    inbox.push(outbox.seal(pattern(largest - 5)), 65_536);
    assert.equal(inbox.payloads[0]!.length, largest - 5);
    const length = largest + blockLength;
    // Our own Poly1305 and UMAC would not seal it: its head is made by hand, or under another MAC.
    const sealWithHmac = (mac: MacRow): Uint8Array => {
      const other = new Outbox({ ...combination, mac }, { ...keys, macKey: new Uint8Array(mac.keyLength) });
      other.seal(pattern(largest - 5));
      return other.seal(pattern(length - 5));
    };
    const { cipher, mac } = combination;
    const tooLarge =
      cipher.mode === 'chacha20-poly1305'
        ? lengthCrypt(keys.key, 1, Uint8Array.of(0, length >>> 16, length >>> 8, length))
        : mac?.family === 'umac'
          ? sealWithHmac(MACS[mac.etm ? 'hmac-sha2-256-etm@openssh.com' : 'hmac-sha2-256'])
          : outbox.seal(pattern(length - 5));
    if (opener.hidesFailure) {
      inbox.push(tooLarge.subarray(0, LIMITS.packetBytes.value));
      assert.throws(() => inbox.push(tooLarge.subarray(LIMITS.packetBytes.value)), { code: 'SSH_MAC' });
      return;
    }
    assert.throws(() => inbox.push(tooLarge.subarray(0, 64)), {
      code: 'SSH_MALFORMED',
      details: { limit: 'packetBytes', actual: length },
    });
  });

  test(`${name}: sequence numbers wrap at 2^32`, () => {
    const outbox = new Outbox(combination, keys);
    const inbox = new Inbox(combination, keys);
    outbox.writer.sequence = 0xffff_fffe;
    inbox.reader.sequence = 0xffff_fffe;
    for (let i = 0; i < 5; i++) inbox.push(outbox.seal(pattern(20, i)));
    assert.equal(inbox.payloads.length, 5);
    assert.equal(inbox.reader.sequence, 3);
    assert.equal(outbox.writer.sequence, 3);
  });

  test(`${name}: head and body make one payload`, () => {
    const outbox = new Outbox(combination, keys);
    const inbox = new Inbox(combination, keys);
    inbox.push(outbox.seal(pattern(9), pattern(1000)));
    assert.equal(Buffer.compare(inbox.payloads[0]!, Buffer.concat([pattern(9), pattern(1000)])), 0);
  });
}

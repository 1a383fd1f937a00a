import assert from 'node:assert/strict';
import { createCipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { toHex } from '../../../src/base/bytes.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { Umac } from '../../../src/ssh/crypto/umac/umac.ts';

const KEY = Buffer.from('abcdefghijklmnop');
const NONCE = Buffer.from('bcdefghi');

/** RFC 4418 appendix: 64-bit and 96-bit tags. The first 96 bits of a 128-bit tag are those of the 96-bit one. */
const VECTORS = [
  ['', 0, '6e155fad26900be1', '32fedb100c79ad58f07ff764'],
  ['a', 3, '44b5cb542f220104', '185e4fe905cba7bd85e4c2dc'],
  ['a', 2 ** 10, '26bf2f5d60118bd9', '7a54abe04af82d60fb298c3c'],
  ['a', 2 ** 15, '27f8ef643b0d118d', '7b136bd911e4b734286ef2be'],
  ['abc', 1, 'd4d7b9f6bd4fbfcf', '883c3d4b97a61976ffcf2323'],
  ['abc', 500, 'd4cf26ddefd5c01a', '8824a260c53c66a36c9260a6'],
] as const;

test('umac: the tags of RFC 4418, as far as a packet goes', () => {
  for (const [text, times, short, long] of VECTORS) {
    const message = Buffer.from(text.repeat(times));
    const tag = (length: number): string =>
      toHex(new Umac(KEY, length).digestWith(NONCE.readUInt32BE(0), NONCE.readUInt32BE(4), message));
    assert.equal(tag(8), short, `${times} ${text}`);
    assert.equal(tag(16).slice(0, 24), long, `${times} ${text}`);
  }
});

/** UMAC by the letter of RFC 4418, in arithmetic of any size. */
function reference(key: Uint8Array, tagLength: number, sequence: number, message: Uint8Array): string {
  const aes = (under: Uint8Array, bytes: Uint8Array): Buffer =>
    createCipheriv('aes-128-ecb', under, null).setAutoPadding(false).update(bytes);
  const uint = (bytes: Uint8Array): bigint => BigInt(`0x0${toHex(bytes)}`);
  const bytesOf = (value: bigint, length: number): Buffer =>
    Buffer.from(value.toString(16).padStart(2 * length, '0'), 'hex');
  const kdf = (index: number, length: number): Buffer => {
    const blocks = Array.from({ length: Math.ceil(length / 16) }, (_, i) =>
      aes(key, Buffer.concat([bytesOf(BigInt(index), 8), bytesOf(BigInt(i + 1), 8)])),
    );
    return Buffer.concat(blocks).subarray(0, length);
  };
  const streams = tagLength / 4;
  const [l1, l2] = [kdf(1, 1024 + 16 * (streams - 1)), kdf(2, 24 * streams)];
  const [l3, pads] = [kdf(3, 64 * streams), kdf(4, 4 * streams)];
  const hash = Array.from({ length: streams }, (_, stream) => {
    const parts: bigint[] = [];
    for (let at = 0; at === 0 || at < message.length; at += 1024) {
      const part = message.subarray(at, at + 1024);
      const padded = Buffer.alloc(Math.max(32, Math.ceil(part.length / 32) * 32));
      padded.set(part);
      const k = l1.subarray(16 * stream);
      let sum = 8n * BigInt(part.length);
      for (let group = 0; group < padded.length; group += 32) {
        for (let word = 0; word < 16; word += 4) {
          const a = padded.readUInt32LE(group + word) + k.readUInt32BE(group + word);
          const b = padded.readUInt32LE(group + word + 16) + k.readUInt32BE(group + word + 16);
          sum += BigInt(a >>> 0) * BigInt(b >>> 0);
        }
      }
      parts.push(sum % 2n ** 64n);
    }
    let word = parts[0]!;
    if (message.length > 1024) {
      const p = 2n ** 64n - 59n;
      const k = uint(l2.subarray(24 * stream, 24 * stream + 8)) & 0x01ffffff01ffffffn;
      word = 1n;
      for (const m of parts) {
        if (m >= 2n ** 64n - 2n ** 32n) word = (k * ((k * word + p - 1n) % p) + m - 59n) % p;
        else word = (k * word + m) % p;
      }
    }
    let y = 0n;
    const halves = bytesOf(word, 16);
    for (let i = 0; i < 8; i++) {
      const k = uint(l3.subarray(64 * stream + 8 * i, 64 * stream + 8 * i + 8)) % (2n ** 36n - 5n);
      y += BigInt(halves.readUInt16BE(2 * i)) * k;
    }
    const out = bytesOf((y % (2n ** 36n - 5n)) % 2n ** 32n, 4);
    return out.map((byte, i) => byte ^ pads[4 * stream + i]!);
  });
  const part = tagLength === 8 ? sequence % 2 : 0;
  const nonce = Buffer.concat([bytesOf(BigInt(sequence - part), 8), Buffer.alloc(8)]);
  const pad = aes(kdf(0, 16), nonce).subarray(part * tagLength);
  return toHex(Buffer.concat(hash).map((byte, i) => byte ^ pad[i]!));
}

test('umac: equal to the letter of RFC 4418 for lengths around every border, odd and even numbers', () => {
  const lengths = [0, 1, 31, 32, 33, 1023, 1024, 1025, 1056, 2047, 2048, 2049, 40_000];
  for (const tagLength of [8, 16]) {
    const key = randomBytes(16);
    const umac = new Umac(key, tagLength);
    for (const length of lengths) {
      const message = randomBytes(length);
      for (const sequence of [0, 1, 2, 0xffff_ffff]) {
        const expected = reference(key, tagLength, sequence, message);
        assert.equal(toHex(umac.digest(sequence, message)), expected, `${length} bytes, number ${sequence}`);
      }
    }
  }
});

test('umac: extreme words of keys and message carry as they should', () => {
  for (const byte of [0x00, 0xff]) {
    for (const length of [32, 1024, 5000]) {
      const message = Buffer.alloc(length, byte);
      for (const key of [Buffer.alloc(16, 0xff), Buffer.alloc(16)]) {
        assert.equal(toHex(new Umac(key, 16).digest(7, message)), reference(key, 16, 7, message));
      }
    }
  }
});

test('umac: as long as the longest packet with its length, and no longer', () => {
  const umac = new Umac(KEY, 8);
  const longest = LIMITS.packetBytes.value + 4;
  assert.equal(umac.digest(0, new Uint8Array(longest)).length, 8);
  assert.throws(() => umac.digest(0, new Uint8Array(longest + 1)), { code: 'LIMIT_EXCEEDED' });
});

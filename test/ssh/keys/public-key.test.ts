import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/base/error-codes.ts';
import { isWherryError } from '../../../src/base/errors.ts';
import { fingerprint } from '../../../src/ssh/keys/fingerprint.ts';
import { KEY_TYPES } from '../../../src/ssh/keys/key-types.ts';
import {
  encodePublicKey,
  parsePublicKey,
  parsePublicKeyLine,
  samePublicKey,
} from '../../../src/ssh/keys/public-key.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { KeyFiles, TYPES } from './key-files.ts';
import { RARE_KEYS } from './rare-keys.ts';

const files = new KeyFiles();

test('every key type has a fixture', () => {
  assert.deepEqual([...TYPES, ...Object.keys(RARE_KEYS)].sort(), Object.keys(KEY_TYPES).sort());
});

for (const [type, rare] of Object.entries(RARE_KEYS)) {
  test(`${type} by ${rare.by}: read, written the same, cut or flipped it is KEY_*`, () => {
    const { publicKey } = parsePublicKeyLine(`${type} ${rare.base64}`);
    assert.equal(fingerprint(publicKey.blob), rare.fingerprint);
    assert.equal(publicKey.bits, rare.bits);
    assert.equal(publicKey.application, type.startsWith('sk-') ? 'ssh:' : undefined);
    if (!type.startsWith('sk-')) assert.deepEqual(encodePublicKey(publicKey.key), publicKey.blob);
    damaged(publicKey.blob);
  });
}

test('DSA keys are of 1024 and 160 bits, with numbers in range', () => {
  const reader = new WireReader(Buffer.from(RARE_KEYS['ssh-dss']!.base64, 'base64'));
  const type = reader.text();
  const [p, q, g, y] = [reader.mpint(), reader.mpint(), reader.mpint(), reader.mpint()];
  const write = (...numbers: Uint8Array[]): Uint8Array =>
    numbers.reduce((writer, number) => writer.mpint(number), new WireWriter().text(type)).finish();
  const long = Buffer.concat([p, Buffer.from([1])]);
  assert.throws(() => parsePublicKey(write(long, q, g, y)), hasCode('KEY_UNSUPPORTED', /1032 bits/));
  assert.throws(() => parsePublicKey(write(p, q.subarray(1), g, y)), hasCode('KEY_UNSUPPORTED', /q of/));
  for (const bad of [Uint8Array.of(1), p, Uint8Array.of()]) {
    assert.throws(() => parsePublicKey(write(p, q, g, bad)), hasCode('KEY_FORMAT'));
    assert.throws(() => parsePublicKey(write(p, q, bad, y)), hasCode('KEY_FORMAT'));
  }
});

for (const type of TYPES) {
  test(`${type}: read from the line ssh-keygen writes, and written the same`, async () => {
    const line = await files.publicLine(type);
    const { publicKey, comment } = parsePublicKeyLine(line);
    assert.equal(publicKey.type, type);
    assert.equal(comment, `comment of ${type}`);
    const blob = encodePublicKey(publicKey.key);
    assert.deepEqual(blob, publicKey.blob);
    assert.equal(line.split(' ')[1], Buffer.from(blob).toString('base64'));
    assert.ok(samePublicKey(publicKey, parsePublicKey(blob)));
  });

  test(`${type}: cut, extended or flipped it is KEY_*, or another key`, async () => {
    const { blob } = parsePublicKeyLine(await files.publicLine(type)).publicKey;
    damaged(blob);
  });
}

test('the blob is a copy', async () => {
  const bytes = Buffer.from(parsePublicKeyLine(await files.publicLine('ssh-ed25519')).publicKey.blob);
  const key = parsePublicKey(bytes);
  bytes.fill(0);
  assert.equal(key.blob[3], 11);
});

test('golang 8f405a4: the curve must be the one the type names', async () => {
  const { key } = parsePublicKeyLine(await files.publicLine('ecdsa-sha2-nistp256')).publicKey;
  const { x, y } = key.export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.of(4), Buffer.from(x!, 'base64url'), Buffer.from(y!, 'base64url')]);
  const blob = (type: string, curve: string, q: Uint8Array): Uint8Array =>
    new WireWriter().text(type).text(curve).string(q).finish();
  assert.doesNotThrow(() => parsePublicKey(blob('ecdsa-sha2-nistp256', 'nistp256', point)));
  assert.throws(() => parsePublicKey(blob('ecdsa-sha2-nistp384', 'nistp256', point)), hasCode('KEY_FORMAT'));
  assert.throws(() => parsePublicKey(blob('ecdsa-sha2-nistp256', 'nistp384', point)), hasCode('KEY_FORMAT'));
  const off = Buffer.from(point);
  off[40]! ^= 1;
  const compressed = Buffer.concat([Buffer.of(2), point.subarray(1, 33)]);
  for (const bad of [
    off,
    compressed,
    Buffer.of(0),
    Buffer.alloc(0),
    Buffer.concat([point, Buffer.alloc(1)]),
  ]) {
    assert.throws(() => parsePublicKey(blob('ecdsa-sha2-nistp256', 'nistp256', bad)), hasCode('KEY_FORMAT'));
  }
});

test('golang 8907318: RSA keys are bounded before any arithmetic', () => {
  const blob = (e: readonly number[], n: Uint8Array): Uint8Array =>
    new WireWriter().text('ssh-rsa').mpint(Uint8Array.from(e)).mpint(n).finish();
  const n = (bits: number): Uint8Array => {
    const bytes = Buffer.alloc(Math.ceil(bits / 8), 0xff);
    bytes[0] = 0xff >> (bytes.length * 8 - bits);
    return bytes;
  };
  const e = [1, 0, 1];
  for (const bits of [1024, 2047, 16_384]) assert.equal(parsePublicKey(blob(e, n(bits))).bits, bits);
  for (const bits of [0, 512, 1023, 16_385, 65_536]) {
    assert.throws(() => parsePublicKey(blob(e, n(bits))), hasCode('KEY_UNSUPPORTED'), `${bits} bits`);
  }
  for (const bad of [[], [1], [2], [1, 0, 0], Array(33).fill(1)]) {
    assert.throws(() => parsePublicKey(blob(bad, n(2048))), hasCode('KEY_FORMAT'), `e ${bad}`);
  }
  const even = Buffer.from(n(2048));
  even[255] = 0xfe;
  assert.throws(() => parsePublicKey(blob(e, even)), hasCode('KEY_FORMAT'));
});

test('types not known here say what they are', () => {
  const says: readonly [string, RegExp][] = [
    ['ssh-ed25519-cert-v01@openssh.com', /certificate/],
    ['x509v3-ssh-rsa', /X\.509/],
    ['ssh-xmss@openssh.com', /not known/],
    ['toString', /not known/],
    ['', /not known/],
    ['evil\u001b[2J', /evil\?/],
  ];
  for (const [type, words] of says) {
    const blob = new WireWriter().text(type).string(Buffer.alloc(32)).finish();
    assert.throws(() => parsePublicKey(blob), hasCode('KEY_UNSUPPORTED', words), type);
  }
});

test('keys SSH has no type for', () => {
  const kinds: KeyPairKeyObjectResult[] = [
    generateKeyPairSync('x25519'),
    generateKeyPairSync('x448'),
    generateKeyPairSync('ec', { namedCurve: 'secp256k1' }),
    generateKeyPairSync('ec', { namedCurve: 'brainpoolP256r1' }),
    generateKeyPairSync('rsa-pss', { modulusLength: 1024 }),
  ];
  for (const { publicKey } of kinds)
    assert.throws(() => encodePublicKey(publicKey), hasCode('KEY_UNSUPPORTED'));
});

test('public key lines: what is not one', async () => {
  const line = await files.publicLine('ssh-ed25519');
  const other = (await files.publicLine('ssh-rsa')).split(' ')[1];
  const [type, base64] = line.split(' ');
  const wrong = [
    '',
    'ssh-ed25519',
    'ssh-ed25519 !!!!',
    `${type} ${base64}=`,
    `${type} ${other}`,
    `x ${base64}`,
  ];
  for (const text of wrong) assert.throws(() => parsePublicKeyLine(text), hasCode('KEY_FORMAT'), text);
  assert.equal(parsePublicKeyLine(`  ${type}\t${base64}\r\n`).comment, '');
});

test('any bytes are KEY_*', () => {
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), fc.uint8Array({ maxLength: 200 }), (type, rest) => {
      assert.throws(() => parsePublicKey(new WireWriter().text(type).raw(rest).finish()), isKeyError);
      assert.throws(() => parsePublicKey(rest), isKeyError);
    }),
    { numRuns: 300 },
  );
});

function damaged(blob: Uint8Array): void {
  for (let length = 0; length < blob.length; length++) {
    assert.throws(() => parsePublicKey(blob.subarray(0, length)), isKeyError, `cut at ${length}`);
  }
  assert.throws(() => parsePublicKey(Buffer.concat([blob, Buffer.alloc(1)])), hasCode('KEY_FORMAT'));
  for (let at = 0; at < blob.length; at++) {
    const bad = blob.slice();
    bad[at]! ^= 1 << (at % 8);
    try {
      assert.notDeepEqual(parsePublicKey(bad).blob, blob);
    } catch (error) {
      assert.ok(isKeyError(error), `byte ${at}: ${error}`);
    }
  }
}

function isKeyError(error: unknown): boolean {
  return isWherryError(error) && error.code.startsWith('KEY_');
}

function hasCode(code: ErrorCode, words = /./): (error: unknown) => boolean {
  return (error) => isWherryError(error) && error.code === code && words.test(error.message);
}

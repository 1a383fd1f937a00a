import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWherryError } from '../../../src/base/errors.ts';
import {
  FINGERPRINTS,
  type FingerprintAlgorithm,
  fingerprint,
  matchesFingerprint,
  parseFingerprint,
} from '../../../src/ssh/keys/fingerprint.ts';
import { parsePublicKeyLine } from '../../../src/ssh/keys/public-key.ts';
import { KeyFiles, TYPES } from './key-files.ts';

const files = new KeyFiles();
const ALGORITHMS = Object.keys(FINGERPRINTS) as FingerprintAlgorithm[];

for (const type of TYPES) {
  test(`${type}: fingerprints as ssh-keygen -l prints them`, async () => {
    const { publicKey } = parsePublicKeyLine(await files.publicLine(type));
    for (const algorithm of ALGORITHMS) {
      const listed = await files.listed(type, algorithm);
      assert.equal(fingerprint(publicKey.blob, algorithm), listed.fingerprint);
      assert.equal(publicKey.bits, listed.bits);
      assert.ok(matchesFingerprint(publicKey.blob, listed.fingerprint));
    }
  });
}

test('every form a fingerprint is written in', () => {
  const blob = Buffer.from('any bytes');
  for (const algorithm of ALGORITHMS) {
    const text = fingerprint(blob, algorithm);
    const { digest } = parseFingerprint(text);
    const hex = Buffer.from(digest).toString('hex');
    const colons = hex.match(/../g)!.join(':');
    const base64 = Buffer.from(digest).toString('base64');
    const prefixed =
      algorithm === 'md5' ? [`MD5:${hex}`, `md5:${colons}`] : [`${algorithm.toUpperCase()}:${base64}`];
    for (const form of [
      text,
      hex,
      hex.toUpperCase(),
      colons,
      ` ${text}\n`,
      text.replace(/^\w+/, (p) => p.toLowerCase()),
      ...prefixed,
    ]) {
      assert.equal(parseFingerprint(form).algorithm, algorithm, form);
      assert.ok(matchesFingerprint(blob, form), form);
      assert.ok(!matchesFingerprint(Buffer.from('other bytes'), form), form);
    }
  }
});

test('what is no fingerprint is INVALID_ARGUMENT', () => {
  const good = fingerprint(Buffer.from('x')).slice(7);
  const bad = [
    '',
    'SHA256:',
    'SHA256',
    'SHA512:abcd',
    good,
    `SHA256:${good.slice(1)}`,
    `SHA256:${good}A`,
    `SHA1:${good}`,
    'MD5:00',
    '00:11',
    '0'.repeat(33),
    'zz'.repeat(16),
    '00:'.repeat(15),
    `SHA256:${good.slice(0, -1)}!`,
    `SHA256:${good.replace(/.$/, '_')}`,
    '::',
    `${'00:'.repeat(16)}`,
    '0'.repeat(30),
    '\u0000',
  ];
  for (const text of bad) {
    assert.throws(
      () => parseFingerprint(text),
      (e) => isWherryError(e) && e.code === 'INVALID_ARGUMENT',
      text,
    );
    assert.throws(() => matchesFingerprint(Buffer.from('x'), text), text);
  }
});

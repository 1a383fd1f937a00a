import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { isWherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import {
  derElement,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
} from '../../../src/ssh/keys/der-writer.ts';
import { parseKeys } from '../../../src/ssh/keys/read-keys.ts';
import type { X509 } from '../../../src/ssh/keys/x509/x509.ts';
import { encodeX509Blob, parseX509Blob, X509_KEY_TYPES } from '../../../src/ssh/keys/x509/x509-blob.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { run } from '../../support/servers/run.ts';
import { KeyFiles } from './key-files.ts';

const files = new KeyFiles();

async function certificate(...newkey: string[]): Promise<X509> {
  const path = await files.path();
  const args = ['req', '-x509', '-nodes', '-subj', '/CN=x', '-keyout', '/dev/null', '-out', path];
  await run('openssl', [...args, '-newkey', ...newkey]);
  return parseKeys(await readFile(path))[0]!.certificate!;
}

test('X.509 keys as SSH carries them: written and read, for every type there is a key of', async () => {
  const rsa = await certificate('rsa:2048');
  const ec = await certificate('ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
  for (const [type, row] of Object.entries(X509_KEY_TYPES)) {
    const own = [rsa, ec].find((one) => one.publicKey?.type === row.keyType);
    if (own === undefined) continue;
    const name = type as keyof typeof X509_KEY_TYPES;
    const blob = encodeX509Blob(name, [own, ec]);
    const read = parseX509Blob(blob);
    assert.equal(read.type, type);
    assert.equal(read.chain.length, row.layout === 'single' ? 1 : 2);
    assert.deepEqual(read.chain[0]!.raw, own.raw);
    for (let length = 0; length < blob.length; length += 7)
      assert.throws(() => parseX509Blob(blob.subarray(0, length)), isKeyError, `${type} cut at ${length}`);
  }
  const bare = new WireWriter().text('x509v3-sign-rsa').raw(rsa.raw).finish();
  assert.deepEqual(parseX509Blob(bare).chain[0]!.raw, rsa.raw);
  assert.throws(() => parseX509Blob(encodeX509Blob('x509v3-ssh-rsa', [ec])), isKeyError);
  assert.throws(() => parseX509Blob(new WireWriter().text('ssh-rsa').finish()), isKeyError);
  const max = LIMITS.x509ChainLength.value;
  const many = (count: number): X509[] => Array.from({ length: count }, () => ec);
  assert.equal(parseX509Blob(encodeX509Blob('x509v3-ecdsa-sha2-nistp256', many(max))).chain.length, max);
  for (const count of [0, max + 1])
    assert.throws(() => parseX509Blob(encodeX509Blob('x509v3-ecdsa-sha2-nistp256', many(count))), isKeyError);
});

test('a PKCS#12 digest of a megabyte does not make work of a megabyte', () => {
  const data = derOid('1.2.840.113549.1.7.1');
  const info = derSequence(data, derElement(0xa0, derOctetString(derSequence())));
  const digest = derSequence(derSequence(derOid('1.3.14.3.2.26')), derOctetString(new Uint8Array(900_000)));
  const mac = derSequence(
    digest,
    derOctetString(new Uint8Array(8)),
    derInteger(Uint8Array.of(0x01, 0x86, 0xa0)),
  );
  const began = performance.now();
  assert.throws(
    () => parseKeys(derSequence(derInteger(Uint8Array.of(3)), info, mac), { passphrase: 'x' }),
    isKeyError,
  );
  assert.ok(performance.now() - began < 3000);
});

function isKeyError(error: unknown): boolean {
  return isWherryError(error) && error.code.startsWith('KEY_');
}

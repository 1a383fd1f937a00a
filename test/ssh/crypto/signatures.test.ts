import assert from 'node:assert/strict';
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isWherryError } from '../../../src/base/errors.ts';
import {
  hostKeyAlgorithms,
  SIGNATURE_ALGORITHMS,
  type SignatureName,
  type SignatureRow,
  signaturesForKey,
  signData,
  verifySignature,
} from '../../../src/ssh/crypto/signatures.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { run } from '../../support/servers/run.ts';

const ALL = Object.keys(SIGNATURE_ALGORITHMS) as SignatureName[];
/** Those we sign with ourselves. */
const NAMES = ALL.filter((name) => row(name).securityKey === undefined);
const DATA = Buffer.from('the exchange hash');
const keys = new Map<string, { privateKey: KeyObject; publicKey: KeyObject }>();
let folder = '';

function row(name: SignatureName): SignatureRow {
  return SIGNATURE_ALGORITHMS[name];
}

function keyPair(name: SignatureName): { privateKey: KeyObject; publicKey: KeyObject } {
  const { keyType, family, curve } = row(name);
  let pair = keys.get(keyType);
  if (pair === undefined) {
    if (family === 'ec') pair = generateKeyPairSync('ec', { namedCurve: curve! });
    else if (family === 'rsa') pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
    else if (family === 'dsa') pair = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
    else if (family === 'ed448') pair = generateKeyPairSync('ed448');
    else pair = generateKeyPairSync('ed25519');
    keys.set(keyType, pair);
  }
  return pair;
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wherry-signatures-'));
});
after(() => rm(folder, { recursive: true, force: true }));

test('the order of the default algorithms, and the algorithms of each key type', () => {
  assert.deepEqual(hostKeyAlgorithms, ALL.slice(0, 6));
  assert.deepEqual(signaturesForKey('ssh-rsa'), ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa']);
  assert.deepEqual(signaturesForKey('ssh-ed25519'), ['ssh-ed25519']);
  assert.deepEqual(signaturesForKey('ssh-ed448'), ['ssh-ed448']);
  assert.deepEqual(signaturesForKey('ssh-dss'), ['ssh-dss']);
  assert.deepEqual(signaturesForKey('ssh-unknown'), []);
});

for (const name of NAMES) {
  test(`${name}: what was signed verifies, and nothing else`, () => {
    const { privateKey, publicKey } = keyPair(name);
    const blob = signData(name, privateKey, DATA);
    assert.equal(verifySignature(name, publicKey, DATA, blob), true);
    assert.equal(verifySignature(name, publicKey, Buffer.from('other data'), blob), false);
    for (let at = 0; at < blob.length; at += 3) {
      const bad = blob.slice();
      bad[at]! ^= 0x10;
      assert.equal(verifySignature(name, publicKey, DATA, bad), false, `byte ${at} flipped`);
    }
    for (let length = 0; length < blob.length; length += 5) {
      assert.equal(
        verifySignature(name, publicKey, DATA, blob.subarray(0, length)),
        false,
        `cut at ${length}`,
      );
    }
    assert.equal(verifySignature(name, publicKey, DATA, Buffer.concat([blob, Buffer.alloc(1)])), false);
  });

  test(`${name}: no other algorithm's name and no other kind of key will do`, () => {
    const { privateKey, publicKey } = keyPair(name);
    const blob = signData(name, privateKey, DATA);
    for (const other of NAMES.filter((one) => one !== name)) {
      assert.equal(verifySignature(other, publicKey, DATA, blob), false);
      if (row(other).keyType === row(name).keyType) continue;
      assert.equal(verifySignature(name, keyPair(other).publicKey, DATA, blob), false);
      assert.throws(() => signData(other, privateKey, DATA), isInvalidArgument);
    }
    assert.throws(() => signData(name, publicKey, DATA), isInvalidArgument);
  });

  // Real servers prove DSA.
  if (row(name).family === 'dsa') continue;
  test(`${name}: openssl verifies ours, and we verify openssl's`, async () => {
    const { privateKey, publicKey } = keyPair(name);
    const at = (file: string): string => join(folder, `${name}.${file}`);
    await writeFile(at('key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await writeFile(at('pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(at('data'), DATA);
    await writeFile(at('ours'), toOpenssl(name, signData(name, privateKey, DATA)));
    const { hash } = row(name);
    const rawin = hash === null ? ['-rawin'] : ['-rawin', '-digest', hash];
    await run('openssl', [
      'pkeyutl',
      '-verify',
      '-pubin',
      '-inkey',
      at('pub'),
      ...rawin,
      '-in',
      at('data'),
      '-sigfile',
      at('ours'),
    ]);
    await run('openssl', [
      'pkeyutl',
      '-sign',
      '-inkey',
      at('key'),
      ...rawin,
      '-in',
      at('data'),
      '-out',
      at('theirs'),
    ]);
    assert.equal(
      verifySignature(name, publicKey, DATA, fromOpenssl(name, await readFile(at('theirs')))),
      true,
    );
  });
}

test('RFC 8032 section 7.1, TEST 2', () => {
  const d = Buffer.from('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb', 'hex').toString(
    'base64url',
  );
  const x = Buffer.from('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c', 'hex').toString(
    'base64url',
  );
  const key = createPrivateKey({ key: { kty: 'OKP', crv: 'Ed25519', d, x }, format: 'jwk' });
  const expected =
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da' +
    '085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00';
  const reader = new WireReader(signData('ssh-ed25519', key, Uint8Array.of(0x72)));
  assert.equal(reader.text(), 'ssh-ed25519');
  assert.equal(Buffer.from(reader.string()).toString('hex'), expected);
});

test('ECDSA numbers with leading zeros and with a high bit survive the way there and back', () => {
  const { privateKey, publicKey } = keyPair('ecdsa-sha2-nistp521');
  const lengths = new Set<number>();
  for (let i = 0; i < 300; i++) {
    const data = Buffer.from(`message ${i}`);
    const blob = signData('ecdsa-sha2-nistp521', privateKey, data);
    lengths.add(blob.length);
    assert.ok(verifySignature('ecdsa-sha2-nistp521', publicKey, data, blob));
  }
  assert.ok(lengths.size > 1);
});

test('an RSA signature that lost its leading zero byte is taken, as OpenSSH does; a longer one is not', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  let signature = Buffer.alloc(1, 1);
  let data = DATA;
  for (let i = 0; signature[0] !== 0; i++) {
    data = Buffer.from(`message ${i}`);
    signature = sign('sha256', data, privateKey);
  }
  const blob = (body: Uint8Array): Uint8Array => new WireWriter().text('rsa-sha2-256').string(body).finish();
  assert.ok(verify('sha256', data, publicKey, signature));
  assert.equal(verifySignature('rsa-sha2-256', publicKey, data, blob(signature)), true);
  assert.equal(verifySignature('rsa-sha2-256', publicKey, data, blob(signature.subarray(1))), true);
  assert.equal(
    verifySignature('rsa-sha2-256', publicKey, data, blob(Buffer.concat([Buffer.alloc(1), signature]))),
    false,
  );
  assert.equal(verifySignature('rsa-sha2-256', publicKey, data, blob(Buffer.alloc(0))), false);
});

test('ECDSA: negative, zero and too long numbers are false, not an exception', () => {
  const { publicKey } = keyPair('ecdsa-sha2-nistp256');
  const blob = (r: Uint8Array, s: Uint8Array): Uint8Array =>
    new WireWriter()
      .text('ecdsa-sha2-nistp256')
      .string(new WireWriter().string(r).string(s).finish())
      .finish();
  const cases = [Buffer.alloc(0), Buffer.alloc(32, 0xff), Buffer.alloc(40, 1), Buffer.alloc(32, 1)];
  for (const r of cases) {
    for (const s of cases)
      assert.equal(verifySignature('ecdsa-sha2-nistp256', publicKey, DATA, blob(r, s)), false);
  }
});

test('an RSA key of 512 bits verifies nothing', () => {
  const jwk = generateKeyPairSync('rsa', { modulusLength: 512 });
  const signature = sign('sha256', DATA, jwk.privateKey);
  const blob = new WireWriter().text('rsa-sha2-256').string(signature).finish();
  assert.equal(verifySignature('rsa-sha2-256', createPublicKey(jwk.privateKey), DATA, blob), false);
});

function isInvalidArgument(error: unknown): boolean {
  return isWherryError(error) && error.code === 'INVALID_ARGUMENT';
}

/** What openssl takes for the signature in a blob: DER for ECDSA, the bytes as they are for the others. */
function toOpenssl(name: SignatureName, blob: Uint8Array): Uint8Array {
  const reader = new WireReader(blob);
  assert.equal(reader.text(), name);
  const body = reader.string();
  if (row(name).family !== 'ec') return body;
  const numbers = new WireReader(body);
  const parts = [numbers.string(), numbers.string()].map((n) => Buffer.concat([Buffer.of(2, n.length), n]));
  const length = parts[0]!.length + parts[1]!.length;
  return Buffer.concat([Buffer.from(length > 127 ? [0x30, 0x81, length] : [0x30, length]), ...parts]);
}

function fromOpenssl(name: SignatureName, signature: Buffer): Uint8Array {
  let body: Uint8Array = signature;
  if (row(name).family === 'ec') {
    const at = signature[1]! > 127 ? 3 : 2;
    const rLength = signature[at + 1]!;
    const r = signature.subarray(at + 2, at + 2 + rLength);
    body = new WireWriter()
      .string(r)
      .string(signature.subarray(at + 2 + rLength + 2))
      .finish();
  }
  return new WireWriter().text(name).string(body).finish();
}

/** What an authenticator does (OpenSSH PROTOCOL.u2f). */
function signByDevice(
  name: 'sk-ssh-ed25519@openssh.com' | 'sk-ecdsa-sha2-nistp256@openssh.com',
  key: KeyObject,
  application: string,
  tail: Uint8Array,
): Uint8Array {
  const digest = (bytes: Uint8Array | string): Uint8Array => createHash('sha256').update(bytes).digest();
  const signed = Buffer.concat([digest(application), tail, digest(DATA)]);
  const plain = name.startsWith('sk-ssh') ? 'ssh-ed25519' : 'ecdsa-sha2-nistp256';
  const blob = signData(plain, key, signed).subarray(4 + plain.length);
  return Buffer.concat([new WireWriter().text(name).finish(), blob, tail]);
}

for (const name of ['sk-ssh-ed25519@openssh.com', 'sk-ecdsa-sha2-nistp256@openssh.com'] as const) {
  test(`${name}: a security key's signature of flags, counter and application, and nothing else`, () => {
    const { privateKey, publicKey } = keyPair(name);
    const tail = Uint8Array.of(1, 0, 0, 0, 7);
    const blob = signByDevice(name, privateKey, 'ssh:', tail);
    assert.equal(verifySignature(name, publicKey, DATA, blob, 'ssh:'), true);
    for (const application of ['ssh:other', '', undefined]) {
      assert.equal(verifySignature(name, publicKey, DATA, blob, application), false);
    }
    assert.equal(verifySignature(name, publicKey, Buffer.from('other data'), blob, 'ssh:'), false);
    for (let at = 0; at < blob.length; at++) {
      const bad = Uint8Array.from(blob);
      bad[at]! ^= 0x10;
      assert.equal(verifySignature(name, publicKey, DATA, bad, 'ssh:'), false, `byte ${at} flipped`);
      assert.equal(
        verifySignature(name, publicKey, DATA, blob.subarray(0, at), 'ssh:'),
        false,
        `cut at ${at}`,
      );
    }
    assert.throws(() => signData(name, privateKey, DATA), { code: 'INVALID_ARGUMENT' });
  });
}

test('ssh-dss: only keys of 1024 and 160 bits', () => {
  const { privateKey } = generateKeyPairSync('dsa', { modulusLength: 2048, divisorLength: 256 });
  assert.throws(() => signData('ssh-dss', privateKey, DATA), { code: 'INVALID_ARGUMENT' });
});

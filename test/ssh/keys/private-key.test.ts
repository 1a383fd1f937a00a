import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { ErrorCode } from '../../../src/base/error-codes.ts';
import { isWherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { signaturesForKey, verifySignature } from '../../../src/ssh/crypto/signatures.ts';
import { fingerprint } from '../../../src/ssh/keys/fingerprint.ts';
import { KEY_FILE_CIPHERS } from '../../../src/ssh/keys/key-file-ciphers.ts';
import { loadPrivateKey, type PrivateKey, parsePrivateKey } from '../../../src/ssh/keys/private-key.ts';
import { parsePublicKeyLine } from '../../../src/ssh/keys/public-key.ts';
import { run } from '../../support/servers/run.ts';
import { type GeneratedType, KeyFiles, PASSPHRASE, TYPES } from './key-files.ts';

const files = new KeyFiles();
const CIPHERS = Object.keys(KEY_FILE_CIPHERS).filter((name) => name !== 'none');
const WITH_PEM: readonly GeneratedType[] = TYPES.filter((type) => type !== 'ssh-ed25519');

test('the ciphers are those of ssh -Q cipher', async () => {
  const { stdout } = await run('ssh', ['-Q', 'cipher']);
  assert.deepEqual([...CIPHERS].sort(), stdout.trim().split('\n').sort());
});

for (const type of TYPES) {
  test(`${type}: OpenSSH's format, not encrypted`, async () => {
    await opens(type, await files.plain(type), undefined, `comment of ${type}`);
  });

  for (const cipher of CIPHERS) {
    test(`${type}: OpenSSH's format, ${cipher}`, async () => {
      const path = await files.rewritten(type, PASSPHRASE, '-Z', cipher);
      await opens(type, path, PASSPHRASE, `comment of ${type}`);
      await staysClosed(path);
    });
  }
}

for (const rounds of [1, 16, LIMITS.bcryptRounds.value]) {
  test(`ssh-keygen -a ${rounds}, with a cipher that takes two blocks of bcrypt_pbkdf and one that takes one`, async () => {
    for (const cipher of ['aes256-ctr', 'aes128-cbc']) {
      const path = await files.rewritten('ssh-ed25519', PASSPHRASE, '-Z', cipher, '-a', String(rounds));
      await opens('ssh-ed25519', path, PASSPHRASE, 'comment of ssh-ed25519');
    }
  });
}

for (const type of WITH_PEM) {
  test(`${type}: PEM, and PEM encrypted by ssh-keygen`, async () => {
    await opens(type, await files.rewritten(type, '', '-m', 'PEM'), undefined);
    const path = await files.rewritten(type, PASSPHRASE, '-m', 'PEM');
    await opens(type, path, PASSPHRASE);
    await staysClosed(path);
  });

  test(`${type}: PKCS#8, and PKCS#8 encrypted by ssh-keygen`, async () => {
    await opens(type, await files.rewritten(type, '', '-m', 'PKCS8'), undefined);
    const path = await files.rewritten(type, PASSPHRASE, '-m', 'PKCS8');
    await opens(type, path, PASSPHRASE);
    await staysClosed(path);
  });
}

const PASSOUT = ['-passout', `pass:${PASSPHRASE}`];
const PKCS8_SCHEMES: readonly (readonly string[])[] = [
  ['-v2', 'aes-256-cbc'],
  ['-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1'],
  ['-v2', 'aes-192-cbc', '-v2prf', 'hmacWithSHA512', '-iter', '5000'],
  ['-v2', 'des3'],
  ['-scrypt'],
  ['-v1', 'PBE-SHA1-3DES'],
  ['-v1', 'PBE-SHA1-2DES'],
];
for (const scheme of PKCS8_SCHEMES) {
  test(`PKCS#8 by openssl ${scheme.join(' ')}`, async () => {
    const path = await files.byOpenssl('ecdsa-sha2-nistp256', 'pkcs8', '-topk8', ...scheme, ...PASSOUT);
    await opens('ecdsa-sha2-nistp256', path, PASSPHRASE);
    await staysClosed(path);
  });
}

for (const cipher of ['-aes128', '-aes192', '-aes256', '-des3', '-camellia256']) {
  test(`traditional RSA by openssl ${cipher}`, async () => {
    const path = await files.byOpenssl('ssh-rsa', 'rsa', '-traditional', cipher, ...PASSOUT);
    await opens('ssh-rsa', path, PASSPHRASE);
    await staysClosed(path);
  });
}

test('Ed25519 as PKCS#8, which openssl writes', async () => {
  const path = await files.path();
  await run('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', path]);
  const key = await loadPrivateKey(path);
  const { stdout } = await run('openssl', ['pkey', '-in', path, '-pubout']);
  assert.equal(
    createPublicKey(stdout).export({ format: 'jwk' }).x,
    key.publicKey.key.export({ format: 'jwk' }).x,
  );
  assert.equal(key.comment, '');
});

test('openssl ecparam -genkey: the parameters before the key do no harm', async () => {
  const path = await files.path();
  await run('openssl', ['ecparam', '-name', 'secp384r1', '-genkey', '-out', path]);
  assert.match(await readFile(path, 'utf8'), /EC PARAMETERS/);
  assert.equal((await loadPrivateKey(path)).publicKey.type, 'ecdsa-sha2-nistp384');
});

test('line ends, byte order marks and text around do not matter', async () => {
  const paths = [
    await files.plain('ssh-ed25519'),
    await files.rewritten('ecdsa-sha2-nistp256', PASSPHRASE, '-m', 'PEM'),
    await files.rewritten('ecdsa-sha2-nistp256', PASSPHRASE, '-m', 'PKCS8'),
  ];
  for (const path of paths) {
    const text = await readFile(path, 'utf8');
    const expected = parsePrivateKey(text, PASSPHRASE).publicKey.blob;
    const crlf = text.replaceAll('\n', '\r\n');
    const forms: (string | Uint8Array)[] = [
      crlf,
      Buffer.from(crlf),
      text.trimEnd(),
      `\ufeff${text}`,
      Buffer.from(`\ufeff${text}`),
      Buffer.from(`\ufeff${crlf}`, 'utf16le'),
      `Bag Attributes: <No Attributes>\n\n${text}\nthank you for reading\n`,
      text.replaceAll('\n', '\\n'),
      text.replaceAll('\n', '\r'),
      text.replaceAll(/^/gm, '    '),
    ];
    for (const form of forms) assert.deepEqual(parsePrivateKey(form, PASSPHRASE).publicKey.blob, expected);
  }
});

test('a passphrase as bytes; one for a key that needs none', async () => {
  const path = await files.rewritten('ssh-ed25519', PASSPHRASE);
  assert.ok(await loadPrivateKey(path, Buffer.from(PASSPHRASE)));
  assert.ok(await loadPrivateKey(await files.plain('ssh-ed25519'), 'not needed'));
});

test('the secret stays out of the object and of the messages', async () => {
  const path = await files.rewritten('ssh-rsa', PASSPHRASE, '-m', 'PEM');
  const key = await loadPrivateKey(path, PASSPHRASE);
  assert.deepEqual(Object.keys(key).sort(), ['comment', 'publicKey', 'sign']);
  await assert.rejects(
    loadPrivateKey(path, 'hunter2'),
    (error: Error) => !JSON.stringify(error).includes('hunter2'),
  );
});

test('sign() refuses an algorithm of another key type', async () => {
  const key = await loadPrivateKey(await files.plain('ssh-ed25519'));
  assert.throws(() => key.sign('rsa-sha2-512', Buffer.alloc(1)), hasCode('INVALID_ARGUMENT'));
});

test('files given by mistake say what they are', async () => {
  const ed = await files.plain('ssh-ed25519');
  const ca = await files.plain('ecdsa-sha2-nistp256');
  await run('ssh-keygen', ['-q', '-s', ca, '-I', 'id', '-n', 'me', `${ed}.pub`]);
  const pem = await files.rewritten('ssh-rsa', '', '-m', 'PEM');
  const x509 = await run('openssl', ['req', '-x509', '-key', pem, '-subj', '/CN=x']);
  const spki = await run('openssl', ['rsa', '-in', pem, '-pubout']);
  const rfc4716 = await run('ssh-keygen', ['-e', '-f', `${ed}.pub`]);
  const cases: readonly [string | Uint8Array, ErrorCode, RegExp][] = [
    [await readFile(`${ed}.pub`), 'KEY_FORMAT', /public key/],
    [await readFile(`${ca}.pub`), 'KEY_FORMAT', /public key/],
    [await readFile(`${ed}-cert.pub`), 'KEY_FORMAT', /certificate/],
    [x509.stdout, 'KEY_FORMAT', /X\.509/],
    [spki.stdout, 'KEY_FORMAT', /public key/],
    [rfc4716.stdout, 'KEY_FORMAT', /public key/],
    ['PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n', 'KEY_FORMAT', /part of it is missing/],
    ['---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nP2/56wAAAi\n', 'KEY_FORMAT', /END line/],
    ['SSH PRIVATE KEY FILE FORMAT 1.1\n\0', 'KEY_UNSUPPORTED', /version 1/],
    ['-----BEGIN PGP PRIVATE KEY BLOCK-----\nAAAA\n-----END PGP PRIVATE KEY BLOCK-----', 'KEY_FORMAT', /PGP/],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNz', 'KEY_FORMAT', /END line/],
    ['-----BEGIN RSA PRIVATE KEY-----\n!!!\n-----END RSA PRIVATE KEY-----', 'KEY_FORMAT', /base64/],
    ['hello', 'KEY_FORMAT', /not a key/],
    ['', 'KEY_FORMAT', /not a key/],
    [new Uint8Array(LIMITS.keyFileBytes.value + 1), 'KEY_FORMAT', /larger/],
  ];
  for (const [input, code, words] of cases) assert.throws(() => parsePrivateKey(input), hasCode(code, words));
});

test('keys of kinds SSH has not are KEY_UNSUPPORTED, naming the kind', async () => {
  for (const args of [
    ['-algorithm', 'x448'],
    ['-algorithm', 'x25519'],
    ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:secp256k1'],
  ]) {
    const { stdout } = await run('openssl', ['genpkey', ...args]);
    assert.throws(() => parsePrivateKey(stdout), hasCode('KEY_UNSUPPORTED', /x448|x25519|secp256k1/));
  }
  const { stdout } = await run('openssl', ['genrsa', '512']);
  assert.throws(() => parsePrivateKey(stdout), hasCode('KEY_UNSUPPORTED', /512 bits/));
});

test('loadPrivateKey: path in the message and the details; a missing file, a folder, an endless file', async () => {
  const path = await files.rewritten('ssh-ed25519', PASSPHRASE);
  await assert.rejects(loadPrivateKey(path), (error: unknown) => {
    assert.ok(isWherryError(error));
    assert.equal(error.code, 'KEY_PASSPHRASE_REQUIRED');
    assert.equal(error.details.localPath, path);
    assert.ok(error.message.startsWith(path));
    return true;
  });
  await assert.rejects(loadPrivateKey(`${path}.not-there`), hasCode('INVALID_ARGUMENT', /ENOENT/));
  await assert.rejects(loadPrivateKey('/tmp'), hasCode('INVALID_ARGUMENT', /EISDIR/));
  await assert.rejects(loadPrivateKey('/dev/zero'), hasCode('KEY_FORMAT', /larger/));
  const empty = await files.path();
  await writeFile(empty, '');
  await assert.rejects(loadPrivateKey(empty), hasCode('KEY_FORMAT'));
});

async function opens(type: GeneratedType, path: string, passphrase?: string, comment = ''): Promise<void> {
  const key: PrivateKey = await loadPrivateKey(path, passphrase);
  const { publicKey } = parsePublicKeyLine(await files.publicLine(type));
  assert.equal(key.comment, comment);
  assert.deepEqual(key.publicKey.blob, publicKey.blob);
  const listed = await files.listed(type);
  assert.equal(fingerprint(key.publicKey.blob), listed.fingerprint);
  assert.equal(key.publicKey.bits, listed.bits);
  const data = Buffer.from('to be signed');
  for (const algorithm of signaturesForKey(type)) {
    assert.ok(verifySignature(algorithm, publicKey.key, data, key.sign(algorithm, data)));
  }
}

async function staysClosed(path: string): Promise<void> {
  await assert.rejects(loadPrivateKey(path), hasCode('KEY_PASSPHRASE_REQUIRED'));
  await assert.rejects(loadPrivateKey(path, ''), hasCode('KEY_PASSPHRASE_REQUIRED'));
  for (const wrong of ['wrong', 'x', PASSPHRASE.slice(1), 'long '.repeat(500)]) {
    await assert.rejects(loadPrivateKey(path, wrong), hasCode('KEY_PASSPHRASE_WRONG'));
  }
}

function hasCode(code: ErrorCode, words = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isWherryError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

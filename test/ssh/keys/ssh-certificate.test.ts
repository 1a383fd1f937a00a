import assert from 'node:assert/strict';
import { copyFile, readFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { ErrorCode } from '../../../src/base/error-codes.ts';
import { isWherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { fingerprint } from '../../../src/ssh/keys/fingerprint.ts';
import { keyTypeRow } from '../../../src/ssh/keys/key-types.ts';
import { parsePublicKey, parsePublicKeyLine } from '../../../src/ssh/keys/public-key.ts';
import {
  FOR_EVER,
  formatSshCertificate,
  parseSshCertificate,
  parseSshCertificateLine,
  type SshCertificate,
} from '../../../src/ssh/keys/ssh-certificate.ts';
import { checkSshCertificate, verifySshCertificate } from '../../../src/ssh/keys/ssh-certificate-check.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { run } from '../../support/servers/run.ts';
import { type GeneratedType, KeyFiles, TYPES } from './key-files.ts';

const files = new KeyFiles();
const cas = new KeyFiles();

/** A certificate made by ssh-keygen for the key of a type, signed by the CA key of a type. */
async function certified(type: GeneratedType, ca: GeneratedType, ...options: string[]): Promise<string> {
  const path = await files.path();
  await copyFile(`${await files.plain(type)}.pub`, `${path}.pub`);
  await run('ssh-keygen', ['-q', '-s', await cas.plain(ca), ...options, `${path}.pub`]);
  return readFile(`${path}-cert.pub`, 'utf8');
}

for (const type of TYPES) {
  for (const ca of TYPES) {
    test(`${type} certified by ${ca}`, async () => {
      const line = await certified(type, ca, '-I', 'an id', '-z', '77', '-n', 'me,you', '-V', '-1h:+1h');
      const { certificate, algorithm, comment } = parseSshCertificateLine(line);
      const { publicKey } = parsePublicKeyLine(await files.publicLine(type));
      const { publicKey: caKey } = parsePublicKeyLine(await cas.publicLine(ca));
      assert.equal(algorithm, certificate.type);
      assert.equal(certificate.type, keyTypeRow(type).certificate);
      assert.equal(comment, `comment of ${type}`);
      assert.equal(formatSshCertificate(certificate, comment), line.trim());
      assert.deepEqual(certificate.publicKey.blob, publicKey.blob);
      assert.equal(certificate.publicKey.bits, publicKey.bits);
      assert.deepEqual(certificate.signatureKey.blob, caKey.blob);
      assert.equal(certificate.serial, 77n);
      assert.equal(certificate.kind, 'user');
      assert.equal(certificate.keyId, 'an id');
      assert.deepEqual(certificate.principals, ['me', 'you']);
      assert.equal(certificate.validBefore - certificate.validAfter, 7200n);
      assert.equal(certificate.criticalOptions.size, 0);
      assert.equal(certificate.extensions.get('permit-pty'), '');
      assert.ok(verifySshCertificate(certificate, caKey));
      assert.ok(!verifySshCertificate(certificate, publicKey));
    });
  }
}

test('a host certificate for ever, and critical options', async () => {
  const host = read(await certified('ssh-ed25519', 'ssh-ed25519', '-I', 'h', '-h', '-n', '*.example'));
  assert.equal(host.kind, 'host');
  assert.equal(host.validAfter, 0n);
  assert.equal(host.validBefore, FOR_EVER);
  const options = ['-O', 'clear', '-O', 'force-command=id -u', '-O', 'source-address=10.0.0.0/8'];
  const user = read(await certified('ssh-rsa', 'ssh-ed25519', '-I', 'u', '-n', 'me', ...options));
  assert.deepEqual(
    [...user.criticalOptions],
    [
      ['force-command', 'id -u'],
      ['source-address', '10.0.0.0/8'],
    ],
  );
  assert.equal(user.extensions.size, 0);
});

test('an RSA certificate goes by three names; another type does not', async () => {
  const line = await certified('ssh-rsa', 'ssh-ed25519', '-I', 'x', '-n', 'me');
  const base64 = line.split(' ')[1];
  for (const name of ['ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512']) {
    const algorithm = `${name}-cert-v01@openssh.com`;
    const read = parseSshCertificateLine(`${algorithm} ${base64}`);
    assert.equal(read.algorithm, algorithm);
    assert.equal(read.certificate.type, 'ssh-rsa-cert-v01@openssh.com');
  }
  const wrong = ['ssh-ed25519-cert-v01@openssh.com', 'ssh-rsa', 'x'];
  for (const name of wrong)
    assert.throws(() => parseSshCertificateLine(`${name} ${base64}`), hasCode('KEY_FORMAT'));
  for (const text of ['', 'ssh-rsa-cert-v01@openssh.com', `ssh-rsa-cert-v01@openssh.com ${base64}!`]) {
    assert.throws(() => parseSshCertificateLine(text), hasCode('KEY_FORMAT'));
  }
});

test('a CA that signs with SHA-1 is refused unless asked for', async () => {
  const line = await certified('ssh-ed25519', 'ssh-rsa', '-t', 'ssh-rsa', '-I', 'x', '-n', 'me');
  const certificate = read(line);
  const { publicKey: ca } = parsePublicKeyLine(await cas.publicLine('ssh-rsa'));
  assert.equal(certificate.signatureAlgorithm, 'ssh-rsa');
  assert.ok(!verifySshCertificate(certificate, ca));
  assert.ok(verifySshCertificate(certificate, ca, ['ssh-rsa']));
});

test('what a certificate is good for', async () => {
  const host = read(await certified('ssh-ed25519', 'ssh-ed25519', '-I', 'h', '-h', '-n', '*.Example,one'));
  const user = read(await certified('ssh-ed25519', 'ssh-ed25519', '-I', 'u', '-n', 'me', '-V', '-1h:+1h'));
  const nobody = read(await certified('ssh-ed25519', 'ssh-ed25519', '-I', 'n'));
  const forced = read(
    await certified('ssh-ed25519', 'ssh-ed25519', '-I', 'f', '-n', 'me', '-O', 'force-command=x'),
  );
  const hours = (count: number): Date => new Date(Date.now() + count * 3_600_000);
  const cases: readonly [SshCertificate, Parameters<typeof checkSshCertificate>[1], RegExp | undefined][] = [
    [host, { kind: 'host', principal: 'A.example' }, undefined],
    [host, { kind: 'host', principal: 'one' }, undefined],
    [host, { kind: 'host' }, undefined],
    [host, { kind: 'host', principal: 'two' }, /not for two/],
    [host, { kind: 'user', principal: 'one' }, /host certificate/],
    [user, { kind: 'user', principal: 'me' }, undefined],
    [user, { kind: 'user', principal: 'ME' }, /not for ME/],
    [user, { kind: 'user', principal: 'me', time: hours(2) }, /expired on \d{4}-/],
    [user, { kind: 'user', principal: 'me', time: hours(-2) }, /not valid before/],
    [nobody, { kind: 'user', principal: 'me' }, /nobody/],
    [forced, { kind: 'user', principal: 'me' }, /force-command/],
    [forced, { kind: 'user', principal: 'me', criticalOptions: ['force-command'] }, undefined],
  ];
  for (const [certificate, use, words] of cases) {
    const why = checkSshCertificate(certificate, use);
    if (words === undefined) assert.equal(why, undefined);
    else assert.match(why ?? '', words);
  }
});

test('cut anywhere, or extended, it is KEY_*; flipped it is KEY_* or its signature is bad', async () => {
  const { blob } = read(await certified('ssh-ed25519', 'ecdsa-sha2-nistp256', '-I', 'x', '-n', 'me'));
  const { publicKey: ca } = parsePublicKeyLine(await cas.publicLine('ecdsa-sha2-nistp256'));
  for (let length = 0; length < blob.length; length++) {
    assert.throws(() => parseSshCertificate(blob.subarray(0, length)), isKeyError, `cut at ${length}`);
  }
  assert.throws(() => parseSshCertificate(Buffer.concat([blob, Buffer.alloc(1)])), hasCode('KEY_FORMAT'));
  for (let at = 0; at < blob.length; at++) {
    const bad = blob.slice();
    bad[at]! ^= 1 << (at % 8);
    try {
      assert.ok(!verifySshCertificate(parseSshCertificate(bad), ca), `byte ${at}`);
    } catch (error) {
      assert.ok(isKeyError(error), `byte ${at}: ${error}`);
    }
  }
});

test('limits, kinds, options twice, a certificate as CA', async () => {
  const good = read(await certified('ssh-ed25519', 'ssh-ed25519', '-I', 'x', '-n', 'me'));
  const build = (change: Partial<Parts>): Uint8Array => write(good, change);
  assert.ok(parseSshCertificate(build({})));
  const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`);
  const maxNames = LIMITS.certificatePrincipals.value;
  const maxOptions = LIMITS.certificateOptions.value;
  assert.equal(parseSshCertificate(build({ principals: names(maxNames) })).principals.length, maxNames);
  assert.throws(
    () => parseSshCertificate(build({ principals: names(maxNames + 1) })),
    hasCode('KEY_FORMAT', /256/),
  );
  assert.equal(parseSshCertificate(build({ extensions: names(maxOptions) })).extensions.size, maxOptions);
  assert.throws(
    () => parseSshCertificate(build({ extensions: names(maxOptions + 1) })),
    hasCode('KEY_FORMAT'),
  );
  assert.throws(() => parseSshCertificate(build({ extensions: ['a', 'a'] })), hasCode('KEY_FORMAT', /twice/));
  assert.throws(() => parseSshCertificate(build({ kind: 3 })), hasCode('KEY_FORMAT', /kind 3/));
  assert.throws(
    () => parseSshCertificate(build({ ca: good.blob })),
    hasCode('KEY_UNSUPPORTED', /certificate/),
  );
  assert.throws(
    () => parseSshCertificate(good.publicKey.blob),
    hasCode('KEY_UNSUPPORTED', /not a type of OpenSSH certificate/),
  );
  assert.throws(() => parsePublicKey(good.blob), hasCode('KEY_UNSUPPORTED', /certificate/));
});

interface Parts {
  kind: number;
  principals: string[];
  extensions: string[];
  ca: Uint8Array;
}

function write(from: SshCertificate, change: Partial<Parts>): Uint8Array {
  const reader = new WireReader(from.blob);
  const writer = new WireWriter().string(reader.string()).string(reader.string()).string(reader.string());
  const list = (values: readonly string[], options: boolean): Uint8Array => {
    const inner = new WireWriter();
    for (const value of values) {
      inner.text(value);
      if (options) inner.text('');
    }
    return inner.finish();
  };
  return writer
    .u64(1)
    .u32(change.kind ?? 1)
    .text('id')
    .string(list(change.principals ?? ['me'], false))
    .u64(0)
    .u64(FOR_EVER)
    .text('')
    .string(list(change.extensions ?? [], true))
    .text('')
    .string(change.ca ?? from.signatureKey.blob)
    .string(from.signature)
    .finish();
}

test('the fingerprint of the certified key is that of the plain key', async () => {
  const certificate = read(await certified('ssh-ed25519', 'ssh-ed25519', '-I', 'x', '-n', 'me'));
  assert.equal(fingerprint(certificate.publicKey.blob), (await files.listed('ssh-ed25519')).fingerprint);
});

function read(line: string): SshCertificate {
  return parseSshCertificateLine(line).certificate;
}

function isKeyError(error: unknown): boolean {
  return isWherryError(error) && error.code.startsWith('KEY_');
}

function hasCode(code: ErrorCode, words = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isWherryError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

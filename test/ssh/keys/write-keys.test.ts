import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ErrorCode } from '../../../src/base/error-codes.ts';
import { isWherryError } from '../../../src/base/errors.ts';
import { fingerprint } from '../../../src/ssh/keys/fingerprint.ts';
import { type GeneratedKeyType, generateKey } from '../../../src/ssh/keys/generate.ts';
import { parsePrivateKey } from '../../../src/ssh/keys/private-key.ts';
import { parsePublicKeyLine } from '../../../src/ssh/keys/public-key.ts';
import { parseKeys } from '../../../src/ssh/keys/read-keys.ts';
import {
  formatPrivateKey,
  formatPublicKey,
  type PrivateKeyFormat,
  type PublicKeyFormat,
} from '../../../src/ssh/keys/write-keys.ts';
import { type OnDemand, startOnDemand } from '../../support/servers/on-demand.ts';
import { run } from '../../support/servers/run.ts';
import { KeyFiles } from './key-files.ts';
import { RARE_KEYS } from './rare-keys.ts';

const files = new KeyFiles();
const fixtures = fileURLToPath(new URL('../../fixtures/keys/', import.meta.url));
const FORMATS: readonly PrivateKeyFormat[] = ['openssh', 'pkcs8', 'ppk', 'jwk'];
const TYPES = ['ed25519', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'rsa', 'dsa', 'ed448'] as const;
/** What a format has no form for. */
const MISSING: Readonly<Record<string, readonly string[]>> = { jwk: ['dsa'] };

for (const type of TYPES) {
  test(`${type}: written in every format and read again, with and without a passphrase`, async () => {
    const key = parsePrivateKey(await readFile(`${fixtures}${type}.v2.ppk`));
    for (const format of FORMATS) {
      if (MISSING[format]?.includes(type)) {
        assert.throws(() => formatPrivateKey(key, { format }), hasCode('KEY_UNSUPPORTED'));
        continue;
      }
      for (const passphrase of format === 'jwk' ? [undefined] : [undefined, 'wörd']) {
        const given = passphrase === undefined ? {} : { passphrase };
        const text = formatPrivateKey(key, { format, comment: 'ä comment', ...given });
        const again = parsePrivateKey(text, passphrase);
        assert.deepEqual(again.publicKey.blob, key.publicKey.blob);
        assert.equal(again.comment, format === 'pkcs8' ? '' : 'ä comment');
        if (passphrase === undefined) continue;
        assert.throws(() => parsePrivateKey(text), hasCode('KEY_PASSPHRASE_REQUIRED'));
        assert.throws(() => parsePrivateKey(text, 'x'), hasCode('KEY_PASSPHRASE_WRONG'));
      }
    }
  });
}

test('ssh-keygen and openssl read what is written', async () => {
  for (const type of ['ed25519', 'ecdsa521', 'rsa'] as const) {
    const key = parsePrivateKey(await readFile(`${fixtures}${type}.v2.ppk`));
    const formats: PrivateKeyFormat[] = type === 'ed25519' ? ['openssh'] : ['openssh', 'pkcs8'];
    for (const format of formats) {
      for (const passphrase of ['', 'long word']) {
        const path = await files.path();
        await writeFile(path, formatPrivateKey(key, { format, passphrase }), { mode: 0o600 });
        const { stdout } = await run('ssh-keygen', ['-y', '-P', passphrase, '-f', path]);
        assert.deepEqual(parsePublicKeyLine(stdout).publicKey.blob, key.publicKey.blob);
      }
    }
  }
  const path = await files.path();
  const ed25519 = parsePrivateKey(await readFile(`${fixtures}ed25519.v2.ppk`));
  await writeFile(path, formatPrivateKey(ed25519, { format: 'pkcs8', passphrase: 'word' }));
  await run('openssl', ['pkey', '-in', path, '-passin', 'pass:word', '-noout']);
});

const PUTTYGEN: OnDemand = {
  name: 'puttygen',
  doc: 'reads the PuTTY keys written here',
  packages: ['putty-tools'],
  needsRoot: false,
};

test('puttygen reads the PuTTY keys that are written', async (t) => {
  if ((await startOnDemand(t, PUTTYGEN, async () => true)) === undefined) return;
  const [old, fresh] = [await files.path(), await files.path()];
  await writeFile(old, 'the word');
  for (const type of TYPES) {
    const key = parsePrivateKey(await readFile(`${fixtures}${type}.v2.ppk`));
    for (const passphrase of ['', 'the word']) {
      await writeFile(fresh, formatPrivateKey(key, { format: 'ppk', passphrase }));
      const { stdout } = await run('puttygen', [fresh, '-O', 'public-openssh', '--old-passphrase', old]);
      assert.deepEqual(parsePublicKeyLine(stdout).publicKey.blob, key.publicKey.blob);
      if (passphrase === '') continue;
      const opened = await run(
        'puttygen',
        [
          fresh,
          '-O',
          'private-openssh-new',
          '-o',
          `${fresh}.out`,
          '--old-passphrase',
          old,
          '--new-passphrase',
          '/dev/null',
        ],
        { allowFailure: true },
      );
      if (type !== 'ed448') assert.equal(opened.code, 0, opened.stderr);
    }
  }
});

test('public keys in every form; RFC 4716 as ssh-keygen reads it', async () => {
  const forms: readonly PublicKeyFormat[] = ['openssh', 'rfc4716', 'pkcs8', 'jwk'];
  for (const type of TYPES) {
    const { publicKey } = parsePrivateKey(await readFile(`${fixtures}${type}.v2.ppk`));
    for (const format of forms) {
      if (format === 'jwk' && type === 'dsa') {
        assert.throws(() => formatPublicKey(publicKey, { format }), hasCode('KEY_UNSUPPORTED'));
        continue;
      }
      const comment = 'a long comment with ünïcode '.repeat(5).trim();
      const [entry] = parseKeys(formatPublicKey(publicKey, { format, comment }));
      assert.deepEqual(entry?.publicKey?.blob, publicKey.blob);
      if (format !== 'pkcs8') assert.equal(entry?.comment, comment, format);
    }
  }
  const path = await files.path();
  const { publicKey } = parsePrivateKey(await readFile(`${fixtures}rsa.v2.ppk`));
  await writeFile(path, formatPublicKey(publicKey, { format: 'rfc4716', comment: 'x' }));
  const { stdout } = await run('ssh-keygen', ['-i', '-f', path]);
  assert.deepEqual(parsePublicKeyLine(stdout).publicKey.blob, publicKey.blob);
  const sk = parsePublicKeyLine(
    `sk-ssh-ed25519@openssh.com ${RARE_KEYS['sk-ssh-ed25519@openssh.com']!.base64}`,
  );
  assert.equal(parseKeys(formatPublicKey(sk.publicKey))[0]?.publicKey?.application, 'ssh:');
  assert.throws(() => formatPublicKey(sk.publicKey, { format: 'pkcs8' }), hasCode('KEY_UNSUPPORTED'));
});

test('a comment stays on its line; what cannot be written says so', async () => {
  const key = parsePrivateKey(readFileSync(`${fixtures}ed25519.v2.ppk`));
  const evil = 'one\nPrivate-MAC: 00\r\ntwo';
  assert.equal(
    parsePrivateKey(formatPrivateKey(key, { format: 'ppk', comment: evil })).comment,
    'one Private-MAC: 00 two',
  );
  assert.equal(formatPublicKey(key.publicKey, { comment: evil }).trimEnd().split('\n').length, 1);
  const elsewhere = { ...key };
  assert.throws(() => formatPrivateKey(elsewhere), hasCode('INVALID_ARGUMENT', /lives/));
  assert.throws(() => formatPrivateKey(key, { format: 'jwk', passphrase: 'x' }), hasCode('INVALID_ARGUMENT'));
  assert.throws(() => formatPrivateKey(key, { format: 'pgp' as 'ppk' }), hasCode('INVALID_ARGUMENT'));
});

test('keys are made, of the size asked for', async () => {
  const cases: readonly [GeneratedKeyType, number | undefined, string, number][] = [
    ['ed25519', undefined, 'ssh-ed25519', 256],
    ['ecdsa', undefined, 'ecdsa-sha2-nistp256', 256],
    ['ecdsa', 384, 'ecdsa-sha2-nistp384', 384],
    ['ecdsa', 521, 'ecdsa-sha2-nistp521', 521],
    ['rsa', 2048, 'ssh-rsa', 2048],
  ];
  for (const [type, bits, keyType, size] of cases) {
    const key = await generateKey(type, { comment: 'new', ...(bits === undefined ? {} : { bits }) });
    assert.equal(key.publicKey.type, keyType);
    assert.equal(key.publicKey.bits, size);
    assert.equal(key.comment, 'new');
  }
  const [one, two] = [await generateKey(), await generateKey()];
  assert.notEqual(fingerprint(one.publicKey.blob), fingerprint(two.publicKey.blob));
  const wrong: readonly [GeneratedKeyType, number][] = [
    ['ed25519', 512],
    ['ecdsa', 255],
    ['rsa', 1024],
    ['rsa', 2048.5],
    ['rsa', 1_000_000],
    ['dsa' as 'rsa', 1024],
  ];
  for (const [type, bits] of wrong)
    await assert.rejects(generateKey(type, { bits }), hasCode('INVALID_ARGUMENT'));
});

function hasCode(code: ErrorCode, words = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isWherryError(error), String((error as Error)?.stack ?? error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

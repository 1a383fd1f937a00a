import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import type { ErrorCode } from '../../../src/base/error-codes.ts';
import { isWherryError } from '../../../src/base/errors.ts';
import {
  derBitString,
  derElement,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
} from '../../../src/ssh/keys/der-writer.ts';
import { exportNumbers, fromBase64url, type KeyNumbers } from '../../../src/ssh/keys/key-numbers.ts';
import { encodePublicKey } from '../../../src/ssh/keys/public-key.ts';
import { parseKeys } from '../../../src/ssh/keys/read-keys.ts';
import { run } from '../../support/servers/run.ts';
import { KeyFiles } from './key-files.ts';

const files = new KeyFiles();
const RSA_NUMBERS = ['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const;
const DSA_NUMBERS = ['p', 'q', 'g', 'y', 'x'] as const;
const VERSION = derInteger(Uint8Array.of(0));
const NULL = Uint8Array.of(5, 0);
const RSA = derOid('1.2.840.113549.1.1.1');
const DSA = derOid('1.2.840.10040.4.1');
const EC = derOid('1.2.840.10045.2.1');
const ED25519 = derOid('1.3.101.112');

const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 });
const dsa = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const rsaNumbers = exportNumbers(rsa.privateKey);
const dsaNumbers = exportNumbers(dsa.privateKey);

type Changes = Readonly<Record<string, Uint8Array>>;
type Write = (digits: Uint8Array) => Uint8Array;

/** A row of numbers behind a version, some of them changed. */
function row(
  names: readonly string[],
  numbers: KeyNumbers,
  changes: Changes = {},
  write: Write = derInteger,
): Uint8Array {
  const digits = (name: string): Uint8Array =>
    changes[name] ?? fromBase64url(numbers[name as 'n'] as string | undefined);
  return derSequence(VERSION, ...names.map((name) => write(digits(name))));
}

const pkcs8 = (algorithm: Uint8Array, secret: Uint8Array, ...more: Uint8Array[]): Uint8Array =>
  derSequence(VERSION, algorithm, derOctetString(secret), ...more);

const der = (key: KeyObject, type: 'pkcs1' | 'sec1' | 'pkcs8' | 'spki'): Buffer =>
  (key as unknown as { export(options: object): Buffer }).export({ type, format: 'der' });

const pem = (label: string, bytes: Uint8Array): string =>
  `-----BEGIN ${label}-----\n${Buffer.from(bytes).toString('base64')}\n-----END ${label}-----\n`;

function reads(what: string, file: Uint8Array | string, key: KeyObject): void {
  const [entry] = parseKeys(file);
  assert.deepEqual(entry?.publicKey?.blob, encodePublicKey(key), what);
  if (key.type === 'private') assert.ok(entry?.privateKey, what);
}

test('odd forms that OpenSSL reads are read', () => {
  const pkcs1 = der(rsa.privateKey, 'pkcs1');
  const body = pkcs1.subarray(4);
  const noted = derElement(0xa0, derSequence(derOid('1.2.3'), derElement(0x31, NULL)));
  const unsigned: Write = (digits) => derElement(0x02, digits);
  const padded: Write = (digits) => derElement(0x02, new Uint8Array(3), digits);
  for (const [what, file] of [
    ['bytes behind it', Buffer.concat([pkcs1, Buffer.from('\n\n')])],
    ['an open length', Buffer.concat([Uint8Array.of(0x30, 0x80), body, new Uint8Array(2)])],
    ['numbers without a zero before the high bit', row(RSA_NUMBERS, rsaNumbers, {}, unsigned)],
    ['numbers with too many zeros', row(RSA_NUMBERS, rsaNumbers, {}, padded)],
    ['PKCS#8 without the NULL', pkcs8(derSequence(RSA), pkcs1)],
    ['PKCS#8 with attributes', pkcs8(derSequence(RSA, NULL), pkcs1, noted)],
    ['PKCS#8 with a public key', pkcs8(derSequence(RSA, NULL), pkcs1, noted, derElement(0x81, NULL))],
    ['PKCS#8 labelled as PKCS#1', pem('RSA PRIVATE KEY', der(rsa.privateKey, 'pkcs8'))],
    ['PKCS#1 labelled as PKCS#8', pem('PRIVATE KEY', pkcs1)],
  ] as const) {
    reads(what, file, rsa.privateKey);
  }
  reads('EC labelled as PKCS#8', pem('PRIVATE KEY', der(ec.privateKey, 'sec1')), ec.privateKey);
  reads('DSA in PKCS#8', der(dsa.privateKey, 'pkcs8'), dsa.privateKey);
  reads('DSA as numbers', row(DSA_NUMBERS, dsaNumbers), dsa.privateKey);
  // RFC 8410 section 10.3 has this form; Node 20's OpenSSL does not take it.
  const seed = derOctetString(fromBase64url(exportNumbers(ed.privateKey).d));
  const own = derElement(0x81, Uint8Array.of(0), fromBase64url(exportNumbers(ed.publicKey).x));
  reads('Ed25519 with its public key', pkcs8(derSequence(ED25519), seed, own), ed.privateKey);
  for (const key of [rsa.publicKey, dsa.publicKey, ec.publicKey, ed.publicKey]) {
    reads('a public key with bytes behind it', Buffer.concat([der(key, 'spki'), Buffer.of(10)]), key);
  }
});

test('EC keys with the curve written out, the point compressed, mixed or left out', async () => {
  const path = await files.path();
  await writeFile(path, der(ec.privateKey, 'sec1'), { mode: 0o600 });
  const out = await files.path();
  for (const encoding of ['named_curve', 'explicit']) {
    for (const form of [['-no_public'], ...['compressed', 'hybrid'].map((name) => ['-conv_form', name])]) {
      const what = `${encoding} ${form.join(' ')}`;
      const args = ['-inform', 'DER', '-in', path, '-out', out, '-param_enc', encoding, ...form];
      await run('openssl', ['ec', ...args]);
      const text = await readFile(out, 'utf8');
      reads(what, text, ec.privateKey);
      reads(
        `${what}, PKCS#8`,
        (await run('openssl', ['pkcs8', '-topk8', '-nocrypt', '-in', out])).stdout,
        ec.privateKey,
      );
      if (form[0] === '-no_public') continue;
      await run('openssl', ['ec', ...args, '-pubout']);
      reads(`${what}, public`, await readFile(out, 'utf8'), ec.publicKey);
    }
  }
});

test('an RSA key of three primes', async () => {
  const { stdout } = await run('openssl', ['genrsa', '-primes', '3', '-traditional', '2048']);
  reads('three primes', stdout, createPrivateKey(stdout));
});

const long = Buffer.concat([Uint8Array.of(1), randomBytes(6000), Uint8Array.of(1)]);
const jwk = (changes: Changes): string =>
  JSON.stringify({
    ...rsaNumbers,
    ...Object.fromEntries(
      Object.entries(changes).map(([name, value]) => [name, Buffer.from(value).toString('base64url')]),
    ),
  });

test('numbers that are too long for their key are refused before they make work', () => {
  const refused = (file: Uint8Array | string, words: RegExp): void => {
    const before = process.cpuUsage();
    assert.throws(() => parseKeys(file), hasCode(/^KEY_(FORMAT|UNSUPPORTED)$/, words));
    assert.ok(process.cpuUsage(before).user < 1_000_000);
  };
  for (const changes of [
    { d: long },
    { dp: long },
    { dq: long },
    { qi: long },
    { p: long },
    { q: long },
    // With both, OpenSSL would raise to the power of one modulo the other: a minute and more.
    { p: long, dp: long },
    { p: fromBase64url(rsaNumbers.n), dp: fromBase64url(rsaNumbers.n) },
  ]) {
    refused(jwk(changes as unknown as Changes), /longer than the key allows/);
    const der = row(RSA_NUMBERS, rsaNumbers, changes as unknown as Changes);
    refused(der, /longer than the key allows/);
    refused(pkcs8(derSequence(RSA, NULL), der), /longer than the key allows/);
  }
  const primes = derSequence(derSequence(derInteger(long), derInteger(long), derInteger(long)));
  const two = row(RSA_NUMBERS, rsaNumbers);
  refused(derSequence(Buffer.from(two).subarray(4), primes), /further prime is too long/);
  for (const name of DSA_NUMBERS) {
    refused(row(DSA_NUMBERS, dsaNumbers, { [name]: long }), /DSA|public number|longer than the key allows/);
    if (name === 'y') continue;
    const numbers = (names: readonly string[]): Uint8Array[] =>
      names.map((one) => derInteger(one === name ? long : fromBase64url(dsaNumbers[one as 'p'])));
    const algorithm = derSequence(DSA, derSequence(...numbers(['p', 'q', 'g'])));
    refused(pkcs8(algorithm, numbers(['x'])[0]!), /DSA|longer than the key allows/);
  }
});

test('what is damaged is told', () => {
  const two = Buffer.from(row(RSA_NUMBERS, rsaNumbers)).subarray(4);
  const p256 = derOid('1.2.840.10045.3.1.7');
  const secret = derOctetString(fromBase64url(exportNumbers(ec.privateKey).d));
  const sec1 = derSequence(derInteger(Uint8Array.of(1)), secret);
  const q = fromBase64url(dsaNumbers.q).slice();
  q[9]! ^= 4;
  const cases: readonly [string, Uint8Array, ErrorCode, RegExp][] = [
    [
      'RSA PRIVATE KEY',
      row(RSA_NUMBERS.slice(0, 7), rsaNumbers),
      'KEY_FORMAT',
      /7 numbers, where an RSA key has 8/,
    ],
    ['RSA PRIVATE KEY', derSequence(two, NULL), 'KEY_FORMAT', /bytes too many/],
    ['RSA PRIVATE KEY', row(RSA_NUMBERS, rsaNumbers).subarray(0, 300), 'KEY_FORMAT', /ends too early/],
    ['RSA PRIVATE KEY', derSequence(VERSION, NULL), 'KEY_FORMAT', /no private key/],
    ['DSA PRIVATE KEY', row(DSA_NUMBERS, dsaNumbers, { q }), 'KEY_FORMAT', /DSA numbers/],
    ['EC PRIVATE KEY', sec1, 'KEY_FORMAT', /curve is not named/],
    [
      'EC PRIVATE KEY',
      derSequence(
        VERSION,
        derOctetString(long),
        derElement(0xa0, p256),
        derElement(0xa1, derBitString(point())),
      ),
      'KEY_FORMAT',
      /no valid key|out of range/,
    ],
    ['PRIVATE KEY', pkcs8(derSequence(derOid('1.2.3.4')), NULL), 'KEY_UNSUPPORTED', /1\.2\.3\.4/],
    ['PRIVATE KEY', pkcs8(derSequence(derOid('1.2.840.113549.1.1.10')), NULL), 'KEY_UNSUPPORTED', /rsa-pss/],
    [
      'PRIVATE KEY',
      pkcs8(derSequence(ED25519), derOctetString(new Uint8Array(31))),
      'KEY_FORMAT',
      /31 bytes/,
    ],
    [
      'PRIVATE KEY',
      pkcs8(derSequence(ED25519), derOctetString(new Uint8Array(32)), NULL),
      'KEY_FORMAT',
      /tag 5/,
    ],
    [
      'PUBLIC KEY',
      derSequence(derSequence(ED25519), derBitString(new Uint8Array(31))),
      'KEY_FORMAT',
      /31 bytes/,
    ],
    [
      'PUBLIC KEY',
      derSequence(derSequence(derOid('1.3.101.110')), derBitString(new Uint8Array(32))),
      'KEY_UNSUPPORTED',
      /x25519/,
    ],
    [
      'PUBLIC KEY',
      derSequence(derSequence(EC, p256), derBitString(new Uint8Array(65).fill(4))),
      'KEY_FORMAT',
      /no valid key/,
    ],
    [
      'PUBLIC KEY',
      derSequence(derSequence(DSA), derBitString(derInteger(Uint8Array.of(9)))),
      'KEY_FORMAT',
      /DER/,
    ],
  ];
  for (const [label, bytes, code, words] of cases) {
    assert.throws(
      () => parseKeys(pem(label, bytes)),
      hasCode(new RegExp(`^${code}$`), words),
      `${label} ${words}`,
    );
  }
});

function point(): Uint8Array {
  const { x, y } = exportNumbers(ec.publicKey);
  return Buffer.concat([Uint8Array.of(4), fromBase64url(x), fromBase64url(y)]);
}

function hasCode(code: RegExp, words: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isWherryError(error), String((error as Error).stack));
    assert.match(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

/**
 * Limits on the work that key files ask for, through whole files: at the limit the key is derived, and is not the right one;
 * one past it the file is refused before that. Where other work is counted in the rounds of the limit, the most a file may
 * ask for is found by asking without a passphrase, for which nothing is derived.
 */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { isWherryError } from '../../src/base/errors.ts';
import { LIMITS } from '../../src/base/limits.ts';
import {
  derElement,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
} from '../../src/ssh/keys/der-writer.ts';
import { parsePrivateKey } from '../../src/ssh/keys/private-key.ts';
import { parseKeys } from '../../src/ssh/keys/read-keys.ts';
import { WireWriter } from '../../src/ssh/wire/writer.ts';

const PPK = await readFile(join(import.meta.dirname, '../fixtures/keys/ed25519.v3.argon2id.ppk'), 'latin1');
const SALT = new Uint8Array(16).fill(7);
const NULL = derElement(5);

interface KeyFile {
  readonly limit: keyof typeof LIMITS;
  /** A file that asks for so much. */
  readonly make: (amount: number) => string | Uint8Array;
  /** The most it may ask for, where that does not go by the limit itself. */
  readonly most?: 'asked' | number;
}

const KEY_FILES: Readonly<Record<string, KeyFile>> = {
  'bcrypt of an OpenSSH key': { limit: 'bcryptRounds', make: opensshKey },
  'passes of Argon2 of a PuTTY key': {
    limit: 'argon2Work',
    make: (passes) => puttyKey(1024, passes),
    most: Math.floor(LIMITS.argon2Work.value / 1024),
  },
  'memory of Argon2 of a PuTTY key': { limit: 'argon2MemoryKiB', make: (memory) => puttyKey(memory, 1) },
  'PBKDF2 with SHA-256': {
    limit: 'pbkdf2Iterations',
    make: (rounds) => pbkdf2(rounds, '1.2.840.113549.2.9'),
  },
  'PBKDF2 with SHA-1': {
    limit: 'pbkdf2Iterations',
    make: (rounds) => pbkdf2(rounds, '1.2.840.113549.2.7'),
    most: 'asked',
  },
  'PBKDF2 with SHA-512': {
    limit: 'pbkdf2Iterations',
    make: (rounds) => pbkdf2(rounds, '1.2.840.113549.2.11'),
    most: 'asked',
  },
  scrypt: {
    limit: 'pbkdf2Iterations',
    make: (p) =>
      encrypted(pbes2('1.3.6.1.4.1.11591.4.11', derOctetString(SALT), number(1024), number(8), number(p))),
    most: 'asked',
  },
  'PBES1 with MD5': {
    limit: 'pbkdf2Iterations',
    make: (rounds) =>
      encrypted(scheme('1.2.840.113549.1.5.3', derOctetString(SALT.subarray(8)), number(rounds))),
    most: 'asked',
  },
  'the scheme of PKCS#12': {
    limit: 'pbkdf2Iterations',
    make: (rounds) => encrypted(scheme('1.2.840.113549.1.12.1.3', derOctetString(SALT), number(rounds))),
    most: 'asked',
  },
};

function number(value: number): Uint8Array {
  return derInteger(Buffer.from(value.toString(16).padStart(16, '0'), 'hex'));
}

function scheme(oid: string, ...parameters: Uint8Array[]): Uint8Array {
  return derSequence(derOid(oid), derSequence(...parameters));
}

function pbes2(oid: string, ...parameters: Uint8Array[]): Uint8Array {
  const aes = derSequence(derOid('2.16.840.1.101.3.4.1.42'), derOctetString(SALT));
  return scheme('1.2.840.113549.1.5.13', scheme(oid, ...parameters), aes);
}

function pbkdf2(rounds: number, prf: string): Uint8Array {
  const hash = derSequence(derOid(prf), NULL);
  return encrypted(pbes2('1.2.840.113549.1.5.12', derOctetString(SALT), number(rounds), hash));
}

/** EncryptedPrivateKeyInfo (RFC 5958 section 3), of nothing. */
function encrypted(algorithm: Uint8Array): Uint8Array {
  return derSequence(algorithm, derOctetString(new Uint8Array(64).fill(1)));
}

function opensshKey(rounds: number): string {
  const publicKey = new WireWriter().text('ssh-ed25519').string(new Uint8Array(32)).finish();
  const options = new WireWriter().string(SALT).u32(rounds).finish();
  const bytes = new WireWriter()
    .raw(Buffer.from('openssh-key-v1\0'))
    .text('aes256-ctr')
    .text('bcrypt')
    .string(options)
    .u32(1)
    .string(publicKey)
    .string(new Uint8Array(144))
    .finish();
  const lines = Buffer.from(bytes).toString('base64').replace(/.{70}/g, '$&\n');
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${lines}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** Other parameters make another key. */
function puttyKey(memory: number, passes: number): string {
  return PPK.replace(/Argon2-Memory: .*/, `Argon2-Memory: ${memory}`).replace(
    /Argon2-Passes: .*/,
    `Argon2-Passes: ${passes}`,
  );
}

function outcome(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(isWherryError(error), String(error));
    return error.details.limit === undefined ? error.code : `${error.code} ${error.details.limit}`;
  }
  return 'taken';
}

/** The most that is not refused. */
function mostOf({ limit, make }: KeyFile): number {
  let [least, most] = [1, LIMITS[limit].value + 1];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (outcome(() => parsePrivateKey(make(middle))) === 'KEY_PASSPHRASE_REQUIRED') least = middle;
    else most = middle;
  }
  return least;
}

for (const [what, file] of Object.entries(KEY_FILES)) {
  test(`${what}: a file may ask for as much as ${file.limit} allows, and no more`, () => {
    const { limit, make } = file;
    const max = file.most === 'asked' ? mostOf(file) : (file.most ?? LIMITS[limit].value);
    assert.ok(max > 1 && max <= LIMITS[limit].value);
    assert.equal(
      outcome(() => parsePrivateKey(make(max), 'passphrase')),
      'KEY_PASSPHRASE_WRONG',
    );
    assert.equal(
      outcome(() => parsePrivateKey(make(max + 1), 'passphrase')),
      `KEY_UNSUPPORTED ${limit}`,
    );
  });
}

test('the MAC of a PKCS#12 file: a file may ask for as much as pbkdf2Iterations allows, and no more', () => {
  const data = '1.2.840.113549.1.7.1';
  const safe = derSequence(derOid(data), derElement(0xa0, derOctetString(derSequence())));
  const make = (rounds: number): Uint8Array =>
    derSequence(
      number(3),
      safe,
      derSequence(
        derSequence(derSequence(derOid('1.3.14.3.2.26'), NULL), derOctetString(new Uint8Array(20))),
        derOctetString(SALT),
        number(rounds),
      ),
    );
  const max = LIMITS.pbkdf2Iterations.value;
  assert.equal(
    outcome(() => parseKeys(make(Math.floor(max / 6)), { passphrase: 'passphrase' })),
    'KEY_PASSPHRASE_WRONG',
  );
  assert.equal(
    outcome(() => parseKeys(make(Math.floor(max / 6) + 1), { passphrase: 'passphrase' })),
    'KEY_UNSUPPORTED pbkdf2Iterations',
  );
});

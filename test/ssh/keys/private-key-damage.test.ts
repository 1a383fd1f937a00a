import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { isWherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { parsePrivateKey } from '../../../src/ssh/keys/private-key.ts';
import { WireReader } from '../../../src/ssh/wire/reader.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { KeyFiles, PASSPHRASE, TYPES } from './key-files.ts';

const files = new KeyFiles();
const others = new KeyFiles();
const MAGIC = 'openssh-key-v1\0';
const OPENSSH = 'OPENSSH PRIVATE KEY';
const SEED = 20_261_120;

/** Files to damage, by what they are. */
const SUBJECTS: Readonly<Record<string, () => Promise<string>>> = {
  ...Object.fromEntries(TYPES.map((type) => [type, () => files.plain(type)])),
  'ed25519 aes256-ctr': () => files.rewritten('ssh-ed25519', PASSPHRASE),
  'ed25519 aes256-cbc': () => files.rewritten('ssh-ed25519', PASSPHRASE, '-Z', 'aes256-cbc'),
  'ed25519 gcm': () => files.rewritten('ssh-ed25519', PASSPHRASE, '-Z', 'aes256-gcm@openssh.com'),
  'ed25519 chacha': () => files.rewritten('ssh-ed25519', PASSPHRASE, '-Z', 'chacha20-poly1305@openssh.com'),
  'ecdsa PEM': () => files.rewritten('ecdsa-sha2-nistp256', '', '-m', 'PEM'),
  'ecdsa PEM encrypted': () => files.rewritten('ecdsa-sha2-nistp256', PASSPHRASE, '-m', 'PEM'),
  'rsa PEM': () => files.rewritten('ssh-rsa', '', '-m', 'PEM'),
  'rsa PKCS#8': () => files.rewritten('ssh-rsa', '', '-m', 'PKCS8'),
  'ecdsa PKCS#8 encrypted': () => files.rewritten('ecdsa-sha2-nistp256', PASSPHRASE, '-m', 'PKCS8'),
  'ecdsa scrypt': () =>
    files.byOpenssl('ecdsa-sha2-nistp256', 'pkcs8', '-topk8', '-scrypt', '-passout', `pass:${PASSPHRASE}`),
};

for (const [name, make] of Object.entries(SUBJECTS)) {
  test(`${name}: cut anywhere it is KEY_*`, async () => {
    const text = await readFile(await make(), 'latin1');
    const whole = parsePrivateKey(text, PASSPHRASE).publicKey.blob;
    const body = pemBody(text);
    for (let i = 0; i < 40; i++) {
      const length = Math.floor(((text.length - 2) * i) / 40);
      assert.throws(
        () => parsePrivateKey(text.slice(0, length), PASSPHRASE),
        isKeyError,
        `file cut at ${length}`,
      );
      const bytes = body.bytes.subarray(0, Math.floor((body.bytes.length * i) / 40));
      settles(body.rebuild(bytes), whole, `body cut to ${bytes.length}`);
    }
  });

  test(`${name}: with a bit flipped it is KEY_*, or still the same key`, async () => {
    const text = await readFile(await make(), 'latin1');
    const whole = parsePrivateKey(text, PASSPHRASE).publicKey.blob;
    const body = pemBody(text);
    const random = generator(SEED);
    for (let i = 0; i < 60; i++) {
      const character = random(text.length);
      const flipped = Buffer.from(text, 'latin1');
      flipped[character]! ^= 1 << random(8);
      settles(flipped.toString('latin1'), whole, `seed ${SEED}, character ${character}`);
      const at = random(body.bytes.length);
      const bytes = Uint8Array.from(body.bytes);
      bytes[at]! ^= 1 << random(8);
      settles(body.rebuild(bytes), whole, `seed ${SEED}, byte ${at}`);
    }
  });
}

test('golang b315afd: bcrypt rounds over the limit are refused at once', async () => {
  const file = readOpenssh(await readFile(await files.rewritten('ssh-ed25519', PASSPHRASE), 'latin1'));
  const start = performance.now();
  for (const rounds of [LIMITS.bcryptRounds.value + 1, 0x7fff_ffff, 0xffff_ffff]) {
    const text = writeOpenssh({ ...file, kdfOptions: kdfOptions(Buffer.alloc(16), rounds) });
    assert.throws(() => parsePrivateKey(text, PASSPHRASE), keyError('KEY_UNSUPPORTED', /rounds/));
  }
  assert.ok(performance.now() - start < 500);
  const none = writeOpenssh({ ...file, kdfOptions: kdfOptions(Buffer.alloc(16), 0) });
  assert.throws(() => parsePrivateKey(none, PASSPHRASE), keyError('KEY_FORMAT'));
  const noSalt = writeOpenssh({ ...file, kdfOptions: kdfOptions(Buffer.alloc(0), 1) });
  assert.throws(() => parsePrivateKey(noSalt, PASSPHRASE), keyError('KEY_FORMAT'));
});

test('PBKDF2 and scrypt that ask for too much work are refused at once', async () => {
  const pbkdf2 = pemBody(await readFile(await SUBJECTS['ecdsa PKCS#8 encrypted']!(), 'latin1'));
  const rounds = pbkdf2.bytes.indexOf(Buffer.from('02020800', 'hex'));
  assert.ok(rounds > 0, 'ssh-keygen writes 2048 rounds');
  const bytes = Buffer.from(pbkdf2.bytes);
  const scrypt = pemBody(await readFile(await SUBJECTS['ecdsa scrypt']!(), 'latin1'));
  const n = scrypt.bytes.indexOf(Buffer.from('02024000020108020101', 'hex'));
  assert.ok(n > 0, 'openssl writes N 16384, r 8, p 1');
  const start = performance.now();
  // Two bytes more for the number, so four lengths around it change: rebuild them by hand.
  const more = (der: Buffer, at: number, header: number, value: Buffer): Buffer => {
    const out = Buffer.concat([der.subarray(0, at), value, der.subarray(at + header)]);
    return fixLengths(out, at, value.length - header);
  };
  const slow = more(bytes, rounds, 4, Buffer.from('02047fffffff', 'hex'));
  assert.throws(
    () => parsePrivateKey(pbkdf2.rebuild(slow), PASSPHRASE),
    keyError('KEY_UNSUPPORTED', /rounds/),
  );
  const wide = more(Buffer.from(scrypt.bytes), n, 4, Buffer.from('020440000000', 'hex'));
  assert.throws(
    () => parsePrivateKey(scrypt.rebuild(wide), PASSPHRASE),
    keyError('KEY_UNSUPPORTED', /rounds/),
  );
  assert.ok(performance.now() - start < 500);
});

test('OpenSSH format: each thing that must fit', async () => {
  const plain = readOpenssh(await readFile(await files.plain('ssh-ed25519'), 'latin1'));
  const ecdsa = readOpenssh(await readFile(await files.plain('ecdsa-sha2-nistp256'), 'latin1'));
  const secret = Buffer.from(plain.secretPart);
  const change = (at: number, byte: number): Uint8Array => {
    const copy = Uint8Array.from(secret);
    copy.fill(byte, at < 0 ? copy.length + at : at, at < 0 ? copy.length + at + 1 : at + 1);
    return copy;
  };
  const cases: readonly [Partial<Envelope>, string, RegExp][] = [
    [{}, '', /./],
    [{ secretPart: change(0, secret[0]! ^ 1) }, 'KEY_FORMAT', /check numbers/],
    [{ secretPart: change(-1, 99) }, 'KEY_FORMAT', /padding/],
    [{ publicBlob: ecdsa.publicBlob }, 'KEY_FORMAT', /another key/],
    [{ cipher: 'aes256-ctr' }, 'KEY_FORMAT', /do not go together/],
    [{ kdf: 'bcrypt' }, 'KEY_FORMAT', /do not go together/],
    [{ cipher: 'blowfish-cbc', kdf: 'bcrypt' }, 'KEY_UNSUPPORTED', /blowfish-cbc/],
    [{ cipher: 'aes256-ctr', kdf: 'argon2' }, 'KEY_UNSUPPORTED', /argon2/],
    [{ cipher: 'toString' }, 'KEY_UNSUPPORTED', /toString/],
    [{ count: 2 }, 'KEY_UNSUPPORTED', /2 keys/],
    [{ count: 0 }, 'KEY_UNSUPPORTED', /0 keys/],
    [{ tail: Buffer.alloc(1) }, 'KEY_FORMAT', /too many/],
    [{ secretPart: secret.subarray(0, -1) }, 'KEY_FORMAT', /whole number/],
    [{ secretPart: Buffer.alloc(0) }, 'KEY_FORMAT', /whole number/],
    [{ publicBlob: new WireWriter().text('ssh-dss').finish() }, 'KEY_FORMAT', /another key/],
    [{ publicBlob: new WireWriter().text('ssh-new').finish() }, 'KEY_UNSUPPORTED', /ssh-new/],
    [{ publicBlob: new WireWriter().text('sk-ssh-ed25519@openssh.com').finish() }, 'KEY_UNSUPPORTED', /FIDO/],
  ];
  for (const [difference, code, words] of cases) {
    const text = writeOpenssh({ ...plain, ...difference });
    if (code === '') assert.ok(parsePrivateKey(text));
    else assert.throws(() => parsePrivateKey(text), keyError(code, words));
  }
});

test('OpenSSH format: halves of two keys do not make one', async () => {
  const one = readOpenssh(await readFile(await files.plain('ssh-ed25519'), 'latin1'));
  const other = readOpenssh(await readFile(await others.plain('ssh-ed25519'), 'latin1'));
  const text = writeOpenssh({ ...one, publicBlob: other.publicBlob });
  assert.throws(() => parsePrivateKey(text), keyError('KEY_FORMAT', /another key/));
  // Public numbers of `other` around the seed of `one`: only the probe signature can tell.
  const [seed, point] = [seedOf(one), Buffer.from(other.publicBlob.subarray(-32))];
  const secret = Buffer.from(other.secretPart);
  secret.set(seed, secret.lastIndexOf(point) - 32);
  assert.throws(() => parsePrivateKey(writeOpenssh({ ...other, secretPart: secret })), isKeyError);
});

function seedOf(file: Envelope): Uint8Array {
  const at = Buffer.from(file.secretPart).lastIndexOf(file.publicBlob.subarray(-32)) - 32;
  return file.secretPart.subarray(at, at + 32);
}

/** Parses; the outcome must be a KEY_* error or a key with the same public half. */
function settles(text: string, blob: Uint8Array, what: string): void {
  if (slowButAllowed(text)) return;
  const start = performance.now();
  try {
    assert.deepEqual(parsePrivateKey(text, PASSPHRASE).publicKey.blob, blob, what);
  } catch (error) {
    assert.ok(isKeyError(error), `${what}: ${error}`);
  }
  assert.ok(performance.now() - start < 5000, `${what} took too long`);
}

/** Whether the damage made the file ask for so many rounds, within the limit, that it only takes long. */
function slowButAllowed(text: string): boolean {
  try {
    const { kdfOptions: options } = readOpenssh(text);
    const reader = new WireReader(options);
    reader.string();
    const rounds = reader.u32();
    return rounds > 64 && rounds <= LIMITS.bcryptRounds.value;
  } catch {
    return false;
  }
}

interface Envelope {
  cipher: string;
  kdf: string;
  kdfOptions: Uint8Array;
  count: number;
  publicBlob: Uint8Array;
  secretPart: Uint8Array;
  tail: Uint8Array;
}

function readOpenssh(text: string): Envelope {
  const reader = new WireReader(pemBody(text).bytes, MAGIC.length);
  return {
    cipher: reader.text(),
    kdf: reader.text(),
    kdfOptions: reader.string(),
    count: reader.u32(),
    publicBlob: reader.string(),
    secretPart: reader.string(),
    tail: reader.rest(),
  };
}

function writeOpenssh(file: Envelope): string {
  const writer = new WireWriter().raw(Buffer.from(MAGIC)).text(file.cipher).text(file.kdf);
  writer
    .string(file.kdfOptions)
    .u32(file.count)
    .string(file.publicBlob)
    .string(file.secretPart)
    .raw(file.tail);
  return pem(OPENSSH, [], writer.finish());
}

function kdfOptions(salt: Uint8Array, rounds: number): Uint8Array {
  return new WireWriter().string(salt).u32(rounds).finish();
}

function pemBody(text: string): { bytes: Buffer; rebuild(bytes: Uint8Array): string } {
  const [, label = '', inside = ''] = /-----BEGIN ([^-]+)-----([^-]*)/.exec(text) ?? [];
  const lines = inside.replace('4,ENCRYPTED', '4:ENCRYPTED').split('\n');
  const headers = /Proc-Type/.test(inside) ? text.split('\n').filter((line) => /^[\w-]+: /.test(line)) : [];
  const base64 = headers.length > 0 ? text.split('\n\n')[1]!.split('-----')[0]! : lines.join('');
  return { bytes: Buffer.from(base64, 'base64'), rebuild: (bytes) => pem(label, headers, bytes) };
}

function pem(label: string, headers: readonly string[], bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  const head = headers.length > 0 ? [...headers, ''] : [];
  return [`-----BEGIN ${label}-----`, ...head, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** Adds `grown` to the length of each DER element that holds `at`. */
function fixLengths(der: Buffer, at: number, grown: number): Buffer {
  for (let i = 0; i < at; ) {
    const long = der[i + 1]! > 0x7f;
    const digits = long ? der[i + 1]! & 0x7f : 1;
    const first = long ? i + 2 : i + 1;
    const body = first + digits;
    const length = der.readUIntBE(first, digits);
    if (at < body + length) {
      der.writeUIntBE(length + grown, first, digits);
      i = body;
    } else {
      i = body + length;
    }
  }
  return der;
}

/** xorshift32: the same damage in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

function isKeyError(error: unknown): boolean {
  return isWherryError(error) && error.code.startsWith('KEY_');
}

function keyError(code: string, words = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isWherryError(error), String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

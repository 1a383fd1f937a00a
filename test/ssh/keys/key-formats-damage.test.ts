import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import { isWherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import {
  derElement,
  derInteger,
  derOctetString,
  derOid,
  derSequence,
} from '../../../src/ssh/keys/der-writer.ts';
import { withLengths } from '../../../src/ssh/keys/formats/ber.ts';
import { parseKeys } from '../../../src/ssh/keys/read-keys.ts';
import { run } from '../../support/servers/run.ts';
import { KeyFiles } from './key-files.ts';

const files = new KeyFiles();
const fixtures = fileURLToPath(new URL('../../fixtures/keys/', import.meta.url));
const PASSPHRASE = 'wherry';
const SEED = 20_261_121;
const subjects = new Map<string, Buffer>();

before(async () => {
  for (const name of [
    'ed25519.v2.ppk',
    'ed25519.v2.encrypted.ppk',
    'ed25519.v3.ppk',
    'ecdsa256.v3.argon2id.ppk',
    'dsa.sshcom',
    'dsa.encrypted.sshcom',
    'rsa.keytool.jks',
  ]) {
    subjects.set(name, await readFile(fixtures + name));
  }
  const [key, cert, pfx, old, p7b] = [
    await files.path(),
    await files.path(),
    await files.path(),
    await files.path(),
    await files.path(),
  ];
  const subject = ['-subj', '/CN=x', '-addext', 'subjectAltName=DNS:a'];
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
  await run('openssl', ['req', '-x509', '-nodes', ...ec, '-keyout', key, '-out', cert, ...subject]);
  const parts = ['pkcs12', '-export', '-inkey', key, '-in', cert, '-iter', '1', '-passout', 'pass:wherry'];
  await run('openssl', [...parts, '-out', pfx]);
  await run('openssl', [...parts, '-legacy', '-nomac', '-out', old]);
  await run('openssl', ['crl2pkcs7', '-nocrl', '-certfile', cert, '-outform', 'DER', '-out', p7b]);
  subjects.set('PKCS#12', await readFile(pfx));
  subjects.set('PKCS#12, RC2, no MAC', await readFile(old));
  subjects.set('PKCS#7', await readFile(p7b));
  subjects.set('X.509', Buffer.from(parseKeys(await readFile(cert))[0]!.certificate!.raw));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  subjects.set('SEC1 DER', privateKey.export({ type: 'sec1', format: 'der' }));
  subjects.set('JWK', Buffer.from(JSON.stringify(privateKey.export({ format: 'jwk' }))));
  const base64 = (text?: string): string => Buffer.from(text!, 'base64url').toString('base64');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  subjects.set(
    'XML',
    Buffer.from(
      `<RSAKeyValue><Modulus>${base64(rsa.n)}</Modulus><Exponent>${base64(rsa.e)}</Exponent></RSAKeyValue>`,
    ),
  );
  const rfc4716 = await run('ssh-keygen', ['-e', '-f', `${await files.plain('ssh-ed25519')}.pub`]);
  subjects.set('RFC 4716', Buffer.from(rfc4716.stdout));
});

test('cut at every byte: a typed error, or less than was in it', () => {
  for (const [name, bytes] of subjects) {
    assert.ok(parseKeys(bytes, { passphrase: PASSPHRASE }).length > 0, name);
    // Each step of a file with a slow key derivation costs that derivation: those are cut at fewer places.
    const step = /argon2|PKCS#12|jks/.test(name) ? 13 : 1;
    for (let length = 0; length < bytes.length; length += step)
      settles(bytes.subarray(0, length), `${name} cut at ${length}`);
  }
});

test('bytes changed at random: a typed error, or another key', () => {
  const random = generator(SEED);
  for (const [name, bytes] of subjects) {
    for (let i = 0; i < 250; i++) {
      const changed = Buffer.from(bytes);
      for (let count = 1 + random(3); count > 0; count--) changed[random(bytes.length)] = random(256);
      settles(changed, `${name}, seed ${SEED}, change ${i}`);
    }
  }
});

test('DER and BER nested deeper than the limit', () => {
  const nest = (depth: number): Uint8Array => {
    let der: Uint8Array = derElement(0x04, Buffer.from('x'));
    for (let i = 0; i < depth; i++) der = Buffer.concat([Buffer.from([0x30, 0x80]), der, Buffer.alloc(2)]);
    return der;
  };
  assert.ok(withLengths(nest(LIMITS.derDepth.value)));
  assert.throws(() => withLengths(nest(LIMITS.derDepth.value + 1)), isKeyError);
  for (const depth of [40, 1000, 100_000]) assert.throws(() => parseKeys(nest(depth)), isKeyError);
  const open = Buffer.alloc(100_000, Buffer.from([0x30, 0x80]));
  assert.throws(() => parseKeys(open), isKeyError);
});

test('BER with open lengths and octet strings in pieces is read as DER', () => {
  const der = subjects.get('PKCS#12')!;
  const [entry] = parseKeys(opened(der), { passphrase: PASSPHRASE });
  assert.ok(entry?.privateKey);
  assert.equal(parseKeys(opened(subjects.get('PKCS#7')!)).length, 1);
});

test('no error tells of what is inside', () => {
  const marked = 'marked-passphrase';
  for (const [name, bytes] of subjects) {
    try {
      parseKeys(bytes, { passphrase: marked });
    } catch (error) {
      assert.ok(!inspect(error, { depth: 10, showHidden: true }).includes(marked), name);
    }
  }
  assert.ok(readFileSync(`${fixtures}list.tsv`).length > 0);
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
  const used = process.cpuUsage();
  assert.throws(
    () => parseKeys(derSequence(derInteger(Uint8Array.of(3)), info, mac), { passphrase: 'x' }),
    isKeyError,
  );
  assert.ok(process.cpuUsage(used).user < 3_000_000);
});

/** The same structure with lengths left open in the outer elements, and the octet string in them in two pieces. */
function opened(der: Uint8Array): Uint8Array {
  const constructed = (der[0]! & 0x20) !== 0;
  const long = der[1]! > 0x7f ? der[1]! & 0x7f : 0;
  const head = 2 + long;
  const length = long === 0 ? der[1]! : Buffer.from(der).readUIntBE(2, long);
  const content = der.subarray(head, head + length);
  const end = Buffer.alloc(2);
  if (der[0] === 0x04 && length > 300) {
    const half = length >> 1;
    const pieces = [content.subarray(0, half), content.subarray(half)].map((part) => derElement(0x04, part));
    return Buffer.concat([Buffer.from([0x24, 0x80]), ...pieces, end]);
  }
  if (!constructed) return der.subarray(0, head + length);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < content.length; ) {
    const part = content.subarray(at);
    const digits = part[1]! > 0x7f ? part[1]! & 0x7f : 0;
    const size = 2 + digits + (digits === 0 ? part[1]! : Buffer.from(part).readUIntBE(2, digits));
    // Certificates stay as they are: their signatures are over DER.
    parts.push(
      size > 300 && part[0] === 0x30 && der[0] === 0xa0 && length < 1000
        ? part.subarray(0, size)
        : opened(part.subarray(0, size)),
    );
    at += size;
  }
  return Buffer.concat([Buffer.from([der[0]!, 0x80]), ...parts, end]);
}

function settles(bytes: Uint8Array, what: string): void {
  const start = performance.now();
  try {
    parseKeys(bytes, { passphrase: PASSPHRASE });
  } catch (error) {
    assert.ok(isKeyError(error), `${what}: ${(error as Error).stack}`);
  }
  assert.ok(performance.now() - start < 10_000, `${what} took too long`);
}

function isKeyError(error: unknown): boolean {
  return isWherryError(error) && error.code.startsWith('KEY_');
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

import assert from 'node:assert/strict';
import { createHash, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { platform } from 'node:process';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { ErrorCode } from '../../../src/base/error-codes.ts';
import { isWherryError } from '../../../src/base/errors.ts';
import { CertificateView } from '../../../src/ssh/keys/certificate-view.ts';
import { findKey, findKeyFor, openKeyStore } from '../../../src/ssh/keys/key-store.ts';
import { parsePrivateKey } from '../../../src/ssh/keys/private-key.ts';
import { parseKeys } from '../../../src/ssh/keys/read-keys.ts';
import { STORE_TYPES, type StoreTypeName, storeTypeRow } from '../../../src/ssh/keys/store-types.ts';
import { run } from '../../support/servers/run.ts';
import { KeyFiles } from './key-files.ts';

const files = new KeyFiles();
const fixtures = fileURLToPath(new URL('../../fixtures/keys/', import.meta.url));
const SUBJECT = '/C=DE/ST=Hamburg/O=Wherry, Inc/OU=test/CN=www.server.com/emailAddress=me@server.com';

let key = '';
let cert = '';

before(async () => {
  [key, cert] = [await files.path(), await files.path()];
  await run('openssl', [
    ...['req', '-x509', '-nodes', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, '-days', '30'],
    ...['-subj', SUBJECT, '-set_serial', '0x0a1b2c'],
    ...['-addext', 'subjectAltName=DNS:a.example,IP:10.0.0.1,IP:::1,email:me@server.com,URI:https://x/'],
    ...['-addext', 'keyUsage=digitalSignature,keyEncipherment,keyCertSign'],
    ...['-addext', 'extendedKeyUsage=clientAuth,serverAuth'],
  ]);
});

/** A file, and its password, for every store type that reads files. */
async function samples(): Promise<Readonly<Record<string, readonly [string, string?]>>> {
  const [pfx, p7b, xml, jwk, both] = [
    await files.path(),
    await files.path(),
    await files.path(),
    await files.path(),
    await files.path(),
  ];
  await run('openssl', ['pkcs12', '-export', '-inkey', key, '-in', cert, '-passout', 'pass:pw', '-out', pfx]);
  await run('openssl', ['crl2pkcs7', '-nocrl', '-certfile', cert, '-out', p7b]);
  const numbers = parsePrivateKey(await readFile(key)).publicKey.key.export({ format: 'jwk' });
  await writeFile(jwk, JSON.stringify(numbers));
  const base64 = (text?: string): string => Buffer.from(text!, 'base64url').toString('base64');
  await writeFile(
    xml,
    `<RSAKeyValue><Modulus>${base64(numbers.n)}</Modulus><Exponent>${base64(numbers.e)}</Exponent></RSAKeyValue>`,
  );
  await writeFile(both, (await readFile(key, 'utf8')) + (await readFile(cert, 'utf8')));
  return {
    PFX: [pfx, 'pw'],
    JKS: [`${fixtures}rsa.keytool.jks`, 'wherry'],
    PEMKey: [both],
    PublicKey: [cert],
    SSHPublicKey: [`${await files.plain('ssh-rsa')}.pub`],
    P7B: [p7b],
    PPK: [`${fixtures}ed25519.v3.argon2id.ppk`, 'wherry'],
    XML: [xml],
    JWK: [jwk],
  };
}

test('the numbers are those of the reference, each once', () => {
  const numbers = Object.values(STORE_TYPES).map((row) => row.number);
  assert.deepEqual(
    [...numbers].sort((a, b) => a - b),
    [...Array.from({ length: 20 }, (_, i) => i), 21, 22, 23, 99],
  );
  for (const [name, row] of Object.entries(STORE_TYPES)) {
    assert.equal(storeTypeRow(row.number), row);
    assert.equal(storeTypeRow(name as StoreTypeName), row);
  }
  assert.equal(storeTypeRow(20), undefined);
  assert.throws(() => openKeyStore({ type: 20, store: '' }), hasCode('INVALID_ARGUMENT', /20/));
});

test('every store type that reads: as file, as bytes, as text, and told by its contents', async () => {
  const all = await samples();
  const done = new Set<string>();
  for (const [name, [path, password]] of Object.entries(all)) {
    const bytes = await readFile(path);
    const given = password === undefined ? {} : { password };
    const [file, blob] = [`cst${name}File`, `cst${name}Blob`] as StoreTypeName[];
    const forms = [
      { type: file!, store: path },
      { type: file!, store: Buffer.from(path) },
      { type: blob!, store: bytes },
      { type: blob!, store: bytes.toString('latin1') },
      { type: blob!, store: bytes.toString('base64') },
      { type: STORE_TYPES[file!].number, store: path },
      { type: 'cstAuto' as const, store: path },
      { type: 99, store: bytes },
      { store: bytes.toString('base64') },
    ];
    for (const form of forms)
      assert.ok(openKeyStore({ ...form, ...given }).length > 0, `${name} ${form.type}`);
    done.add(file!).add(blob!);
    const other = name === 'PFX' ? 'cstPPKBlob' : 'cstPFXBlob';
    assert.throws(
      () => openKeyStore({ type: other, store: bytes, ...given }),
      hasCode('KEY_FORMAT', /not what was declared/),
    );
  }
  const special = ['cstUser', 'cstMachine', 'cstBCFKSFile', 'cstBCFKSBlob', 'cstPKCS11', 'cstAuto'];
  assert.deepEqual([...done, ...special].sort(), Object.keys(STORE_TYPES).sort());
});

test('stores that are not there say so', async () => {
  for (const type of ['cstUser', 'cstMachine', 0, 1] as const)
    if (platform !== 'win32')
      assert.throws(() => openKeyStore({ type, store: 'MY' }), hasCode('KEY_UNSUPPORTED', /on Windows only/));
  const bcfks = Buffer.from('300a30030201013003020101', 'hex');
  assert.throws(
    () => openKeyStore({ type: 'cstBCFKSBlob', store: bcfks }),
    hasCode('KEY_UNSUPPORTED', /BCFKS/),
  );
  for (const type of ['cstPFXFile', 'cstPEMKeyFile'] as const) {
    assert.throws(() => openKeyStore({ type, store: '/not/there' }), hasCode('INVALID_ARGUMENT', /ENOENT/));
    assert.throws(() => openKeyStore({ type, store: '/tmp' }), hasCode('INVALID_ARGUMENT', /EISDIR/));
  }
  assert.throws(() => openKeyStore({ store: '/not/there' }), hasCode('KEY_FORMAT'));
  const bad = await files.path();
  await writeFile(bad, 'hello');
  assert.throws(
    () => openKeyStore({ type: 'cstPEMKeyFile', store: bad }),
    (error) => isWherryError(error) && error.details.localPath === bad,
  );
});

test('a PKCS#11 store without the package says what to install, or that the module is not there', () => {
  for (const store of ['/not/there.so', 'pkcs11:token=x?module-path=/not/there.so']) {
    assert.throws(
      () => openKeyStore({ type: 'cstPKCS11', store, password: '1234' }),
      (error) => isWherryError(error) && /pkcs11js|cannot be loaded/.test(error.message),
    );
  }
  assert.throws(
    () => openKeyStore({ type: 'cstPKCS11', store: 'pkcs11:token=x' }),
    hasCode('INVALID_ARGUMENT', /module-path/),
  );
});

test('searching by subject', () => {
  const entries = openKeyStore({
    type: 'cstJKSFile',
    store: `${fixtures}rsa.keytool.jks`,
    password: 'wherry',
  });
  const subjectOf = (text: string): string | undefined => findKey(entries, text)?.certificate?.subject;
  assert.equal(subjectOf('CN=first, O=Wherry, C=DE'), 'CN=first, O=Wherry, C=DE');
  assert.equal(subjectOf('cn=FIRST'), 'CN=first, O=Wherry, C=DE');
  assert.equal(subjectOf('second'), 'CN=second');
  assert.equal(subjectOf('third'), undefined);
  assert.equal(subjectOf(''), undefined);
  assert.ok(findKey(entries, '*')?.privateKey);
  const second = findKey(entries, 'second')!;
  const view = new CertificateView(second);
  assert.equal(findKeyFor(entries, parseKeys(view.encoded)[0]!), second);
  assert.equal(findKeyFor(entries, parseKeys(view.publicKey)[0]!), second);
  assert.equal(findKeyFor(entries, parseKeys(readFileSync(cert))[0]!), undefined);
  const bare = parseKeys(readFileSync(`${fixtures}ed25519.v3.ppk`));
  assert.equal(findKey(bare, 'made as')?.comment, 'made as ed25519');
});

test('the view of an X.509 certificate with its key', async () => {
  const pem = await readFile(cert, 'utf8');
  const [entry] = parseKeys(pem + (await readFile(key, 'utf8')));
  const view = new CertificateView(entry!);
  const known = new X509Certificate(pem);
  assert.equal(view.subject, 'E=me@server.com, CN=www.server.com, OU=test, O="Wherry, Inc", S=Hamburg, C=DE');
  assert.equal(view.issuer, view.subject);
  assert.equal(view.serialNumber, '0A1B2C');
  assert.equal(view.version, 'V3');
  assert.equal(view.usageFlags, 0x80 | 0x20 | 0x04);
  assert.equal(view.usage, 'Digital Signature,Key Encipherment,Certificate Signing');
  assert.equal(view.extendedKeyUsage, '1.3.6.1.5.5.7.3.2,1.3.6.1.5.5.7.3.1');
  assert.equal(view.subjectAltNames, 'a.example,10.0.0.1,::1,me@server.com,https://x/');
  assert.equal(view.signatureAlgorithm, 'RSA_SHA256RSA');
  assert.equal(view.publicKeyAlgorithm, 'RSA');
  assert.equal(view.publicKeyLength, 2048);
  assert.equal(view.thumbprintSha256, known.fingerprint256.toLowerCase());
  assert.equal(view.thumbprintSha1, known.fingerprint.toLowerCase());
  assert.equal(view.thumbprintMd5.replaceAll(':', ''), createHash('md5').update(known.raw).digest('hex'));
  assert.equal(view.encoded, pem);
  assert.equal(view.publicKey, known.publicKey.export({ type: 'spki', format: 'pem' }));
  assert.ok(view.privateKeyAvailable);
  assert.equal(view.privateKeyContainer, '');
  assert.ok(createPublicKey(view.privateKey).equals(known.publicKey));
  assert.match(view.effectiveDate, /^\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d$/);
  assert.equal(Date.parse(view.effectiveDate.replaceAll('-', ' ')), Date.parse(known.validFrom));
  assert.equal(Date.parse(view.expirationDate.replaceAll('-', ' ')), Date.parse(known.validTo));
  const md5 = await run('ssh-keygen', ['-l', '-E', 'md5', '-f', await publicLine(key)]);
  assert.ok(md5.stdout.includes(view.fingerprint));
  assert.equal(view.fingerprintSha256.length, 95);
  assert.equal(view.fingerprintSha1.length, 59);
  assert.ok(!inspect(view, { depth: 20, showHidden: true, getters: false }).includes('PRIVATE'));
});

test('the view of a bare key, and of an OpenSSH certificate', async () => {
  const bare = new CertificateView(parseKeys(readFileSync(`${fixtures}ecdsa384.v3.ppk`))[0]!);
  assert.equal(bare.subject, 'made as ecdsa384');
  assert.equal(bare.publicKeyAlgorithm, 'ECDSA');
  assert.equal(bare.publicKeyLength, 384);
  assert.match(bare.encoded, /^ecdsa-sha2-nistp384 AAAA\S+ made as ecdsa384$/);
  assert.match(bare.privateKey, /BEGIN PRIVATE KEY/);
  const empty = [
    bare.effectiveDate,
    bare.expirationDate,
    bare.issuer,
    bare.serialNumber,
    bare.signatureAlgorithm,
    bare.thumbprintSha256,
    bare.usage,
    bare.version,
  ];
  for (const text of empty) assert.equal(text, '');
  assert.equal(bare.usageFlags, 0);

  const path = await files.plain('ssh-ed25519');
  const ca = await files.plain('ecdsa-sha2-nistp256');
  await run('ssh-keygen', [
    '-q',
    '-s',
    ca,
    '-I',
    'the id',
    '-n',
    'me,you',
    '-z',
    '258',
    '-V',
    '-1h:+1h',
    `${path}.pub`,
  ]);
  const view = new CertificateView(parseKeys(await readFile(`${path}-cert.pub`))[0]!);
  assert.equal(view.subject, 'the id');
  assert.equal(view.subjectAltNames, 'me,you');
  assert.equal(view.serialNumber, '0000000000000102');
  assert.equal(view.signatureAlgorithm, 'ecdsa-sha2-nistp256');
  assert.equal(view.issuer, `ecdsa-sha2-nistp256 ${(await files.listed('ecdsa-sha2-nistp256')).fingerprint}`);
  assert.equal(
    Date.parse(view.expirationDate.replaceAll('-', ' ')) -
      Date.parse(view.effectiveDate.replaceAll('-', ' ')),
    7_200_000,
  );
  assert.ok(!view.privateKeyAvailable);
  assert.equal(view.privateKey, '');
});

async function publicLine(path: string): Promise<string> {
  const { stdout } = await run('ssh-keygen', ['-y', '-f', path]);
  const line = await files.path();
  await writeFile(line, stdout);
  return line;
}

function hasCode(code: ErrorCode, words = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isWherryError(error), String((error as Error)?.stack ?? error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

import assert from 'node:assert/strict';
import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';
import type { ErrorCode } from '../../../src/base/error-codes.ts';
import { isWherryError } from '../../../src/base/errors.ts';
import { LIMITS } from '../../../src/base/limits.ts';
import { fingerprint } from '../../../src/ssh/keys/fingerprint.ts';
import type { KeyEntry } from '../../../src/ssh/keys/formats/key-entry.ts';
import { KEY_FORMATS, type KeyFormatName } from '../../../src/ssh/keys/key-formats.ts';
import { parsePrivateKey } from '../../../src/ssh/keys/private-key.ts';
import { parseKeys } from '../../../src/ssh/keys/read-keys.ts';
import { formatPrivateKey, formatPublicKey } from '../../../src/ssh/keys/write-keys.ts';
import { run } from '../../support/servers/run.ts';
import { KeyFiles } from './key-files.ts';

const files = new KeyFiles();
const fixtures = fileURLToPath(new URL('../../fixtures/keys/', import.meta.url));
const PASSPHRASE = 'wherry';
const seen = new Set<KeyFormatName>();

interface Fixture {
  readonly file: string;
  readonly encrypted: boolean;
  readonly expected: string;
}

const FIXTURES: readonly Fixture[] = readFileSync(`${fixtures}list.tsv`, 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const [file = '', encrypted, expected = ''] = line.split('\t');
    return { file, encrypted: encrypted === '1', expected };
  });

const FORMAT_OF: Readonly<Record<string, KeyFormatName>> = {
  ppk: 'ppk',
  sshcom: 'sshcom',
  jks: 'jks',
  p12: 'pkcs12',
};

for (const { file, encrypted, expected } of FIXTURES) {
  test(`${file}: the key of the fingerprint its maker gave`, async () => {
    const bytes = await readFile(fixtures + file);
    assert.ok(parsePrivateKey(bytes, encrypted ? PASSPHRASE : undefined));
    const keys = parseKeys(bytes, { passphrase: PASSPHRASE });
    assert.ok(keys.some(({ privateKey }) => fingerprint(privateKey!.publicKey.blob) === expected));
    const format = FORMAT_OF[file.split('.').at(-1)!]!;
    seen.add(format);
    assert.equal(parseKeys(bytes, { passphrase: PASSPHRASE, formats: [format] }).length > 0, true);
    assert.throws(
      () => parseKeys(bytes, { passphrase: PASSPHRASE, formats: ['jwk'] }),
      hasCode('KEY_FORMAT', /declared/),
    );
    if (!encrypted) return;
    for (const none of [undefined, ''])
      assert.throws(() => parsePrivateKey(bytes, none), hasCode('KEY_PASSPHRASE_REQUIRED'));
    for (const wrong of ['x', 'Wherry', 'long '.repeat(100)]) {
      assert.throws(() => parsePrivateKey(bytes, wrong), hasCode('KEY_PASSPHRASE_WRONG'));
    }
  });
}

test('PuTTY and ssh.com keys bring their comments; line ends do not matter', async () => {
  for (const name of ['rsa.v2.ppk', 'rsa.v3.ppk', 'rsa.sshcom']) {
    const text = await readFile(fixtures + name, 'latin1');
    for (const form of [
      text,
      text.replace(/\r?\n/g, '\r\n'),
      text.replace(/\r?\n/g, '\n'),
      `\ufeff${text}`,
    ]) {
      assert.equal(parsePrivateKey(form).comment, 'made as rsa');
    }
  }
});

test('keytool: both entries with their aliases and certificates', async () => {
  for (const name of ['rsa.keytool.jks', 'rsa.keytool.p12']) {
    const entries = parseKeys(await readFile(fixtures + name), { passphrase: PASSPHRASE });
    assert.deepEqual(entries.map((entry) => entry.comment).sort(), ['first', 'second']);
    for (const { privateKey, certificate, publicKey } of entries) {
      assert.deepEqual(certificate?.publicKey?.blob, publicKey?.blob);
      assert.deepEqual(privateKey?.publicKey.blob, publicKey?.blob);
    }
    const first = entries.find(({ comment }) => comment === 'first');
    assert.equal(first?.certificate?.subject, 'CN=first, O=Wherry, C=DE');
  }
});

interface Chain {
  readonly key: string;
  readonly cert: string;
  readonly ca: string;
}

const CHAIN_KEYS = {
  rsa: ['rsa:2048'],
  ec: ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  ed25519: ['ed25519'],
} as const;
const chains = new Map<string, Promise<Chain>>();

/** A key and its certificate by openssl, signed by a CA, in PEM; made once for each type. */
function chain(type: keyof typeof CHAIN_KEYS): Promise<Chain> {
  const made = chains.get(type) ?? makeChain(type);
  chains.set(type, made);
  return made;
}

async function makeChain(type: keyof typeof CHAIN_KEYS): Promise<Chain> {
  const [key, cert, ca, caKey] = [
    await files.path(),
    await files.path(),
    await files.path(),
    await files.path(),
  ];
  const make = ['req', '-x509', '-nodes', '-newkey'];
  await run('openssl', [...make, 'ed25519', '-keyout', caKey, '-out', ca, '-subj', '/CN=The CA']);
  const signed = ['-subj', '/C=DE/O=Wherry/CN=me', '-CA', ca, '-CAkey', caKey];
  await run('openssl', [...make, ...CHAIN_KEYS[type], '-keyout', key, '-out', cert, ...signed]);
  return { key, cert, ca };
}

const PFX_VARIANTS: Readonly<Record<string, readonly string[]>> = {
  'PBES2 AES-256': [],
  'RC2-40 and 3DES': ['-legacy'],
  '3DES with SHA-1': ['-certpbe', 'PBE-SHA1-3DES', '-keypbe', 'PBE-SHA1-3DES', '-macalg', 'sha1', '-legacy'],
  'RC2-128': ['-certpbe', 'PBE-SHA1-RC2-128', '-keypbe', 'PBE-SHA1-RC2-128', '-legacy'],
  '2DES': ['-certpbe', 'PBE-SHA1-2DES', '-keypbe', 'PBE-SHA1-2DES'],
  'AES-128, SHA-512': ['-certpbe', 'AES-128-CBC', '-keypbe', 'AES-128-CBC', '-macalg', 'sha512'],
  'nothing encrypted': ['-certpbe', 'NONE', '-keypbe', 'NONE'],
  'no MAC': ['-nomac'],
};

for (const [name, options] of Object.entries(PFX_VARIANTS)) {
  test(`PKCS#12 by openssl, ${name}: key, certificate and issuer`, async () => {
    for (const type of ['rsa', 'ec'] as const) {
      const { key, cert, ca } = await chain(type);
      const path = await files.path();
      const args = ['pkcs12', '-export', '-inkey', key, '-in', cert, '-certfile', ca, '-name', 'a näme'];
      await run('openssl', [...args, ...options, '-passout', `pass:${PASSPHRASE}ü`, '-out', path]);
      const bytes = await readFile(path);
      const entries = parseKeys(bytes, { passphrase: `${PASSPHRASE}ü` });
      const entry = only(entries);
      assert.deepEqual(entry.privateKey?.publicKey.blob, parsePrivateKey(await readFile(key)).publicKey.blob);
      assert.equal(entry.certificate?.subject, 'CN=me, O=Wherry, C=DE');
      assert.deepEqual(
        entry.chain?.map((one) => one.subject),
        ['CN=The CA'],
      );
      assert.equal(entry.comment, 'a näme');
      assert.equal(entry.privateKey?.comment, 'a näme');
      const openly = name === 'nothing encrypted';
      if (!openly || !options.includes('-nomac')) {
        assert.throws(() => parseKeys(bytes, { passphrase: 'x' }), hasCode('KEY_PASSPHRASE_WRONG'));
        assert.throws(() => parseKeys(bytes), hasCode('KEY_PASSPHRASE_REQUIRED'));
      }
      assert.equal(parseKeys(bytes.toString('base64'), { passphrase: `${PASSPHRASE}ü` }).length, 1);
      assert.equal(parseKeys(bytes.toString('latin1'), { passphrase: `${PASSPHRASE}ü` }).length, 1);
    }
  });
}

test('PKCS#12 with an empty password, and without a key', async () => {
  const { key, cert } = await chain('ec');
  const path = await files.path();
  await run('openssl', ['pkcs12', '-export', '-inkey', key, '-in', cert, '-passout', 'pass:', '-out', path]);
  for (const passphrase of [undefined, ''])
    assert.ok(only(parseKeys(await readFile(path), { passphrase })).privateKey);
  await run('openssl', ['pkcs12', '-export', '-nokeys', '-in', cert, '-passout', 'pass:x', '-out', path]);
  const entry = only(parseKeys(await readFile(path), { passphrase: 'x' }));
  assert.equal(entry.privateKey, undefined);
  assert.equal(entry.certificate?.subject, 'CN=me, O=Wherry, C=DE');
  assert.throws(() => parsePrivateKey(readFileSync(path), 'x'), hasCode('KEY_FORMAT', /X\.509/));
});

const PBES1 = [
  'PBE-MD5-DES',
  'PBE-SHA1-DES',
  'PBE-MD5-RC2-64',
  'PBE-SHA1-RC2-64',
  'PBE-SHA1-RC2-40',
  'PBE-SHA1-RC2-128',
];
for (const scheme of PBES1) {
  test(`PKCS#8 encrypted with ${scheme}`, async () => {
    const { key } = await chain('rsa');
    const path = await files.path();
    await run('openssl', [
      'pkcs8',
      '-topk8',
      '-v1',
      scheme,
      '-in',
      key,
      '-out',
      path,
      '-passout',
      'pass:wherry',
      '-provider',
      'legacy',
      '-provider',
      'default',
    ]);
    const read = parsePrivateKey(await readFile(path), PASSPHRASE);
    assert.deepEqual(read.publicKey.blob, parsePrivateKey(await readFile(key)).publicKey.blob);
    assert.throws(() => parsePrivateKey(readFileSync(path), 'x'), hasCode('KEY_PASSPHRASE_WRONG'));
    assert.throws(() => parsePrivateKey(readFileSync(path)), hasCode('KEY_PASSPHRASE_REQUIRED'));
  });
}

test('every plain structure in DER, and that in base64', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const secrets: readonly [KeyFormatName, KeyObject, Buffer][] = [
    ['pkcs1', rsa.privateKey, rsa.privateKey.export({ type: 'pkcs1', format: 'der' })],
    ['sec1', ec.privateKey, ec.privateKey.export({ type: 'sec1', format: 'der' })],
    ['pkcs8', ec.privateKey, ec.privateKey.export({ type: 'pkcs8', format: 'der' })],
    [
      'pkcs8-encrypted',
      ec.privateKey,
      ec.privateKey.export({ type: 'pkcs8', format: 'der', cipher: 'aes-256-cbc', passphrase: PASSPHRASE }),
    ],
  ];
  for (const [format, key, der] of secrets) {
    seen.add(format);
    for (const form of [der, der.toString('base64'), der.toString('base64').replace(/.{64}/g, '$&\n')]) {
      const entry = only(parseKeys(form, { passphrase: PASSPHRASE, formats: [format] }));
      assert.ok(entry.privateKey, format);
      assert.deepEqual(
        entry.publicKey!.key.export({ type: 'spki', format: 'der' }),
        parsePrivateKey(key.export({ type: 'pkcs8', format: 'pem' })).publicKey.key.export({
          type: 'spki',
          format: 'der',
        }),
      );
    }
  }
  const publics = [
    rsa.publicKey.export({ type: 'spki', format: 'der' }),
    rsa.publicKey.export({ type: 'pkcs1', format: 'der' }),
    rsa.publicKey.export({ type: 'spki', format: 'pem' }),
    rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }),
  ];
  const blob = parsePrivateKey(rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })).publicKey.blob;
  for (const form of publics)
    assert.deepEqual(only(parseKeys(form, { formats: ['spki'] })).publicKey!.blob, blob);
  seen.add('spki');
});

test('DSA in every form of OpenSSL', async () => {
  const { privateKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
  const [path, out] = [await files.path(), await files.path()];
  await writeFile(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const { blob } = parsePrivateKey(await readFile(path)).publicKey;
  for (const args of [[], ['-aes128', '-passout', 'pass:wherry'], ['-outform', 'DER']]) {
    await run('openssl', ['dsa', '-in', path, '-out', out, ...args]);
    assert.deepEqual(parsePrivateKey(await readFile(out), PASSPHRASE).publicKey.blob, blob);
  }
  await run('openssl', ['pkey', '-in', path, '-traditional', '-out', out]);
  assert.match(await readFile(out, 'latin1'), /BEGIN DSA PRIVATE KEY/);
  assert.deepEqual(only(parseKeys(await readFile(out), { formats: ['dsa'] })).publicKey?.blob, blob);
  seen.add('dsa');
});

test('X.509 in PEM and DER, beside its key, with its issuer; PKCS#7 in PEM and DER', async () => {
  const { key, cert, ca } = await chain('ed25519');
  const [pem, issuer, secret] = [
    await readFile(cert, 'utf8'),
    await readFile(ca, 'utf8'),
    await readFile(key, 'utf8'),
  ];
  const entry = only(parseKeys(issuer + secret + pem));
  assert.ok(entry.privateKey);
  assert.equal(entry.certificate?.subject, 'CN=me, O=Wherry, C=DE');
  assert.deepEqual(
    entry.chain?.map((one) => one.subject),
    ['CN=The CA'],
  );
  const der = Buffer.from(entry.certificate!.raw);
  assert.equal(only(parseKeys(der, { formats: ['x509'] })).certificate?.subject, entry.certificate!.subject);
  assert.equal(parseKeys(pem + issuer).length, 2);
  seen.add('x509');
  const p7b = await files.path();
  for (const outform of ['DER', 'PEM']) {
    await run('openssl', [
      'crl2pkcs7',
      '-nocrl',
      '-certfile',
      cert,
      '-certfile',
      ca,
      '-outform',
      outform,
      '-out',
      p7b,
    ]);
    const subjects = parseKeys(await readFile(p7b), { formats: ['pkcs7'] }).map(
      (one) => one.certificate?.subject,
    );
    assert.deepEqual(subjects.sort(), ['CN=The CA', 'CN=me, O=Wherry, C=DE']);
  }
  seen.add('pkcs7');
  const trusted = await run('openssl', ['x509', '-in', cert, '-trustout', '-addtrust', 'clientAuth']);
  assert.match(trusted.stdout, /TRUSTED/);
  assert.equal(only(parseKeys(trusted.stdout)).certificate?.subject, entry.certificate!.subject);
});

test('JWK and JWK set', () => {
  const pairs = [
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ec', { namedCurve: 'P-521' }),
    generateKeyPairSync('ed25519'),
    generateKeyPairSync('ed448'),
  ];
  const jwks = pairs.map(({ privateKey }, i) => ({
    ...privateKey.export({ format: 'jwk' }),
    kid: `key ${i}`,
  }));
  for (const [i, jwk] of jwks.entries()) {
    const entry = only(parseKeys(JSON.stringify(jwk), { formats: ['jwk'] }));
    assert.equal(entry.comment, `key ${i}`);
    assert.equal(entry.privateKey?.comment, `key ${i}`);
    const open = only(parseKeys(JSON.stringify(pairs[i]!.publicKey.export({ format: 'jwk' }))));
    assert.equal(open.privateKey, undefined);
    assert.deepEqual(open.publicKey?.blob, entry.publicKey?.blob);
  }
  const others = [{ kty: 'oct', k: 'AAAA' }, { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA' }, 'no object'];
  const set = parseKeys(JSON.stringify({ keys: [...others, ...jwks] }));
  assert.deepEqual(
    set.map((one) => one.comment),
    ['key 0', 'key 1', 'key 2', 'key 3'],
  );
  assert.throws(() => parseKeys('{"kty":"oct","k":"c2VjcmV0"}'), hasCode('KEY_UNSUPPORTED', /oct/));
  assert.throws(() => parseKeys('{"keys":[]}'), hasCode('KEY_FORMAT', /no key/));
  assert.throws(
    () => parseKeys('{"kty":"RSA", hunter2'),
    (error: Error) => {
      return hasCode('KEY_FORMAT', /JSON/)(error) && !inspect(error).includes('hunter2');
    },
  );
  const { dp: _dp, dq: _dq, p: _p, q: _q, qi: _qi, ...short } = jwks[0]!;
  assert.throws(() => parseKeys(JSON.stringify(short)), hasCode('KEY_UNSUPPORTED', /primes/));
  assert.throws(() => parseKeys(`${'{"keys":['.repeat(100_000)}`), hasCode('KEY_FORMAT'));
  seen.add('jwk');
});

test('XML of .NET: RSA and DSA, private and public; EC of XML-DSig', async () => {
  const base64 = (text: string | undefined): string =>
    Buffer.from(text ?? '', 'base64url').toString('base64');
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = rsa.privateKey.export({ format: 'jwk' });
  const open = `<Modulus>${base64(jwk.n)}</Modulus><Exponent>${base64(jwk.e)}</Exponent>`;
  const secret = `<P>${base64(jwk.p)}</P><Q>${base64(jwk.q)}</Q><DP>${base64(jwk.dp)}</DP><DQ>${base64(jwk.dq)}</DQ><InverseQ>${base64(jwk.qi)}</InverseQ><D>${base64(jwk.d)}</D>`;
  const blob = parsePrivateKey(rsa.privateKey.export({ type: 'pkcs8', format: 'pem' })).publicKey.blob;
  const entry = only(parseKeys(`<RSAKeyValue>${open}${secret}</RSAKeyValue>`, { formats: ['xml'] }));
  assert.deepEqual(entry.privateKey?.publicKey.blob, blob);
  const document = `<?xml version="1.0"?>\n<ds:KeyInfo xmlns:ds="x"><ds:KeyValue><ds:RSAKeyValue>\n${open.replaceAll('<', '<ds:').replaceAll('<ds:/', '</ds:')}</ds:RSAKeyValue></ds:KeyValue></ds:KeyInfo>`;
  assert.deepEqual(only(parseKeys(document)).publicKey?.blob, blob);
  seen.add('xml');

  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const numbers = ec.privateKey.export({ format: 'jwk' });
  const point = Buffer.concat([
    Buffer.of(4),
    Buffer.from(numbers.x!, 'base64url'),
    Buffer.from(numbers.y!, 'base64url'),
  ]);
  const ecBlob = parsePrivateKey(ec.privateKey.export({ type: 'sec1', format: 'pem' })).publicKey.blob;
  const curve = '<NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/>';
  const ecXml = (more: string): string =>
    `<ECKeyValue xmlns="http://www.w3.org/2009/xmldsig11#">${curve}<PublicKey>${point.toString('base64')}</PublicKey>${more}</ECKeyValue>`;
  assert.deepEqual(only(parseKeys(ecXml(''))).publicKey?.blob, ecBlob);
  assert.ok(only(parseKeys(ecXml(`<D>${base64(numbers.d)}</D>`))).privateKey);
  const decimal = (text: string): string =>
    BigInt(`0x${Buffer.from(text, 'base64url').toString('hex')}`).toString();
  const dotnet = `<ECDSAKeyValue xmlns="http://www.w3.org/2001/04/xmldsig-more#"><DomainParameters><NamedCurve URN="urn:oid:1.2.840.10045.3.1.7" /></DomainParameters><PublicKey><X Value="${decimal(numbers.x!)}" xsi:type="PrimeFieldElemType" /><Y Value="${decimal(numbers.y!)}" xsi:type="PrimeFieldElemType" /></PublicKey></ECDSAKeyValue>`;
  assert.deepEqual(only(parseKeys(dotnet)).publicKey?.blob, ecBlob);

  const { cert } = await chain('ec');
  const der = only(parseKeys(await readFile(cert))).certificate!.raw;
  const x509 = `<X509Data><X509Certificate>${Buffer.from(der).toString('base64')}</X509Certificate></X509Data>`;
  assert.equal(only(parseKeys(x509)).certificate?.subject, 'CN=me, O=Wherry, C=DE');
  assert.throws(() => parseKeys('<RSAKeyValue></RSAKeyValue>'), hasCode('KEY_FORMAT', /Modulus/));
  assert.throws(() => parseKeys('<RSAKeyValue><Modulus>'), hasCode('KEY_FORMAT', /no end/));
  assert.throws(() => parseKeys(ecXml('').replace('3.1.7', '3.1.8')), hasCode('KEY_UNSUPPORTED', /curve/));
  const began = performance.now();
  assert.throws(() => parseKeys(`<RSAKeyValue>${'<Modulus '.repeat(100_000)}`), hasCode('KEY_FORMAT'));
  assert.ok(performance.now() - began < 2000);
});

test('SSH public keys: lines, RFC 4716, blobs; certificates', async () => {
  const line = await files.publicLine('ssh-ed25519');
  const other = await files.publicLine('ssh-rsa');
  const entries = parseKeys(`# a comment\n\n${line}${other}`, { formats: ['ssh-public'] });
  assert.deepEqual(
    entries.map((one) => one.comment),
    ['comment of ssh-ed25519', 'comment of ssh-rsa'],
  );
  seen.add('ssh-public');
  const rfc4716 = await run('ssh-keygen', ['-e', '-f', `${await files.plain('ssh-rsa')}.pub`]);
  const block = only(parseKeys(rfc4716.stdout, { formats: ['rfc4716'] }));
  assert.deepEqual(block.publicKey?.blob, entries[1]!.publicKey?.blob);
  assert.match(block.comment, /RSA/);
  const folded = rfc4716.stdout.replace(/Comment:.*\n/, 'Comment: one \\\ntwo\nx-other: "value"\n');
  assert.equal(only(parseKeys(folded)).comment, 'one two');
  seen.add('rfc4716');
  const blob = Buffer.from(line.split(' ')[1]!, 'base64');
  for (const form of [blob, blob.toString('base64')]) {
    assert.deepEqual(only(parseKeys(form, { formats: ['ssh-blob'] })).publicKey?.blob, new Uint8Array(blob));
  }
  seen.add('ssh-blob');
  const path = await files.plain('ecdsa-sha2-nistp256');
  await run('ssh-keygen', [
    '-q',
    '-s',
    await files.plain('ssh-rsa'),
    '-I',
    'the id',
    '-n',
    'me',
    `${path}.pub`,
  ]);
  const certificate = only(parseKeys(await readFile(`${path}-cert.pub`)));
  assert.equal(certificate.sshCertificate?.keyId, 'the id');
  assert.equal(certificate.comment, 'comment of ecdsa-sha2-nistp256');
});

test('an OpenSSH private key', async () => {
  assert.ok(
    only(parseKeys(await readFile(await files.plain('ssh-rsa')), { formats: ['openssh'] })).privateKey,
  );
  seen.add('openssh');
});

test('keystores that are not available say so', () => {
  const jceks = Buffer.concat([Buffer.from('cececece00000002', 'hex'), Buffer.alloc(40)]);
  assert.throws(() => parseKeys(jceks), hasCode('KEY_UNSUPPORTED', /JCEKS/));
  seen.add('jceks');
  const bcfks = Buffer.from('300a30030201013003020101', 'hex');
  assert.throws(() => parseKeys(bcfks), hasCode('KEY_UNSUPPORTED', /BCFKS/));
  seen.add('bcfks');
});

test('every format has been read above', () => {
  assert.deepEqual([...seen].sort(), Object.keys(KEY_FORMATS).sort());
});

test('a PuTTY key that asks for too much is refused at once', async () => {
  const text = await readFile(`${fixtures}ed25519.v3.argon2id.ppk`, 'latin1');
  const change = (name: string, value: string | number): string =>
    text.replace(new RegExp(`(Argon2-${name}: ).*`), `$1${value}`);
  const { argon2MemoryKiB, argon2Work } = LIMITS;
  const cases: readonly [string, ErrorCode, RegExp][] = [
    [change('Memory', argon2MemoryKiB.value + 1), 'KEY_UNSUPPORTED', /memory/],
    [change('Passes', Math.floor(argon2Work.value / 256) + 1), 'KEY_UNSUPPORTED', /work/],
    [change('Passes', 999_999_999_999), 'KEY_UNSUPPORTED', /work/],
    [change('Passes', 0), 'KEY_FORMAT', /out of range/],
    [change('Passes', 'many'), 'KEY_FORMAT', /no number/],
    [change('Parallelism', 256), 'KEY_FORMAT', /out of range/],
    [change('Memory', 7), 'KEY_FORMAT', /out of range/],
    [change('Salt', 'zz'), 'KEY_FORMAT', /salt/],
    [change('Salt', '00'.repeat(16)), 'KEY_PASSPHRASE_WRONG', /./],
    [text.replace('Argon2id', 'scrypt'), 'KEY_UNSUPPORTED', /scrypt/],
    [text.replace('aes256-cbc', 'rot13'), 'KEY_UNSUPPORTED', /rot13/],
    [text.replace('File-3', 'File-4'), 'KEY_UNSUPPORTED', /version 4/],
    [text.replace(/Private-MAC.*/, ''), 'KEY_FORMAT', /Private-MAC/],
    [text.replace('Public-Lines: 2', 'Public-Lines: 99'), 'KEY_FORMAT', /cut/],
    [text.replace('made as ed25519', 'made as somebody else'), 'KEY_PASSPHRASE_WRONG', /./],
  ];
  const began = performance.now();
  for (const [file, code, words] of cases)
    assert.throws(() => parsePrivateKey(file, PASSPHRASE), hasCode(code, words), file);
  assert.ok(performance.now() - began < 3000);
});

test('a PKCS#12 file whose parts together ask for too much is refused', async () => {
  const { key, cert } = await chain('ec');
  const path = await files.path();
  const rounds = Math.ceil(LIMITS.pbkdf2Iterations.value / 2) + 1;
  const args = ['pkcs12', '-export', '-inkey', key, '-in', cert, '-iter', String(rounds)];
  await run('openssl', [...args, '-passout', 'pass:wherry', '-out', path]);
  assert.throws(
    () => parseKeys(readFileSync(path), { passphrase: PASSPHRASE }),
    hasCode('KEY_UNSUPPORTED', /rounds/),
  );
});

test('all parts of a file draw on one budget of work', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const plain = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const closed = formatPrivateKey(parsePrivateKey(plain), { format: 'pkcs8', passphrase: PASSPHRASE });
  assert.equal(parseKeys(closed.repeat(4), { passphrase: PASSPHRASE }).length, 4);
  assert.throws(
    () => parseKeys(closed.repeat(5), { passphrase: PASSPHRASE }),
    hasCode('KEY_UNSUPPORTED', /rounds/),
  );
});

test('secrets stay out of entries and errors', async () => {
  const key = createPrivateKey(
    generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  const { d, x } = key.export({ format: 'jwk' });
  const text = JSON.stringify({ kty: 'OKP', crv: 'Ed25519', d, x });
  const entry = only(parseKeys(text));
  const bytes = Buffer.from(d!, 'base64url');
  for (const shown of [inspect(entry, { depth: 20, showHidden: true }), JSON.stringify(entry)]) {
    for (const form of [d!, bytes.toString('base64'), bytes.toString('hex'), inspect(bytes).slice(8, 40)]) {
      assert.ok(!shown.includes(form));
    }
  }
  for (const file of [
    'ed25519.v3.argon2id.ppk',
    'rsa.encrypted.sshcom',
    'rsa.keytool.jks',
    'rsa.keytool.p12',
  ]) {
    assert.throws(
      () => parseKeys(readFileSync(fixtures + file), { passphrase: 'hunter2-marked' }),
      (error: Error) => {
        return !inspect(error, { depth: 10, showHidden: true }).includes('hunter2');
      },
    );
  }
});

function only(entries: readonly KeyEntry[]): KeyEntry {
  assert.equal(entries.length, 1);
  return entries[0]!;
}

function hasCode(code: ErrorCode, words = /./): (error: unknown) => boolean {
  return (error) => {
    assert.ok(isWherryError(error), String((error as Error)?.stack ?? error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, words);
    return true;
  };
}

/** Keys, and what proving one takes: (4096 / 1024)^3 + 4, and (bits / 128)^3. */
const COSTLY: readonly (readonly [string, number, () => { privateKey: KeyObject; publicKey: KeyObject }])[] =
  [
    ['RSA 4096', 68, () => generateKeyPairSync('rsa', { modulusLength: 4096 })],
    ['P-521', (521 / 128) ** 3, () => generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['P-384', 27, () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ];
for (const [name, work, make] of COSTLY) {
  test(`keyWork: many ${name} keys in one file are read up to the limit, whatever the file is made of`, () => {
    const { privateKey, publicKey } = make();
    const tooMany = hasCode('KEY_UNSUPPORTED', /for its keys/);
    const times = (count: number, one: unknown): string => JSON.stringify({ keys: Array(count).fill(one) });
    const max = Math.floor(LIMITS.keyWork.value / work);
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
    assert.equal(parseKeys(pem.repeat(max)).length, max);
    assert.throws(() => parseKeys(pem.repeat(max + 1)), tooMany);
    assert.throws(() => parseKeys(times(max + 1, privateKey.export({ format: 'jwk' }))), tooMany);
    if (name.startsWith('RSA')) return;

    const most = Math.floor((3 * LIMITS.keyWork.value) / work);
    const { publicKey: ours } = parsePrivateKey(pem);
    const line = `${formatPublicKey(ours)}\n`;
    assert.equal(parseKeys(line.repeat(most)).length, most);
    for (const file of [
      line.repeat(most + 1),
      (publicKey.export({ type: 'spki', format: 'pem' }) as string).repeat(most + 1),
      times(most + 1, publicKey.export({ format: 'jwk' })),
    ])
      assert.throws(() => parseKeys(file), tooMany);
  });
}

test('keyWork: certificates of one name, tried as issuers of many keys, count too', async () => {
  const make = async (): Promise<readonly [string, string]> => {
    const [key, cert] = [await files.path(), await files.path()];
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', '/CN=me'];
    await run('openssl', ['req', '-x509', '-nodes', ...ec, '-keyout', key, '-out', cert]);
    return [readFileSync(key, 'utf8'), readFileSync(cert, 'utf8')];
  };
  const [[key, own], [, other]] = [await make(), await make()];
  assert.equal(parseKeys(key + own + other.repeat(200)).length, 201);
  assert.throws(
    () => parseKeys(key.repeat(40) + own + other.repeat(200)),
    hasCode('KEY_UNSUPPORTED', /for its keys/),
  );
});

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.ts';
import { fingerprint } from '../../../src/ssh/keys/fingerprint.ts';
import { parseX509Key, type X509Key } from '../../../src/ssh/keys/x509-key.ts';
import { fingerprints } from '../../../src/ssh/trust/fingerprints.ts';
import type { HostKeyContext } from '../../../src/ssh/trust/host-key-verifier.ts';
import { type X509RootsOptions, x509Roots } from '../../../src/ssh/trust/x509-roots.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import {
  CA_EXTENSIONS,
  encodeX509Key,
  HOST_EXTENSIONS,
  makeCertificate,
  type X509Files,
  type X509Request,
} from '../../support/x509.ts';

const TYPE = 'x509v3-ecdsa-sha2-nistp256';
let root: X509Files;
let ca: X509Files;

before(async () => {
  root = await makeCertificate({ name: 'root', extensions: CA_EXTENSIONS });
  ca = await makeCertificate({ name: 'ca', issuer: root, extensions: CA_EXTENSIONS });
});

const host = (more: Partial<X509Request> = {}): Promise<X509Files> =>
  makeCertificate({ name: 'a host', issuer: ca, extensions: HOST_EXTENSIONS, ...more });

function keyOf(...chain: readonly X509Files[]): X509Key {
  return parseX509Key(
    encodeX509Key(
      TYPE,
      chain.map(({ pem }) => new X509Certificate(pem).raw),
    ),
    TYPE,
  );
}

function contextOf(x509: X509Key, name = 'h.example'): HostKeyContext {
  const key = x509.publicKey;
  return { host: name, port: 22, key, x509, algorithm: TYPE, fingerprint: fingerprint(key.blob) };
}

async function verdict(
  chain: readonly X509Files[],
  roots: readonly X509Files[],
  name?: string,
  options?: X509RootsOptions,
): Promise<string> {
  const trust = x509Roots(
    roots.map(({ pem }) => pem),
    options,
  );
  const decision = await trust.verify(contextOf(keyOf(...chain), name));
  return decision.accept ? 'accept' : decision.reason;
}

test('a chain to a root: whole, without the root, with a CA as the root, and with the key itself as the root', async () => {
  const own = await host();
  assert.equal(await verdict([own, ca, root], [root]), 'accept');
  assert.equal(await verdict([own, ca], [root]), 'accept');
  assert.equal(await verdict([own], [ca]), 'accept');
  assert.equal(await verdict([own], [root, ca]), 'accept');
  assert.equal(await verdict([own], [own]), 'accept');
  const both = `${root.pem}\n${ca.pem}`;
  assert.equal((await x509Roots(both).verify(contextOf(keyOf(own)))).accept, true);
  const der = new X509Certificate(ca.pem).raw;
  assert.equal((await x509Roots(der).verify(contextOf(keyOf(own)))).accept, true);
});

test('a chain that leads nowhere, or in another order, is refused', async () => {
  const own = await host();
  const stranger = await makeCertificate({ name: 'root', extensions: CA_EXTENSIONS });
  assert.match(await verdict([own, ca, root], [stranger]), /no trusted root signed/);
  assert.match(await verdict([own], [root]), /no trusted root signed/);
  assert.match(await verdict([own, root, ca], [root]), /no trusted root signed/);
  assert.match(await verdict([own, ca], []), /no trusted root signed/);
});

test('the host name and the address, and leaving them unchecked', async () => {
  const own = await host();
  assert.equal(await verdict([own, ca], [root], '127.0.0.1'), 'accept');
  assert.match(
    await verdict([own, ca], [root], 'other.example'),
    /is for .*h\.example.*, not for other\.example/,
  );
  assert.equal(await verdict([own, ca], [root], 'other.example', { checkHost: false }), 'accept');
});

test('times: of the key, of a CA, and of a root', async () => {
  const own = await host();
  const future = (days: number) => ({ time: () => new Date(Date.now() + days * 86_400_000) });
  assert.match(await verdict([own, ca], [root], undefined, future(31)), /expired on/);
  assert.match(await verdict([own, ca], [root], undefined, future(-2)), /not valid before/);
  const short = await makeCertificate({ name: 'short', issuer: root, days: 2, extensions: CA_EXTENSIONS });
  const below = await host({ issuer: short });
  assert.equal(await verdict([below, short], [root]), 'accept');
  assert.match(await verdict([below, short], [root], undefined, future(5)), /CN=short expired/);
});

test('what a certificate may not be used for', async () => {
  const cases: [extensions: string[], issuer: X509Files, reason: RegExp][] = [
    [['keyUsage=keyEncipherment', 'subjectAltName=DNS:h.example'], ca, /not for signatures/],
    [['extendedKeyUsage=serverAuth', 'subjectAltName=DNS:h.example'], ca, /not for SSH servers/],
    [
      ['1.2.3.4=critical,ASN1:NULL', 'subjectAltName=DNS:h.example'],
      ca,
      /extension 1\.2\.3\.4, which is not understood/,
    ],
  ];
  for (const [extensions, issuer, reason] of cases)
    assert.match(await verdict([await host({ extensions, issuer }), ca], [root]), reason);
  for (const usage of ['1.3.6.1.5.5.7.3.22', 'anyExtendedKeyUsage']) {
    const own = await host({ extensions: [...HOST_EXTENSIONS, `extendedKeyUsage=${usage}`] });
    assert.equal(await verdict([own, ca], [root]), 'accept');
  }
});

test('who may not sign: no CA, not for certificates, too long a path, constrained names', async () => {
  const cases: [extensions: string[], reason: RegExp][] = [
    [['basicConstraints=CA:FALSE'], /not that of a CA|no trusted root/],
    [['basicConstraints=CA:TRUE', 'keyUsage=digitalSignature'], /may not sign certificates|no trusted root/],
    [[...CA_EXTENSIONS, 'nameConstraints=permitted;DNS:example'], /2\.5\.29\.30, which is not understood/],
  ];
  for (const [extensions, reason] of cases) {
    const bad = await makeCertificate({ name: 'bad', issuer: root, extensions });
    assert.match(await verdict([await host({ issuer: bad }), bad], [root]), reason);
  }
  const shallow = await makeCertificate({
    name: 'shallow',
    issuer: root,
    extensions: ['basicConstraints=critical,CA:TRUE,pathlen:0'],
  });
  assert.equal(await verdict([await host({ issuer: shallow }), shallow], [root]), 'accept');
  const deeper = await makeCertificate({ name: 'deeper', issuer: shallow, extensions: CA_EXTENSIONS });
  const own = await host({ issuer: deeper });
  assert.match(await verdict([own, deeper, shallow], [root]), /allows 0 CAs below it, not 1/);
});

test('fingerprints of the key and of the certificate accept it; a host key without a certificate is unknown', async () => {
  const own = await host();
  const context = contextOf(keyOf(own, ca));
  const sha1 = new X509Certificate(own.pem).fingerprint;
  for (const text of [context.fingerprint, sha1, `ecdsa-sha2-nistp256 ${context.fingerprint}`])
    assert.equal((await fingerprints([text]).verify(context)).accept, true, text);
  assert.equal((await fingerprints([`ssh-rsa ${context.fingerprint}`]).verify(context)).accept, false);
  const { x509: _, ...plain } = context;
  const decision = await x509Roots(root.pem).verify(plain);
  assert.equal(decision.accept === false && decision.code, 'HOST_KEY_UNKNOWN');
});

test('what is no certificate is INVALID_ARGUMENT at once', () => {
  for (const bad of [
    '',
    'x',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
    new Uint8Array(9),
  ])
    assert.throws(() => x509Roots(bad), { code: 'INVALID_ARGUMENT' });
});

test('key blobs: those of the old drafts, and damaged ones', async () => {
  const der = new X509Certificate((await host()).pem).raw;
  const print = keyOf(await host());
  assert.equal(print.publicKey.type, 'ecdsa-sha2-nistp256');
  const old = 'x509v3-sign-rsa';
  assert.equal(parseX509Key(der, old).certificates.length, 1);
  assert.equal(parseX509Key(new WireWriter().text(old).string(der).finish(), old).certificates.length, 1);
  const good = encodeX509Key(TYPE, [der]);
  for (const blob of [
    good.subarray(0, -1),
    Buffer.concat([good, Buffer.alloc(1)]),
    encodeX509Key(TYPE, []),
    encodeX509Key(old, [der]),
    new Uint8Array(0),
  ])
    assert.throws(() => parseX509Key(blob, TYPE), { code: 'KEY_FORMAT' });
  for (let length = 0; length < good.length; length++)
    assert.throws(
      () => parseX509Key(good.subarray(0, length), TYPE),
      { code: 'KEY_FORMAT' },
      `cut at ${length}`,
    );
  const max = LIMITS.x509ChainLength.value;
  assert.equal(
    parseX509Key(
      encodeX509Key(
        TYPE,
        Array.from({ length: max }, () => der),
      ),
      TYPE,
    ).certificates.length,
    max,
  );
  const tooMany = encodeX509Key(
    TYPE,
    Array.from({ length: max + 1 }, () => der),
  );
  assert.throws(() => parseX509Key(tooMany, TYPE), /over the limit/);
});

/**
 * Marked passphrases and PINs go to every type of key store, and keys of marked numbers come damaged in every format;
 * nothing that comes out may show the mark.
 */
import assert from 'node:assert/strict';
import { createECDH, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import {
  formatPrivateKey,
  loadKeys,
  loadPrivateKey,
  openKeyStore,
  type PrivateKeyFormat,
  parseKeys,
  STORE_TYPES,
  type StoreTypeName,
} from '../../src/keys.ts';
import { type KeyFormatName, keyFormats } from '../../src/ssh/keys/key-formats.ts';
import { run } from '../support/servers/run.ts';
import { localFolder } from '../support/sftp/memory-session.ts';
import { assertAllCovered, assertClean, MARK, SECRET } from './marked.ts';

const FIXTURES = `${import.meta.dirname}/../fixtures/keys/`;

/** What comes of it must not show the mark, whether it fails or not. */
function looksClean(what: string, work: () => unknown): void {
  let outcome: unknown;
  try {
    outcome = work();
  } catch (error) {
    outcome = error;
  }
  assertClean(what, outcome);
}

const STORES: readonly string[] = [
  ...readdirSync(FIXTURES)
    .filter(
      (name) => /^(?:rsa|ed25519)\..*(?:ppk|sshcom|jks|p12)$/.test(name) && !name.includes('calibrated'),
    )
    .map((name) => FIXTURES + name),
  FIXTURES,
  '/not/there',
  'MY',
  'pkcs11:token=none',
  `pkcs11:token=none?pin-value=${SECRET}`,
  `pkcs11:token=none?module-path=/not/there.so&pin-value=${SECRET}`,
];

for (const type of Object.keys(STORE_TYPES) as StoreTypeName[]) {
  test(`${type}: no store shows the password it is opened with, nor what is in it`, () => {
    for (const store of STORES)
      looksClean(`${type} ${store}`, () => openKeyStore({ type, store, password: SECRET }));
    for (const store of STORES.slice(0, -5)) {
      const bytes = store === FIXTURES ? Buffer.from(SECRET.repeat(9)) : readFileSync(store);
      looksClean(`${type}, the bytes of ${store}`, () =>
        openKeyStore({ type, store: bytes, password: SECRET }),
      );
    }
  });
}

/** 32 bytes of the mark, which begins at each of the three places in base64. */
const NUMBER = Buffer.from(`\u0001${MARK}.${MARK}${MARK}xxxxxxx`.slice(0, 31).padStart(32, '\u0001'));

function marked(kty: 'EC' | 'OKP'): KeyObject {
  const d = NUMBER.toString('base64url');
  if (kty === 'EC') {
    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(NUMBER);
    const point = ecdh.getPublicKey();
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((one) => one.toString('base64url'));
    return createPrivateKey({ key: { kty, crv: 'P-256', x: x!, y: y!, d }, format: 'jwk' });
  }
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), NUMBER]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

type Maker = () => Promise<string | Uint8Array>;

const written =
  (format: PrivateKeyFormat, passphrase?: string): Maker =>
  async () => {
    const pem = marked('OKP').export({ type: 'pkcs8', format: 'pem' });
    const [entry] = parseKeys(pem);
    return formatPrivateKey(entry!.privateKey!, {
      format,
      ...(passphrase === undefined ? {} : { passphrase }),
    });
  };

/** A file of each format with a marked private number, or a marked passphrase, or both. */
const FILES: Readonly<Partial<Record<KeyFormatName, Maker>>> = {
  openssh: written('openssh'),
  sec1: async () => marked('EC').export({ type: 'sec1', format: 'pem' }),
  pkcs8: written('pkcs8'),
  'pkcs8-encrypted': async () =>
    marked('EC').export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: SECRET }),
  ppk: written('ppk'),
  jwk: written('jwk'),
  xml: async () => {
    const { x, y } = createPublicKey(marked('EC')).export({ format: 'jwk' });
    const point = Buffer.concat([Buffer.of(4), ...[x, y].map((one) => Buffer.from(one!, 'base64url'))]);
    return `<ECKeyValue><NamedCurve URI="urn:oid:1.2.840.10045.3.1.7"/><PublicKey>${point.toString('base64')}</PublicKey><D>${NUMBER.toString('base64')}</D></ECKeyValue>`;
  },
  pkcs12: async () => {
    await using folder = await localFolder();
    const [key, pfx] = [folder.file('key'), folder.file('pfx')];
    await writeFile(key, marked('EC').export({ type: 'pkcs8', format: 'pem' }));
    const args = ['pkcs12', '-export', '-nocerts', '-keypbe', 'NONE', '-nomac', '-inkey', key, '-out', pfx];
    await run('openssl', [...args, '-passout', `pass:${SECRET}`]);
    return readFile(pfx);
  },
};
/** Formats whose private numbers cannot be chosen, or that are not read at all; their passphrases are tried above. */
const UNMARKED: readonly KeyFormatName[] = ['pkcs1', 'dsa', 'sshcom', 'jks', 'jceks', 'bcfks'];

for (const [format, make] of Object.entries(FILES)) {
  test(`${format}: a marked key, whole and damaged at many places, is never shown`, async () => {
    const file = Buffer.from(await make());
    const [entry] = parseKeys(file, { passphrase: SECRET });
    assert.ok(entry?.privateKey !== undefined);
    assertClean(format, entry);
    const step = Math.max(1, Math.floor(file.length / 150));
    for (let at = 0; at < file.length; at += step) {
      const changed = Buffer.from(file);
      changed[at]! ^= 1;
      const what = `${format} damaged at ${at}`;
      for (const damaged of [changed, file.subarray(0, at)])
        looksClean(what, () => parseKeys(damaged, { passphrase: SECRET }));
    }
  });
}

test('every format with private keys has a file above', () => {
  const secret = keyFormats.filter(([, row]) => row.secret).map(([name]) => name);
  assertAllCovered(secret, new Set(Object.keys(FILES)), UNMARKED);
});

test('writing keys: what is refused shows no passphrase', () => {
  const [entry] = parseKeys(marked('EC').export({ type: 'pkcs8', format: 'pem' }));
  const key = entry!.privateKey!;
  looksClean('a JWK knows no passphrase', () =>
    formatPrivateKey(key, { format: 'jwk', passphrase: SECRET }).slice(0, 0),
  );
  looksClean('no such format', () => formatPrivateKey(key, { format: 'xml' as never, passphrase: SECRET }));
  looksClean('a key that is none', () => formatPrivateKey({ ...key }, { passphrase: SECRET }));
});

/** Keys in the place of a path, as they are pasted: on several lines and on one. */
const PASTED: readonly string[] = [
  `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`,
  `PuTTY-User-Key-File-3: ssh-ed25519\r\nPrivate-Lines: 1\r\n${SECRET}\r\n`,
  `{"kty":"OKP","d":"${SECRET}"}`,
  ` <RSAKeyValue><D>${SECRET}</D></RSAKeyValue>`,
  Buffer.from(`0${MARK}`.repeat(40)).toString('base64'),
];

test('a key that is given where its path is wanted is not repeated', async () => {
  for (const pasted of PASTED) {
    for (const load of [loadPrivateKey, loadKeys])
      await load(pasted).then(
        () => assert.fail('it was read'),
        (error: unknown) => assertClean('a file', error),
      );
    for (const type of Object.keys(STORE_TYPES) as StoreTypeName[])
      looksClean(`${type}, pasted`, () => openKeyStore({ type, store: pasted }));
  }
});

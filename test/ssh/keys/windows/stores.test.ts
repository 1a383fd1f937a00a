/** The certificate stores of Windows, with libraries of our own behind koffi; docs/windows.md says how the real ones are run. */
import assert from 'node:assert/strict';
import {
  createHash,
  createPrivateKey,
  type KeyObject,
  privateEncrypt,
  sign,
  X509Certificate,
} from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import koffi from 'koffi';
import type { ErrorCode } from '../../../../src/base/error-codes.ts';
import { isWherryError } from '../../../../src/base/errors.ts';
import {
  type SignatureName,
  signaturesForKey,
  verifySignature,
} from '../../../../src/ssh/crypto/signatures.ts';
import { CertificateView } from '../../../../src/ssh/keys/certificate-view.ts';
import { DER_TAGS } from '../../../../src/ssh/keys/der.ts';
import { derElement, derOctetString, derOid, derSequence } from '../../../../src/ssh/keys/der-writer.ts';
import { findKey } from '../../../../src/ssh/keys/key-store.ts';
import { bindStores } from '../../../../src/ssh/keys/windows/bind-stores.ts';
import type { StorePlace } from '../../../../src/ssh/keys/windows/stores.ts';
import { openWindowsStore } from '../../../../src/ssh/keys/windows/windows-store.ts';
import { formatPrivateKey } from '../../../../src/ssh/keys/write-keys.ts';
import { CA_EXTENSIONS, makeCertificate } from '../../../support/x509.ts';

const MY: StorePlace = { owner: 'user', name: 'MY' };
const CNG = 0xffff_ffff;
const CONTEXT = koffi.struct({ encoding: 'uint32_t', data: 'void *', length: 'uint32_t' });

interface Held {
  readonly der: Uint8Array;
  /** Default MY. */
  readonly store?: string;
  readonly name?: string;
  /** Its private key, which CNG holds, or an older provider (AT_KEYEXCHANGE, AT_SIGNATURE). */
  readonly key?: KeyObject;
  readonly spec?: number;
}

type Fake = (...args: never[]) => unknown;

/** What the libraries do with certificates of these; `open` counts what is not given back. */
function fakes(held: readonly Held[], over: Record<string, Fake> = {}) {
  const open = { store: 0, certificate: 0, key: 0, hash: 0 };
  const seen: unknown[] = [];
  let failure = 0;
  let hashed: { readonly algorithm: number; digest?: Buffer } = { algorithm: 0 };
  const fail = (status: number, answer: unknown = 0): unknown => {
    failure = status;
    return answer;
  };
  const contexts = held.map(({ der }) => {
    const data = koffi.alloc('uint8_t', der.length);
    koffi.encode(data, 'uint8_t', der, der.length);
    const context = koffi.alloc(CONTEXT, 1);
    koffi.encode(context, CONTEXT, { encoding: 1, data, length: der.length });
    return context;
  });
  const one = (context: unknown): Held => held[contexts.indexOf(context)]!;
  const containers = held.map((_, i) => Buffer.from(`{container ${i}}\0`, 'utf16le'));
  const texts: Record<number, (context: unknown) => Buffer | undefined> = {
    2: (context) =>
      one(context).key === undefined ? undefined : providerInfo(containers[held.indexOf(one(context))]!),
    11: (context) => {
      const { name } = one(context);
      return name === undefined ? undefined : Buffer.from(`${name}\0`, 'utf16le');
    },
  };
  const all: Record<string, Fake> = {
    CertOpenStore(provider: number, _encoding: number, _crypt: number, flags: number, name: string) {
      seen.push([provider, flags, name]);
      const number = ['MY', ...held.map(({ store }) => store)].indexOf(name);
      if (number < 0) return fail(2, null);
      open.store++;
      return BigInt(number + 1);
    },
    CertCloseStore: () => open.store--,
    CertEnumCertificatesInStore(store: bigint, before: unknown) {
      const inStore = contexts.filter((context) => (one(context).store === undefined) === (store === 1n));
      return inStore[inStore.indexOf(before) + 1] ?? null;
    },
    CertFindCertificateInStore(
      ...[, , , kind, { data }]: [never, never, never, number, { data: Uint8Array }]
    ) {
      assert.equal(kind, 0x1_0000);
      const hex = Buffer.from(data).toString('hex');
      const at = held.findIndex(({ der }) => createHash('sha1').update(der).digest('hex') === hex);
      if (at < 0) return fail(0x8009_2004, null);
      open.certificate++;
      return contexts[at];
    },
    CertFreeCertificateContext: () => open.certificate--,
    CertGetCertificateContextProperty(context: unknown, id: number, into: Buffer | null, length: number[]) {
      const found = texts[id]?.(context);
      if (found === undefined) return fail(0x8009_2004);
      length[0] = found.length;
      if (into !== null) found.copy(into);
      return 1;
    },
    CryptAcquireCertificatePrivateKey(...args: never[]) {
      const [context, flags, , key, spec, ours] = args as unknown as [
        unknown,
        number,
        null,
        number[],
        number[],
        number[],
      ];
      assert.equal(flags, 0x2_0000);
      [key[0], spec[0], ours[0]] = [contexts.indexOf(context), one(context).spec ?? CNG, 1];
      open.key++;
      return 1;
    },
    NCryptSignHash(...args: never[]) {
      const [key, padding, digest, , into, , length, flags] = args as unknown as [
        number,
        { hash: string } | null,
        Buffer,
        number,
        Buffer,
        number,
        number[],
        number,
      ];
      const secret = held[key]!.key!;
      const rsa = secret.asymmetricKeyType === 'rsa';
      assert.equal(flags, rsa ? 2 : 0);
      const made = rsa ? signDigest(secret, padding!.hash, digest) : signOfDigest(held[key]!, digest);
      length[0] = made.copy(into);
      return 0;
    },
    NCryptFreeObject: () => open.key--,
    CryptCreateHash(_provider: number, algorithm: number, _key: number, _flags: number, made: number[]) {
      hashed = { algorithm };
      made[0] = 5;
      return ++open.hash;
    },
    CryptSetHashParam: (_hash: number, _kind: number, digest: Buffer) => {
      hashed = { ...hashed, digest };
      return 1;
    },
    CryptSignHashW(...args: never[]) {
      const [, spec, , , into, length] = args as unknown as [number, number, null, number, Buffer, number[]];
      const names: Record<number, string> = { 32772: 'SHA1', 32780: 'SHA256', 32782: 'SHA512' };
      const { key } = held.find((each) => each.spec === spec)!;
      const made = signDigest(key!, names[hashed.algorithm]!, hashed.digest!).reverse();
      length[0] = made.copy(into);
      return 1;
    },
    CryptDestroyHash: () => open.hash--,
    CryptReleaseContext: () => open.key--,
    GetLastError: () => failure,
    FormatMessageW: (...args: never[]) =>
      (args[4] as unknown as Buffer).write('Windows\u001b[0m says no.\r\n', 'utf16le') / 2,
  };
  const table: Record<string, Fake> = { ...all, ...over };
  const func = (_convention: string, name: string) => table[name];
  const library = { func } as unknown as Parameters<typeof bindStores>[1]['crypt32'];
  const libraries = { crypt32: library, ncrypt: library, advapi32: library, kernel32: library };
  return { open, seen, fail, stores: bindStores(koffi, libraries) };

  function signOfDigest({ key }: Held, digest: Buffer): Buffer {
    const data = signed.find((each) => createHash('sha256').update(each).digest().equals(digest))!;
    return sign('sha256', data, { key: key!, dsaEncoding: 'ieee-p1363' });
  }
}

/** CRYPT_KEY_PROV_INFO as far as it is read: the container's name is elsewhere. */
function providerInfo(container: Buffer): Buffer {
  const info = Buffer.alloc(48);
  info.writeBigUInt64LE(koffi.address(container));
  return info;
}

const DIGESTS: Record<string, string> = {
  SHA1: '1.3.14.3.2.26',
  SHA256: '2.16.840.1.101.3.4.2.1',
  SHA512: '2.16.840.1.101.3.4.2.3',
};

/** PKCS#1 over a digest, as RFC 8017 section 9.2 has it. */
function signDigest(key: KeyObject, hash: string, digest: Uint8Array): Buffer {
  const algorithm = derSequence(derOid(DIGESTS[hash]!), derElement(DER_TAGS.null));
  return privateEncrypt(key, derSequence(algorithm, derOctetString(digest)));
}

const signed = [Buffer.from('what is signed')];

async function certificateOf(name: string, more: Partial<Parameters<typeof makeCertificate>[0]> = {}) {
  const files = await makeCertificate({ name, ...more });
  return {
    files,
    der: new X509Certificate(files.pem).raw,
    key: createPrivateKey(await readFile(files.keyFile)),
  };
}

test('a store is listed and searched as any other; nothing stays open', async () => {
  const root = await certificateOf('the root', { extensions: CA_EXTENSIONS });
  const between = await certificateOf('between', { extensions: CA_EXTENSIONS, issuer: root.files });
  const mine = await certificateOf('me', { issuer: between.files });
  const { open, seen, stores } = fakes([
    { der: root.der },
    { der: Buffer.from('no certificate') },
    { der: mine.der, key: mine.key, name: 'my card\u0007' },
    { der: between.der, store: 'CA' },
    { der: root.der, store: 'CA' },
  ]);
  const entries = openWindowsStore(MY, stores);
  assert.deepEqual(seen, [
    [10, 0x1_c000, 'MY'],
    [10, 0x1_c000, 'CA'],
  ]);
  assert.deepEqual(
    entries.map(({ certificate }) => certificate?.subject),
    ['CN=the root', 'CN=me'],
  );
  assert.deepEqual(
    entries.map(({ privateKey }) => privateKey !== undefined),
    [false, true],
  );
  const found = findKey(entries, '*')!;
  assert.equal(found, findKey(entries, 'cn=ME'));
  assert.ok(!found.comment.includes('\u0007') && found.comment.startsWith('my card'));
  assert.deepEqual(
    found.chain?.map(({ subject }) => subject),
    ['CN=between', 'CN=the root'],
  );
  const view = new CertificateView(found);
  assert.equal(view.privateKeyContainer, '{container 2}');
  assert.ok(view.privateKeyAvailable);
  assert.equal(view.privateKey, '');
  assert.throws(() => formatPrivateKey(found.privateKey!), { code: 'INVALID_ARGUMENT' });
  assert.deepEqual(open, { store: 0, certificate: 0, key: 0, hash: 0 });
  openWindowsStore({ owner: 'machine', name: 'MY' }, stores);
  assert.deepEqual(seen[2], [10, 0x2_c000, 'MY']);
});

test('keys sign where they are: RSA by CNG and by CryptoAPI, ECDSA by CNG', async () => {
  const [rsa, ec] = [await certificateOf('r', { key: 'rsa:2048' }), await certificateOf('e')];
  const cases: [held: Held, names: SignatureName[]][] = [
    [rsa, ['ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512']],
    [{ ...rsa, spec: 1 }, ['ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512']],
    [{ ...rsa, spec: 2 }, ['rsa-sha2-256']],
    [ec, ['ecdsa-sha2-nistp256']],
  ];
  for (const [held, names] of cases) {
    const { open, stores } = fakes([held]);
    const { privateKey, publicKey } = openWindowsStore(MY, stores)[0]!;
    for (const name of names) {
      const signature = privateKey!.sign(name, signed[0]!);
      assert.ok(verifySignature(name, publicKey!.key, signed[0]!, signature), `${name} ${held.spec}`);
      assert.deepEqual(open, { store: 0, certificate: 0, key: 0, hash: 0 });
    }
    const other = signaturesForKey('ssh-ed25519')[0]!;
    assert.throws(() => privateKey!.sign(other, signed[0]!), { code: 'INVALID_ARGUMENT' });
  }
});

test('what fails is told in the words of Windows, with its number, and everything is given back', async () => {
  const [rsa, ec] = [await certificateOf('r', { key: 'rsa:2048' }), await certificateOf('e')];
  const no = 0x8009_0016;
  const cases: [
    held: Held,
    call: string,
    fake: (fail: (status: number, answer?: unknown) => unknown) => Fake,
    message: RegExp,
  ][] = [
    [
      rsa,
      'CertFindCertificateInStore',
      (fail) => () => fail(no, null),
      /finding the certificate: Windows.*says no\.$/,
    ],
    [rsa, 'CryptAcquireCertificatePrivateKey', (fail) => () => fail(no), /finding the private key/],
    [rsa, 'NCryptSignHash', () => () => no | 0, /signing/],
    [{ ...rsa, spec: 1 }, 'CryptCreateHash', (fail) => () => fail(no), /hashing by sha256/],
    [{ ...rsa, spec: 1 }, 'CryptSetHashParam', (fail) => () => fail(no), /hashing by sha256/],
    [{ ...rsa, spec: 1 }, 'CryptSignHashW', (fail) => () => fail(no), /signing/],
  ];
  for (const [held, call, fake, message] of cases) {
    let later: (status: number, answer?: unknown) => unknown = () => 0;
    const { open, fail, stores } = fakes([held], { [call]: fake((...args) => later(...args)) });
    later = fail;
    const { privateKey } = openWindowsStore(MY, stores)[0]!;
    assert.throws(
      () => privateKey!.sign('rsa-sha2-256', signed[0]!),
      (error) => {
        assert.ok(isWherryError(error) && error.code === 'TOKEN_FAILED', String(error));
        assert.match(error.message.replaceAll('\u001b', ''), message);
        assert.ok(!error.message.includes('\u001b'));
        return error.details.errno === '0x80090016';
      },
      call,
    );
    assert.deepEqual(open, { store: 0, certificate: 0, key: 0, hash: 0 }, call);
  }
  const card = fakes([rsa], { NCryptSignHash: () => 0x8010_006b | 0 });
  const key = openWindowsStore(MY, card.stores)[0]!.privateKey!;
  assert.throws(() => key.sign('rsa-sha2-256', signed[0]!), { code: 'KEY_PASSPHRASE_WRONG' });
  const old = fakes([{ ...ec, spec: 2 }]);
  const curve = openWindowsStore(MY, old.stores)[0]!.privateKey!;
  assert.throws(() => curve.sign('ecdsa-sha2-nistp256', signed[0]!), { code: 'KEY_UNSUPPORTED' });
});

test('a store that is not there, or cannot be opened', () => {
  const cases: [place: StorePlace, over: Record<string, Fake>, code: ErrorCode, message: RegExp][] = [
    [
      { owner: 'machine', name: 'Mine\u0007' },
      {},
      'INVALID_ARGUMENT',
      /no certificate store Mine\S* of the machine$/,
    ],
    [MY, { CertOpenStore: () => null, GetLastError: () => 5 }, 'TOKEN_FAILED', /opening MY: Windows/],
  ];
  for (const [place, over, code, message] of cases) {
    const { stores } = fakes([], over);
    assert.throws(() => openWindowsStore(place, stores), { code, message });
  }
});

/** The certificate stores of Windows, under Wine: found, viewed, signing and logged in with. */
import assert from 'node:assert/strict';
import { createHash, createPublicKey, sign, verify } from 'node:crypto';
import { test } from 'node:test';
import koffi from 'koffi';
import { CertStoreTypes, SFTPClient, SSHAuthModes } from '../../src/client/index.ts';
import { connect, openSftp } from '../../src/index.ts';
import { CertificateView, findKey, openKeyStore } from '../../src/keys.ts';
import { bindStores } from '../../src/ssh/keys/windows/bind-stores.ts';
import { putCertificate } from './put-certificate.ts';
import { login, setup } from './setup.ts';

const NAMES = ['ssh-rsa', 'rsa-sha2-256', 'rsa-sha2-512'] as const;

for (const [type, owner] of [
  ['cstUser', 'user'],
  ['cstMachine', 'machine'],
] as const) {
  test(`a certificate of the ${owner}, its key never leaving Windows, logs in to sshd`, async () => {
    putCertificate(owner, `wherry ${owner}`, setup.certificate, setup.certificateKey);
    const entries = openKeyStore({ type, store: 'MY' });
    const entry = findKey(entries, `CN=${setup.name}`)!;
    assert.equal(findKey(entries, setup.name.toUpperCase()), entry);
    const view = new CertificateView(entry);
    assert.equal(view.subject, `CN=${setup.name}`);
    assert.equal(view.privateKeyContainer, `wherry ${owner}`);
    assert.equal(view.privateKey, '');
    assert.ok(view.privateKeyAvailable);
    assert.equal(entry.comment, 'a friendly name');
    assert.equal(view.encoded.replaceAll(/\s/g, ''), setup.certificate.replaceAll(/\s/g, ''));
    for (const name of NAMES) {
      const hash = name === 'ssh-rsa' ? 'sha1' : `sha${name.slice(-3)}`;
      const expected = sign(hash, Buffer.from('this'), setup.certificateKey);
      const blob = Buffer.from(entry.privateKey!.sign(name, Buffer.from('this')));
      assert.ok(blob.subarray(-expected.length).equals(expected), name);
    }
    const connection = await connect(login({ privateKey: entry.privateKey! }));
    await (await openSftp(connection)).realpath('.');
    await connection.close();
  });
}

test('SFTPClient logs in with a certificate of the default store, by its subject', async () => {
  const client = new SFTPClient();
  await client.config(`SSHAcceptServerHostKeyFingerPrint=${setup.fingerprints.join(',')}`);
  client.sshUser = setup.user;
  client.sshAuthMode = SSHAuthModes.amPublicKey;
  assert.equal(client.sshCertStoreType, CertStoreTypes.cstUser);
  client.sshCertSubject = setup.name;
  assert.equal(client.sshCertSubject, `CN=${setup.name}`);
  await client.sshLogon(setup.host, setup.port);
  await client.sshLogoff();
});

test('the root certificates are listed; a store that is not there is said so', () => {
  assert.ok(openKeyStore({ type: 'cstMachine', store: 'ROOT' }).length > 0);
  for (const type of ['cstUser', 'cstMachine'] as const)
    assert.throws(() => openKeyStore({ type, store: 'Nowhere' }), {
      code: 'INVALID_ARGUMENT',
      message: /no certificate store Nowhere/,
    });
});

test('a key whose container is gone fails in the words of Windows', () => {
  const entry = findKey(openKeyStore({ type: 'cstUser', store: 'MY' }), setup.name)!;
  const delKey = koffi
    .load('advapi32.dll')
    .func('__stdcall', 'CryptAcquireContextW', 'int32_t', [
      koffi.out(koffi.pointer('uintptr_t')),
      'str16',
      'str16',
      'uint32_t',
      'uint32_t',
    ]);
  delKey([0], 'wherry user', null, 24, 0x10);
  assert.throws(
    () => entry.privateKey!.sign('rsa-sha2-256', Buffer.from('this')),
    (error: Error & { code: string; details: { errno: string } }) => {
      console.log(`  ${error.code} ${error.details.errno} ${error.message}`);
      return error.code === 'TOKEN_FAILED';
    },
  );
});

test('a key of CNG signs: what Wine does not find by a certificate is handed over', () => {
  const ncrypt = koffi.load('ncrypt.dll');
  const [handle, word, text] = ['uintptr_t', 'uint32_t', 'str16'];
  const handles = koffi.out(koffi.pointer(handle));
  const func = (name: string, parameters: Parameters<typeof ncrypt.func>[3]) =>
    ncrypt.func('__stdcall', name, 'int32_t', parameters);
  const [provider, key, length] = [[0], [0], [0]];
  assert.equal(func('NCryptOpenStorageProvider', [handles, text, word])(provider, null, 0), 0);
  const create = func('NCryptCreatePersistedKey', [handle, handles, text, text, word, word]);
  assert.equal(create(provider[0], key, 'RSA', null, 0, 0), 0);
  assert.equal(func('NCryptFinalizeKey', [handle, word])(key[0], 0), 0);
  const out = koffi.out(koffi.pointer(word));
  const exportKey = func('NCryptExportKey', [handle, handle, text, 'void *', 'void *', word, out, word]);
  const blob = Buffer.alloc(4096);
  assert.equal(exportKey(key[0], 0, 'RSAPUBLICBLOB', null, blob, blob.length, length, 0), 0);
  const [e, n] = [blob.readUInt32LE(8), blob.readUInt32LE(12)];
  const numbers = {
    kty: 'RSA',
    e: blob.subarray(24, 24 + e).toString('base64url'),
    n: blob.subarray(24 + e, 24 + e + n).toString('base64url'),
  };
  const publicKey = createPublicKey({ key: numbers, format: 'jwk' });

  const crypt32 = koffi.load('crypt32.dll');
  const given = {
    func(convention: string, name: string, result: string, parameters: Parameters<typeof crypt32.func>[3]) {
      if (name !== 'CryptAcquireCertificatePrivateKey')
        return crypt32.func(convention, name, result, parameters);
      return (...args: unknown[]) => {
        const [, , , found, spec, ours] = args as [0, 0, 0, unknown[], number[], number[]];
        [found[0], spec[0], ours[0]] = [key[0], 0xffff_ffff, 0];
        return 1;
      };
    },
  } as unknown as typeof crypt32;
  const [advapi32, kernel32] = [koffi.load('advapi32.dll'), koffi.load('kernel32.dll')];
  const stores = bindStores(koffi, { crypt32: given, ncrypt, advapi32, kernel32 });
  const place = { owner: 'user', name: 'MY' } as const;
  const sha1 = Buffer.from(
    new CertificateView(
      findKey(openKeyStore({ type: 'cstUser', store: 'MY' }), setup.name)!,
    ).thumbprintSha1.replaceAll(':', ''),
    'hex',
  );
  const data = Buffer.from('this');
  for (const hash of ['sha1', 'sha256', 'sha512']) {
    const digest = createHash(hash).update(data).digest();
    const signature = stores.sign(place, sha1, { family: 'rsa', hash, digest });
    assert.ok(verify(hash, data, publicKey, signature), hash);
  }
});

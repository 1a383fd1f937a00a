/** The certificate stores and keys of Windows (crypt32.dll, ncrypt.dll, advapi32.dll) through koffi. */
import type koffiModule from 'koffi';
import type { TypeObject } from 'koffi';
import { type Library, stdcall, windowsWords } from '../../crypto/windows-library.ts';
import { unsupported } from '../formats/key-errors.ts';
import {
  cannotOpen,
  type SignRequest,
  type StoredCertificate,
  type StorePlace,
  storeError,
  type WindowsStores,
} from './stores.ts';

type Koffi = typeof koffiModule;

/** The system libraries that are called. */
export interface StoreLibraries {
  readonly crypt32: Library;
  readonly ncrypt: Library;
  readonly advapi32: Library;
  readonly kernel32: Library;
}

/** CERT_SYSTEM_STORE_CURRENT_USER and CERT_SYSTEM_STORE_LOCAL_MACHINE. */
const OWNERS = { user: 0x1_0000, machine: 0x2_0000 } as const;
const PROVIDER_SYSTEM = 10;
/** CERT_STORE_READONLY_FLAG and CERT_STORE_OPEN_EXISTING_FLAG. */
const ONLY_READ = 0xc000;
/** X509_ASN_ENCODING and PKCS_7_ASN_ENCODING. */
const ENCODING = 0x1_0001;
const FIND_SHA1 = 0x1_0000;
const PROPERTY = { provider: 2, friendlyName: 11 } as const;
/** Where CNG knows the key, it signs: the older providers know no SHA-2. */
const PREFER_NCRYPT = 0x2_0000;
const NCRYPT_KEY = 0xffff_ffff;
const PAD_PKCS1 = 2;
const HASH_VALUE = 2;
/** Room for the signature of the longest RSA key taken, 16,384 bits. */
const MAX_SIGNATURE = 2048;

/** The hashes by the names of CNG and the numbers of CryptoAPI. */
const HASHES: Readonly<Record<string, { cng: string; capi: number }>> = {
  sha1: { cng: 'SHA1', capi: 0x8004 },
  sha256: { cng: 'SHA256', capi: 0x800c },
  sha384: { cng: 'SHA384', capi: 0x800d },
  sha512: { cng: 'SHA512', capi: 0x800e },
};

/** Nothing is kept open between calls: a key is looked up by its certificate when it has to sign. */
export function bindStores(koffi: Koffi, libraries: StoreLibraries): WindowsStores {
  const bind = declare(koffi, libraries);
  const wordsOf = windowsWords(libraries.kernel32);

  return {
    list: (place) =>
      withStore(place, (store) => {
        const found: StoredCertificate[] = [];
        for (let one = bind.next(store, null); one !== null; one = bind.next(store, one))
          found.push(read(one));
        return found;
      }),
    sign: (place, sha1, request) =>
      withStore(place, (store) => {
        const blob = { length: sha1.length, data: sha1 };
        const certificate = bind.find(store, ENCODING, 0, FIND_SHA1, blob, null);
        if (certificate === null) throw failed('finding the certificate');
        try {
          return withKey(certificate, (key, spec) =>
            spec === NCRYPT_KEY ? signByCng(key, request) : signByCapi(key, spec, request),
          );
        } finally {
          bind.freeCertificate(certificate);
        }
      }),
  };

  function failed(what: string, status: number = bind.lastError()): Error {
    return storeError(what, status, wordsOf(status));
  }

  function withStore<T>(place: StorePlace, work: (store: unknown) => T): T {
    const store = bind.openStore(PROVIDER_SYSTEM, 0, 0, OWNERS[place.owner] | ONLY_READ, place.name);
    if (store === null) {
      const status = bind.lastError();
      throw cannotOpen(place, status, wordsOf(status));
    }
    try {
      return work(store);
    } finally {
      bind.closeStore(store, 0);
    }
  }

  function withKey<T>(certificate: unknown, work: (key: unknown, spec: number) => T): T {
    const [key, spec, ours] = [[0], [0], [0]];
    if (!bind.acquireKey(certificate, PREFER_NCRYPT, null, key, spec, ours))
      throw failed('finding the private key');
    try {
      return work(key[0], spec[0]!);
    } finally {
      if (ours[0]) {
        if (spec[0] === NCRYPT_KEY) bind.freeKey(key[0]);
        else bind.releaseProvider(key[0], 0);
      }
    }
  }

  function read(certificate: unknown): StoredCertificate {
    const { data, length } = koffi.decode(certificate, bind.certificate);
    const provider = property(certificate, PROPERTY.provider);
    const name = property(certificate, PROPERTY.friendlyName);
    return {
      der: Uint8Array.from(koffi.decode(data, 'uint8_t', length) as Uint8Array),
      friendlyName: name?.toString('utf16le').split('\0', 1)[0] ?? '',
      container: provider === undefined ? undefined : (koffi.decode(provider, bind.provider).container ?? ''),
    };
  }

  function property(certificate: unknown, id: number): Buffer | undefined {
    const length = [0];
    if (!bind.property(certificate, id, null, length)) return undefined;
    const bytes = Buffer.alloc(length[0]!);
    return bind.property(certificate, id, bytes, length) ? bytes : undefined;
  }

  function signByCng(key: unknown, { family, hash, digest }: SignRequest): Uint8Array {
    const padding = family === 'rsa' ? { hash: HASHES[hash]!.cng } : null;
    const signature = Buffer.alloc(MAX_SIGNATURE);
    const length = [0];
    const status = bind.signHash(
      key,
      padding,
      digest,
      digest.length,
      signature,
      signature.length,
      length,
      family === 'rsa' ? PAD_PKCS1 : 0,
    );
    if (status !== 0) throw failed('signing', status);
    return signature.subarray(0, length[0]);
  }

  function signByCapi(provider: unknown, spec: number, { family, hash, digest }: SignRequest): Uint8Array {
    if (family !== 'rsa') throw unsupported('CryptoAPI has no ECDSA: the key must be one of CNG');
    const made = [0];
    if (!bind.createHash(provider, HASHES[hash]!.capi, 0, 0, made)) throw failed(`hashing by ${hash}`);
    try {
      const signature = Buffer.alloc(MAX_SIGNATURE);
      const length = [signature.length];
      if (!bind.setHash(made[0], HASH_VALUE, digest, 0)) throw failed(`hashing by ${hash}`);
      if (!bind.signMadeHash(made[0], spec, null, 0, signature, length)) throw failed('signing');
      // CryptoAPI has the lowest byte first.
      return signature.subarray(0, length[0]).reverse();
    } finally {
      bind.destroyHash(made[0]);
    }
  }
}

type Call<T> = (...args: unknown[]) => T;

interface Bound {
  readonly certificate: TypeObject;
  readonly provider: TypeObject;
  readonly openStore: Call<unknown>;
  readonly closeStore: Call<number>;
  readonly next: Call<unknown>;
  readonly find: Call<unknown>;
  readonly freeCertificate: Call<number>;
  readonly property: Call<number>;
  readonly acquireKey: Call<number>;
  readonly signHash: Call<number>;
  readonly freeKey: Call<number>;
  readonly createHash: Call<number>;
  readonly setHash: Call<number>;
  readonly signMadeHash: Call<number>;
  readonly destroyHash: Call<number>;
  readonly releaseProvider: Call<number>;
  readonly lastError: Call<number>;
}

function declare(koffi: Koffi, { crypt32, ncrypt, advapi32, kernel32 }: StoreLibraries): Bound {
  const [any, word, handle, text, bool] = ['void *', 'uint32_t', 'uintptr_t', 'str16', 'int32_t'];
  const { pointer, inout, out } = koffi;
  const [words, handles] = [pointer(word), pointer(handle)];
  const blob = pointer(koffi.struct({ length: word, data: any }));
  const padding = pointer(koffi.struct({ hash: text }));
  const [crypt, cng, capi] = [stdcall(crypt32), stdcall(ncrypt), stdcall(advapi32)];
  return {
    // CERT_CONTEXT and CRYPT_KEY_PROV_INFO, as far as they are read.
    certificate: koffi.struct({ encoding: word, data: any, length: word }),
    provider: koffi.struct({ container: text, provider: text, type: word }),
    openStore: crypt('CertOpenStore', any, [handle, word, handle, word, text]),
    closeStore: crypt('CertCloseStore', bool, [any, word]),
    next: crypt('CertEnumCertificatesInStore', any, [any, any]),
    find: crypt('CertFindCertificateInStore', any, [any, word, word, word, blob, any]),
    freeCertificate: crypt('CertFreeCertificateContext', bool, [any]),
    property: crypt('CertGetCertificateContextProperty', bool, [any, word, any, inout(words)]),
    acquireKey: crypt('CryptAcquireCertificatePrivateKey', bool, [
      any,
      word,
      any,
      out(handles),
      out(words),
      out(pointer(bool)),
    ]),
    signHash: cng('NCryptSignHash', bool, [handle, padding, any, word, any, word, out(words), word]),
    freeKey: cng('NCryptFreeObject', bool, [handle]),
    createHash: capi('CryptCreateHash', bool, [handle, word, handle, word, out(handles)]),
    setHash: capi('CryptSetHashParam', bool, [handle, word, any, word]),
    signMadeHash: capi('CryptSignHashW', bool, [handle, word, text, word, any, inout(words)]),
    destroyHash: capi('CryptDestroyHash', bool, [handle]),
    releaseProvider: capi('CryptReleaseContext', bool, [handle, word]),
    lastError: stdcall(kernel32)('GetLastError', word, []),
  };
}

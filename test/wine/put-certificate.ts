/** Puts a certificate into a store of Windows, its RSA key into a container it cannot be taken out of. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import koffi from 'koffi';

const [PROV_RSA_AES, NEW_KEYSET, DELETE_KEYSET] = [24, 0x08, 0x10];
const [AT_KEYEXCHANGE, KEY_PROV_INFO, FRIENDLY_NAME] = [1, 2, 11];
const OWNERS = { user: 0x1_0000, machine: 0x2_0000 };
const REPLACE_EXISTING = 3;

const [any, word, handle, text, bool] = ['void *', 'uint32_t', 'uintptr_t', 'str16', 'int32_t'];
const handles = koffi.out(koffi.pointer(handle));
const provider = koffi.struct({
  container: text,
  provider: text,
  type: word,
  flags: word,
  count: word,
  parameters: any,
  spec: word,
});
const blob = koffi.struct({ length: word, data: any });

/** A PRIVATEKEYBLOB of CryptoAPI: the numbers with their lowest bytes first. */
function privateKeyBlob(pem: string): Buffer {
  const numbers = createPrivateKey(pem).export({ format: 'jwk' });
  const size = Buffer.from(numbers.n!, 'base64url').length;
  const number = (value: string, length: number): Buffer => {
    const bytes = Buffer.from(value, 'base64url').reverse();
    return Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
  };
  const head = Buffer.from('0702000000a400005253413200000000', 'hex');
  head.writeUInt32LE(8 * size, 12);
  const half = (['p', 'q', 'dp', 'dq', 'qi'] as const).map((name) => number(numbers[name]!, size / 2));
  return Buffer.concat([
    head,
    number(numbers.e!, 4),
    number(numbers.n!, size),
    ...half,
    number(numbers.d!, size),
  ]);
}

export function putCertificate(owner: 'user' | 'machine', container: string, pem: string, key: string): void {
  const [crypt32, advapi32] = [koffi.load('crypt32.dll'), koffi.load('advapi32.dll')];
  const kernel32 = koffi.load('kernel32.dll');
  const lastError = kernel32.func('__stdcall', 'GetLastError', word, []);
  const done = (what: string, result: unknown): void => {
    if (!result) throw new Error(`${what}: 0x${lastError().toString(16)}`);
  };
  const acquire = advapi32.func('__stdcall', 'CryptAcquireContextW', bool, [handles, text, text, word, word]);
  const importKey = advapi32.func('__stdcall', 'CryptImportKey', bool, [
    handle,
    any,
    word,
    handle,
    word,
    handles,
  ]);
  // Wine looks for keys among the user's only, whatever the certificate of a machine says (CRYPT_MACHINE_KEYSET).
  const [csp, made] = [[0], [0]];
  acquire(csp, container, null, PROV_RSA_AES, DELETE_KEYSET);
  done('CryptAcquireContext', acquire(csp, container, null, PROV_RSA_AES, NEW_KEYSET));
  const bytes = privateKeyBlob(key);
  // No flag that it may be exported.
  done('CryptImportKey', importKey(csp[0], bytes, bytes.length, 0, 0, made));
  advapi32.func('__stdcall', 'CryptDestroyKey', bool, [handle])(made[0]);
  advapi32.func('__stdcall', 'CryptReleaseContext', bool, [handle, word])(csp[0], 0);

  const der = new X509Certificate(pem).raw;
  const context = crypt32.func('__stdcall', 'CertCreateCertificateContext', any, [word, any, word])(
    1,
    der,
    der.length,
  );
  done('CertCreateCertificateContext', context);
  const setProperty = (id: number, type: ReturnType<typeof koffi.struct>, value: object): void => {
    const set = crypt32.func('__stdcall', 'CertSetCertificateContextProperty', bool, [
      any,
      word,
      word,
      koffi.pointer(type),
    ]);
    done('CertSetCertificateContextProperty', set(context, id, 0, value));
  };
  const info = { container, provider: null, type: PROV_RSA_AES, flags: 0, count: 0, parameters: null };
  setProperty(KEY_PROV_INFO, provider, { ...info, spec: AT_KEYEXCHANGE });
  const name = Buffer.from('a friendly name\0', 'utf16le');
  setProperty(FRIENDLY_NAME, blob, { length: name.length, data: name });
  const open = crypt32.func('__stdcall', 'CertOpenStore', any, [handle, word, handle, word, text]);
  const store = open(10, 0, 0, OWNERS[owner], 'MY');
  done('CertOpenStore', store);
  const add = crypt32.func('__stdcall', 'CertAddCertificateContextToStore', bool, [any, any, word, any]);
  done('CertAddCertificateContextToStore', add(store, context, REPLACE_EXISTING, null));
  done('CertCloseStore', crypt32.func('__stdcall', 'CertCloseStore', bool, [any, word])(store, 0));
  crypt32.func('__stdcall', 'CertFreeCertificateContext', bool, [any])(context);
}

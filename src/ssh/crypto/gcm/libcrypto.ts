import type koffiModule from 'koffi';
import { requirePackage } from '../../../base/require-package.ts';

type Koffi = typeof koffiModule;

/** An address in C, as koffi hands it out. */
export type Address = unknown;

/** The functions of OpenSSL's libcrypto that are called, under its own names: EVP_EncryptInit(3), ERR_clear_error(3). */
export interface Libcrypto {
  EVP_get_cipherbyname(name: string): Address;
  EVP_CIPHER_CTX_new(): Address;
  EVP_CIPHER_CTX_free(context: Address): void;
  EVP_CIPHER_CTX_ctrl(context: Address, type: number, length: number, bytes: Uint8Array): number;
  EVP_CipherInit_ex(
    context: Address,
    cipher: Address,
    engine: null,
    key: Uint8Array | null,
    iv: Uint8Array | null,
    encrypt: 0 | 1,
  ): number;
  EVP_CipherUpdate(
    context: Address,
    out: Uint8Array | null,
    written: Int32Array,
    input: Uint8Array,
    length: number,
  ): number;
  EVP_CipherFinal_ex(context: Address, out: Uint8Array, written: Int32Array): number;
  ERR_clear_error(): void;
}

const PROTOTYPES: { readonly [name in keyof Libcrypto]: string } = {
  EVP_get_cipherbyname: 'const void *EVP_get_cipherbyname(const char *name)',
  EVP_CIPHER_CTX_new: 'void *EVP_CIPHER_CTX_new()',
  EVP_CIPHER_CTX_free: 'void EVP_CIPHER_CTX_free(void *context)',
  EVP_CIPHER_CTX_ctrl: 'int EVP_CIPHER_CTX_ctrl(void *context, int type, int length, void *bytes)',
  EVP_CipherInit_ex:
    'int EVP_CipherInit_ex(void *context, const void *cipher, void *engine, void *key, void *iv, int encrypt)',
  EVP_CipherUpdate: 'int EVP_CipherUpdate(void *context, void *out, void *written, void *input, int length)',
  EVP_CipherFinal_ex: 'int EVP_CipherFinal_ex(void *context, void *out, void *written)',
  ERR_clear_error: 'void ERR_clear_error()',
};

/** The OpenSSL that is part of this process; undefined without koffi, or where the process shows no such functions. */
export function bindLibcrypto(): Libcrypto | undefined {
  try {
    const process = (requirePackage('koffi') as Koffi).load(null);
    const bound = Object.entries(PROTOTYPES).map(([name, prototype]) => [name, process.func(prototype)]);
    return Object.fromEntries(bound) as Libcrypto;
  } catch {
    return undefined;
  }
}

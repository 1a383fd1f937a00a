import { getCipherInfo } from 'node:crypto';
import { WherryError } from '../../../base/errors.ts';
import { type AesGcm, GCM_TAG_BYTES, type MakeAesGcm } from './aes-gcm.ts';
import type { Address, Libcrypto } from './libcrypto.ts';

/** openssl/evp.h */
const EVP_CTRL_AEAD_GET_TAG = 0x10;
const EVP_CTRL_AEAD_SET_TAG = 0x11;
const IV_BYTES = 12;

/** OpenSSL says here how much it wrote: as much as it read, and nothing at the end. */
const written = new Int32Array(1);
const nothing = new Uint8Array(GCM_TAG_BYTES);

/** One context for all packets of a key; nothing is copied: packets are opened in place, and sealed into where they are wanted. */
class LibcryptoGcm implements AesGcm {
  readonly #libcrypto: Libcrypto;
  readonly #context: Address;
  readonly #encrypt: 0 | 1;

  constructor(libcrypto: Libcrypto, context: Address, encrypt: 0 | 1) {
    this.#libcrypto = libcrypto;
    this.#context = context;
    this.#encrypt = encrypt;
  }

  seal(iv: Uint8Array, associated: Uint8Array, clear: Uint8Array, out: Uint8Array): void {
    const libcrypto = this.#libcrypto;
    const context = this.#context;
    const { length } = clear;
    if (out.length < length + GCM_TAG_BYTES)
      throw new RangeError(`${out.length} bytes do not hold ${length}`);
    this.#begin(iv, associated);
    check(libcrypto.EVP_CipherUpdate(context, out, written, clear, length));
    check(libcrypto.EVP_CipherFinal_ex(context, nothing, written));
    const tag = out.subarray(length, length + GCM_TAG_BYTES);
    check(libcrypto.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, GCM_TAG_BYTES, tag));
  }

  open(
    iv: Uint8Array,
    associated: Uint8Array,
    ciphertext: Uint8Array,
    tag: Uint8Array,
  ): Uint8Array | undefined {
    const libcrypto = this.#libcrypto;
    const context = this.#context;
    if (tag.length !== GCM_TAG_BYTES) throw new RangeError(`a tag of ${tag.length} bytes`);
    this.#begin(iv, associated);
    check(libcrypto.EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG_BYTES, tag));
    check(libcrypto.EVP_CipherUpdate(context, ciphertext, written, ciphertext, ciphertext.length));
    if (libcrypto.EVP_CipherFinal_ex(context, nothing, written) === 1) return ciphertext;
    libcrypto.ERR_clear_error();
    return undefined;
  }

  #begin(iv: Uint8Array, associated: Uint8Array): void {
    if (iv.length !== IV_BYTES) throw new RangeError(`an IV of ${iv.length} bytes`);
    check(this.#libcrypto.EVP_CipherInit_ex(this.#context, null, null, null, iv, this.#encrypt));
    check(this.#libcrypto.EVP_CipherUpdate(this.#context, null, written, associated, associated.length));
  }
}

function check(result: number): void {
  if (result !== 1) throw new WherryError('SSH_MAC', 'OpenSSL does not do as it is asked (AES-GCM)');
}

/** By OpenSSL itself. C reads as many bytes of a key as the cipher has, so their number is checked here. */
export function libcryptoGcm(libcrypto: Libcrypto): MakeAesGcm {
  const contexts = new FinalizationRegistry<Address>((context) => libcrypto.EVP_CIPHER_CTX_free(context));
  return (cipher, key, way) => {
    if (getCipherInfo(cipher, { keyLength: key.length, ivLength: IV_BYTES })?.mode !== 'gcm') {
      throw new RangeError(`${cipher} with a key of ${key.length} bytes`);
    }
    const encrypt = way === 'seal' ? 1 : 0;
    const context = libcrypto.EVP_CIPHER_CTX_new();
    const gcm = new LibcryptoGcm(libcrypto, context, encrypt);
    contexts.register(gcm, context);
    const evp = libcrypto.EVP_get_cipherbyname(cipher);
    check(libcrypto.EVP_CipherInit_ex(context, evp, null, key, null, encrypt));
    return gcm;
  };
}

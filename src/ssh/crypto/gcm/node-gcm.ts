import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
} from 'node:crypto';
import { type AesGcm, GCM_TAG_BYTES, type MakeAesGcm } from './aes-gcm.ts';

class NodeGcm implements AesGcm {
  readonly #cipher: CipherGCMTypes;
  readonly #key: KeyObject;

  constructor(cipher: string, key: Uint8Array) {
    this.#cipher = cipher as CipherGCMTypes;
    this.#key = createSecretKey(key);
  }

  seal(iv: Uint8Array, associated: Uint8Array, clear: Uint8Array, out: Uint8Array): void {
    const cipher = createCipheriv(this.#cipher, this.#key, iv);
    cipher.setAAD(associated);
    out.set(cipher.update(clear));
    cipher.final();
    out.set(cipher.getAuthTag(), clear.length);
  }

  open(
    iv: Uint8Array,
    associated: Uint8Array,
    ciphertext: Uint8Array,
    tag: Uint8Array,
  ): Uint8Array | undefined {
    const decipher = createDecipheriv(this.#cipher, this.#key, iv, { authTagLength: GCM_TAG_BYTES });
    decipher.setAAD(associated);
    decipher.setAuthTag(tag);
    const clear = decipher.update(ciphertext);
    try {
      decipher.final();
    } catch {
      return undefined;
    }
    return clear;
  }
}

/** By node:crypto: a context and fresh memory for each packet. */
export const nodeGcm: MakeAesGcm = (cipher, key) => new NodeGcm(cipher, key);

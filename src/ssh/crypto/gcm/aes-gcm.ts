/** AES-GCM (NIST SP 800-38D) under one key, with tags of 16 bytes. One object is used one way only. */
export interface AesGcm {
  /** Writes the ciphertext of `clear` into `out`, and the tag behind it. */
  seal(iv: Uint8Array, associated: Uint8Array, clear: Uint8Array, out: Uint8Array): void;
  /** The clear text, in memory of its own or in the place of `ciphertext`; undefined where the tag does not fit. */
  open(
    iv: Uint8Array,
    associated: Uint8Array,
    ciphertext: Uint8Array,
    tag: Uint8Array,
  ): Uint8Array | undefined;
}

/** `cipher` is OpenSSL's name, which is node:crypto's as well. */
export type MakeAesGcm = (cipher: string, key: Uint8Array, way: 'seal' | 'open') => AesGcm;

export const GCM_TAG_BYTES = 16;

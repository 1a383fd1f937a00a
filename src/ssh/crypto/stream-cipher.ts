/** A cipher with a running state: each call goes on where the last one ended. */
export interface StreamCipher {
  update(bytes: Uint8Array): Uint8Array;
}

export type CipherWay = 'encrypt' | 'decrypt';

/** Makes one from the derived key and IV, which the caller may overwrite afterwards. */
export type MakeStreamCipher = (key: Uint8Array, iv: Uint8Array, way: CipherWay) => StreamCipher;

/** A cipher of 64-bit blocks, as two big-endian halves that are changed in place. */
export interface BlockCipher64 {
  encrypt(halves: Int32Array): void;
  decrypt(halves: Int32Array): void;
}

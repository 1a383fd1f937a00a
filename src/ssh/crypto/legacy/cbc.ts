import { readU32, writeU32 } from '../../../base/bytes.ts';
import type { BlockCipher64, MakeStreamCipher } from '../stream-cipher.ts';

/** Cipher block chaining (NIST SP 800-38A section 6.2) of a cipher that node:crypto has no more; whole blocks only. */
export function cbc64(makeBlockCipher: (key: Uint8Array) => BlockCipher64): MakeStreamCipher {
  return (key, iv, way) => {
    const cipher = makeBlockCipher(key);
    const step = way === 'encrypt' ? encryptBlock : decryptBlock;
    const chain = Int32Array.of(readU32(iv, 0), readU32(iv, 4));
    const block = new Int32Array(2);
    return {
      update(bytes) {
        const out = new Uint8Array(bytes.length);
        for (let at = 0; at < bytes.length; at += 8) {
          block[0] = readU32(bytes, at);
          block[1] = readU32(bytes, at + 4);
          step(cipher, block, chain);
          writeU32(out, at, block[0]!);
          writeU32(out, at + 4, block[1]!);
        }
        return out;
      },
    };
  };
}

function encryptBlock(cipher: BlockCipher64, block: Int32Array, chain: Int32Array): void {
  block[0]! ^= chain[0]!;
  block[1]! ^= chain[1]!;
  cipher.encrypt(block);
  chain.set(block);
}

function decryptBlock(cipher: BlockCipher64, block: Int32Array, chain: Int32Array): void {
  const left = block[0]!;
  const right = block[1]!;
  cipher.decrypt(block);
  block[0]! ^= chain[0]!;
  block[1]! ^= chain[1]!;
  chain[0] = left;
  chain[1] = right;
}

import { createCipheriv } from 'node:crypto';
import { readU32, writeU32 } from '../../../base/bytes.ts';
import type { StreamCipher } from '../stream-cipher.ts';

/** 3des-ctr: OpenSSL has triple DES, but not in counter mode (RFC 4344 section 4), so the counters are encrypted here. */
export function tripleDesCtr(key: Uint8Array, iv: Uint8Array): StreamCipher {
  const cipher = createCipheriv('des-ede3-ecb', key, null).setAutoPadding(false);
  let high = readU32(iv, 0);
  let low = readU32(iv, 4);
  /** Key stream left over from a block that was used in part. */
  let spare: Uint8Array = new Uint8Array(0);

  const keyStream = (bytes: number): Uint8Array => {
    const counters = new Uint8Array(8 * Math.ceil(bytes / 8));
    for (let at = 0; at < counters.length; at += 8) {
      writeU32(counters, at, high);
      writeU32(counters, at + 4, low);
      low = (low + 1) >>> 0;
      if (low === 0) high = (high + 1) >>> 0;
    }
    return cipher.update(counters);
  };

  return {
    update(bytes) {
      const fresh = keyStream(Math.max(0, bytes.length - spare.length));
      const stream = spare.length === 0 ? fresh : Buffer.concat([spare, fresh]);
      const out = new Uint8Array(bytes.length);
      for (let at = 0; at < out.length; at++) out[at] = bytes[at]! ^ stream[at]!;
      spare = stream.subarray(out.length);
      return out;
    },
  };
}

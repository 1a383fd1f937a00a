import { randomBytes } from 'node:crypto';
import { sameBytes } from '../../../base/bytes.ts';
import { type AesGcm, GCM_TAG_BYTES, type MakeAesGcm } from './aes-gcm.ts';
import { bindLibcrypto } from './libcrypto.ts';
import { libcryptoGcm } from './libcrypto-gcm.ts';
import { nodeGcm } from './node-gcm.ts';

let chosen: MakeAesGcm | undefined;

/** AES-GCM by OpenSSL itself where it can be called and does the same as node:crypto, else by node:crypto. */
export function quickestGcm(cipher: string, key: Uint8Array, way: 'seal' | 'open'): AesGcm {
  prepareGcm();
  return chosen!(cipher, key, way);
}

/** Makes the choice, which takes 10 ms. */
export function prepareGcm(): void {
  chosen ??= choose();
}

function choose(): MakeAesGcm {
  if (process.env.WHERRY_NODE_CRYPTO === '1' || 'Bun' in globalThis || 'Deno' in globalThis) return nodeGcm;
  const libcrypto = bindLibcrypto();
  if (libcrypto === undefined) return nodeGcm;
  const direct = libcryptoGcm(libcrypto);
  return doTheSame(direct, nodeGcm) ? direct : nodeGcm;
}

/** Whether either opens what the other sealed, and refuses it with a bit changed. */
function doTheSame(one: MakeAesGcm, other: MakeAesGcm): boolean {
  try {
    return opens(one, other) && opens(other, one);
  } catch {
    return false;
  }
}

function opens(sealer: MakeAesGcm, opener: MakeAesGcm): boolean {
  const [key, iv, head, clear] = [randomBytes(16), randomBytes(12), randomBytes(4), randomBytes(100)];
  const sealed = new Uint8Array(clear.length + GCM_TAG_BYTES);
  sealer('aes-128-gcm', key, 'seal').seal(iv, head, clear, sealed);
  const gcm = opener('aes-128-gcm', key, 'open');
  const open = (): Uint8Array | undefined => {
    const bytes = Uint8Array.from(sealed);
    return gcm.open(iv, head, bytes.subarray(0, clear.length), bytes.subarray(clear.length));
  };
  const opened = open();
  sealed[0]! ^= 1;
  return opened !== undefined && sameBytes(opened, clear) && open() === undefined;
}

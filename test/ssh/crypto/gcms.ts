import type { MakeAesGcm } from '../../../src/ssh/crypto/gcm/aes-gcm.ts';
import { bindLibcrypto } from '../../../src/ssh/crypto/gcm/libcrypto.ts';
import { libcryptoGcm } from '../../../src/ssh/crypto/gcm/libcrypto-gcm.ts';
import { nodeGcm } from '../../../src/ssh/crypto/gcm/node-gcm.ts';

const libcrypto = bindLibcrypto();
if (libcrypto === undefined) throw new Error('koffi is not installed, or finds no OpenSSL in this process');

/** Both ways to AES-GCM. */
export const GCMS: Readonly<Record<string, MakeAesGcm>> = {
  'node:crypto': nodeGcm,
  'OpenSSL itself': libcryptoGcm(libcrypto),
};

import { CIPHERS, type CipherRow } from '../ciphers.ts';
import { prepareGcm } from '../gcm/quickest-gcm.ts';
import type { MacRow } from '../macs.ts';
import { ChachaPolyOpener, ChachaPolySealer } from './chacha20-poly1305.ts';
import { CipherMacSealer, EncryptAndMacOpener, EtmOpener } from './cipher-and-mac.ts';
import { GcmOpener, GcmSealer } from './gcm.ts';
import { clearOpener, clearSealer } from './none.ts';
import type { DirectionKeys, PacketOpener, PacketSealer } from './packet-cipher.ts';

interface Family {
  sealer(cipher: CipherRow, mac: MacRow | undefined, keys: DirectionKeys): PacketSealer;
  opener(cipher: CipherRow, mac: MacRow | undefined, keys: DirectionKeys): PacketOpener;
}

const CIPHER_AND_MAC: Family = {
  sealer: (cipher, mac, keys) => new CipherMacSealer(cipher, mac!, keys),
  opener: (cipher, mac, keys) =>
    mac!.etm ? new EtmOpener(cipher, mac!, keys) : new EncryptAndMacOpener(cipher, mac!, keys),
};

const FAMILIES: Record<CipherRow['mode'], Family> = {
  none: { sealer: () => clearSealer, opener: () => clearOpener },
  gcm: {
    sealer: (cipher, _mac, keys) => new GcmSealer(cipher, keys),
    opener: (cipher, _mac, keys) => new GcmOpener(cipher, keys),
  },
  ctr: CIPHER_AND_MAC,
  cbc: CIPHER_AND_MAC,
  stream: CIPHER_AND_MAC,
  'chacha20-poly1305': {
    sealer: (_cipher, _mac, keys) => new ChachaPolySealer(keys),
    opener: (_cipher, _mac, keys) => new ChachaPolyOpener(keys),
  },
};

/** Loads what the cipher of that name needs. Done while the peer works on its first answer, that takes no time. */
export function prepareCipher(name: string | undefined): void {
  if (name !== undefined && CIPHERS[name as keyof typeof CIPHERS]?.mode === 'gcm') prepareGcm();
}

/** The sending half for a negotiated cipher; `mac` is undefined for an AEAD cipher. */
export function makeSealer(cipher: CipherRow, mac: MacRow | undefined, keys: DirectionKeys): PacketSealer {
  return FAMILIES[cipher.mode].sealer(cipher, mac, keys);
}

/** The receiving half for a negotiated cipher. */
export function makeOpener(cipher: CipherRow, mac: MacRow | undefined, keys: DirectionKeys): PacketOpener {
  return FAMILIES[cipher.mode].opener(cipher, mac, keys);
}

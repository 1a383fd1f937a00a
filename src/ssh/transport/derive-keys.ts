import { createHash } from 'node:crypto';
import type { DirectionKeys } from '../crypto/packet/packet-cipher.ts';
import type { NegotiatedDirection } from './negotiate.ts';

/** The letters of RFC 4253 section 7.2: IV, key and integrity key, each way. */
const LETTERS = {
  clientToServer: { iv: 'A', key: 'C', mac: 'E' },
  serverToClient: { iv: 'B', key: 'D', mac: 'F' },
} as const;

/** What the key derivation starts from; `secret` is K as it stands in the exchange hash. */
export interface KeyMaterial {
  readonly hash: string;
  readonly secret: Uint8Array;
  readonly exchangeHash: Uint8Array;
  readonly sessionId: Uint8Array;
}

/** RFC 4253 section 7.2: HASH(K || H || letter || session_id), lengthened by HASH(K || H || K1 || K2 …). */
function deriveKey(material: KeyMaterial, letter: string, length: number): Uint8Array {
  const start = (): ReturnType<typeof createHash> =>
    createHash(material.hash).update(material.secret).update(material.exchangeHash);
  let key: Uint8Array = start().update(letter, 'latin1').update(material.sessionId).digest();
  while (key.length < length) key = Buffer.concat([key, start().update(key).digest()]);
  return key.subarray(0, length);
}

export function deriveDirectionKeys(
  material: KeyMaterial,
  way: keyof typeof LETTERS,
  algorithms: NegotiatedDirection,
): DirectionKeys {
  const letters = LETTERS[way];
  return {
    iv: deriveKey(material, letters.iv, algorithms.cipher.ivLength),
    key: deriveKey(material, letters.key, algorithms.cipher.keyLength),
    macKey: deriveKey(material, letters.mac, algorithms.mac?.keyLength ?? 0),
  };
}

import { createHash } from 'node:crypto';
import { WherryError } from '../../../base/errors.ts';
import type { KeyAgreement } from './agreement.ts';
import { nistp256, nistp384 } from './ecdh.ts';
import { type Kem, mlkem768, mlkem1024 } from './kem.ts';
import { sntrup761 } from './sntrup761/sntrup761.ts';
import { x25519 } from './x25519.ts';

/** mlkem768x25519-sha256. */
export const mlkem768x25519: KeyAgreement = hybrid(mlkem768, x25519, 'sha256');

/** mlkem768nistp256-sha256. */
export const mlkem768nistp256: KeyAgreement = hybrid(mlkem768, nistp256, 'sha256');
/** mlkem1024nistp384-sha384. */
export const mlkem1024nistp384: KeyAgreement = hybrid(mlkem1024, nistp384, 'sha384');
/** sntrup761x25519-sha512 (RFC 9941), which is put together in the same way. */
export const sntrup761x25519: KeyAgreement = hybrid(sntrup761, x25519, 'sha512');

/**
 * A post-quantum and a classical agreement in one (draft-ietf-sshm-mlkem-hybrid-kex):
 * C_INIT = C_PK2 || C_PK1, S_REPLY = S_CT2 || S_PK1, K = HASH(K_PQ || K_CL).
 */
export function hybrid(
  kem: Kem,
  classical: KeyAgreement,
  hash: 'sha256' | 'sha384' | 'sha512',
): KeyAgreement {
  const combine = (pq: Uint8Array, cl: Uint8Array) => createHash(hash).update(pq).update(cl).digest();
  return {
    async initiate(random) {
      const keyPair = await kem.generate(random);
      const half = await classical.initiate(random);
      return {
        publicValue: Buffer.concat([keyPair.publicKey, half.publicValue]),
        finish(reply) {
          const [ciphertext, peerPublic] = split(reply, kem.ciphertextLength);
          return combine(keyPair.decapsulate(ciphertext), half.finish(peerPublic));
        },
      };
    },
    async respond(random, init) {
      const [publicKey, peerPublic] = split(init, kem.publicKeyLength);
      const { ciphertext, secret } = await kem.encapsulate(random, publicKey);
      const half = await classical.respond(random, peerPublic);
      return {
        publicValue: Buffer.concat([ciphertext, half.publicValue]),
        secret: combine(secret, half.secret),
      };
    },
  };
}

/** The classical agreement checks the length of what is left for it. */
function split(bytes: Uint8Array, at: number): [Uint8Array, Uint8Array] {
  if (bytes.length <= at) {
    throw new WherryError('SSH_KEY_EXCHANGE', 'the hybrid public value of the peer is too short', {
      actual: bytes.length,
    });
  }
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

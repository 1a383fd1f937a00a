/**
 * Project Wycheproof (C2SP/wycheproof, testvectors_v1, Apache-2.0; numbers only, see scripts/wycheproof.ts): what others
 * got wrong in the primitives and encodings used here.
 */
import assert from 'node:assert/strict';
import { createCipheriv, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { toHex } from '../../../src/base/bytes.ts';
import { isWherryError } from '../../../src/base/errors.ts';
import type { KeyAgreement } from '../../../src/ssh/crypto/kex/agreement.ts';
import { nistp256, nistp384, nistp521 } from '../../../src/ssh/crypto/kex/ecdh.ts';
import { mlkem768 } from '../../../src/ssh/crypto/kex/kem.ts';
import { x25519 } from '../../../src/ssh/crypto/kex/x25519.ts';
import { poly1305 } from '../../../src/ssh/crypto/poly1305/poly1305.ts';
import { type SignatureName, verifySignature } from '../../../src/ssh/crypto/signatures.ts';
import { WireWriter } from '../../../src/ssh/wire/writer.ts';
import { GCMS } from './gcms.ts';
import { hex, scriptedRandom } from './seeded-random.ts';

type Vector = { id: number; flags: string[]; result: 'valid' | 'invalid' | 'acceptable' } & Record<
  string,
  string
>;

function vectors(name: string): Vector[] {
  const path = new URL(`../../fixtures/wycheproof/${name}_test.jsonl.gz`, import.meta.url);
  const text = gunzipSync(readFileSync(path)).toString('utf8');
  return text.split('\n').map((line) => JSON.parse(line) as Vector);
}

/** The shared secret, or undefined where the public value was refused with the error for that. */
async function agree(
  method: KeyAgreement,
  scalar: Uint8Array,
  peer: Uint8Array,
): Promise<string | undefined> {
  try {
    return toHex((await method.respond(scriptedRandom(scalar), peer)).secret);
  } catch (error) {
    assert.ok(isWherryError(error) && error.code === 'SSH_KEY_EXCHANGE', String(error));
    return undefined;
  }
}

test('x25519', async () => {
  for (const { id, flags, private: scalar, public: peer, shared } of vectors('x25519')) {
    const secret = await agree(x25519, hex(scalar!), hex(peer!));
    assert.equal(secret, flags.includes('ZeroSharedSecret') ? undefined : shared, `${id}`);
  }
});

for (const [name, method, size] of [
  ['secp256r1', nistp256, 32],
  ['secp384r1', nistp384, 48],
  ['secp521r1', nistp521, 66],
] as const) {
  test(`ecdh ${name}: right or refused, and only points that are whole`, async () => {
    for (const { id, result, private: scalar, public: peer, shared } of vectors(`ecdh_${name}_ecpoint`)) {
      // The file has scalars without their leading zeros, and some with one too many.
      const padded = hex(scalar!.padStart(2 * size, '0').slice(-2 * size));
      const secret = await agree(method, padded, hex(peer!));
      const whole = peer!.startsWith('04') && peer!.length === 2 + 4 * size;
      assert.equal(secret, result === 'invalid' || !whole ? undefined : shared, `${id} ${result}`);
    }
  });
}

/** r and s side by side, as two mpints; undefined where no SSH signature can say that. */
function asMpints(signature: Uint8Array): Uint8Array | undefined {
  if (signature.length === 0 || signature.length % 2 !== 0) return undefined;
  const half = signature.length / 2;
  return new WireWriter(256).mpint(signature.subarray(0, half)).mpint(signature.subarray(half)).finish();
}

for (const [file, algorithm, body] of [
  ['ed25519', 'ssh-ed25519', (signature) => signature],
  ['rsa_signature_2048_sha256', 'rsa-sha2-256', (signature) => signature],
  ['rsa_signature_2048_sha512', 'rsa-sha2-512', (signature) => signature],
  ['ecdsa_secp256r1_sha256_p1363', 'ecdsa-sha2-nistp256', asMpints],
  ['ecdsa_secp384r1_sha384_p1363', 'ecdsa-sha2-nistp384', asMpints],
  ['ecdsa_secp521r1_sha512_p1363', 'ecdsa-sha2-nistp521', asMpints],
] as const satisfies readonly [string, SignatureName, (signature: Uint8Array) => Uint8Array | undefined][]) {
  test(`${algorithm}: what is valid verifies, what is not does not`, () => {
    const keys = new Map<string, ReturnType<typeof createPublicKey>>();
    for (const { id, flags, result, publicKeyDer, msg, sig } of vectors(file)) {
      let key = keys.get(publicKeyDer!);
      if (key === undefined) {
        key = createPublicKey({ key: Buffer.from(publicKeyDer!, 'hex'), format: 'der', type: 'spki' });
        keys.set(publicKeyDer!, key);
      }
      const inside = body(hex(sig!));
      if (inside === undefined) continue;
      const blob = new WireWriter(1024).text(algorithm).string(inside).finish();
      const verified = verifySignature(algorithm, key, hex(msg!), blob);
      // A number may have zeros before it or lack them: mpints and OpenSSH's RSA know no length.
      const onlyItsLength = flags.some((flag) => flag === 'SignatureSize' || flag === 'MissingNull');
      if (result !== 'acceptable' && !onlyItsLength)
        assert.equal(verified, result === 'valid', `${id} ${flags}`);
    }
  });
}

test('poly1305 under the AEAD of RFC 8439', () => {
  const pad = (bytes: Uint8Array): Buffer =>
    Buffer.concat([bytes, Buffer.alloc((16 - (bytes.length % 16)) % 16)]);
  for (const { id, result, key, iv, aad, ct, tag } of vectors('chacha20_poly1305')) {
    if (iv!.length !== 24) continue;
    const stream = createCipheriv('chacha20', hex(key!), Buffer.concat([Buffer.alloc(4), hex(iv!)]));
    const lengths = Buffer.alloc(16);
    lengths.writeUInt32LE(aad!.length / 2, 0);
    lengths.writeUInt32LE(ct!.length / 2, 8);
    const message = Buffer.concat([pad(hex(aad!)), pad(hex(ct!)), lengths]);
    const made = toHex(poly1305(stream.update(Buffer.alloc(32)), message));
    assert.equal(made === tag, result === 'valid', `${id}`);
  }
});

for (const [name, make] of Object.entries(GCMS)) {
  test(`aes-gcm by ${name}: sealed right, opened or refused`, () => {
    let count = 0;
    for (const { id, result, key, iv, aad, msg, ct, tag } of vectors('aes_gcm')) {
      // SSH has no other lengths of IV and tag.
      if (iv!.length !== 24 || tag!.length !== 32) continue;
      count++;
      const cipher = `aes-${key!.length * 4}-gcm`;
      const [keyBytes, ivBytes, head] = [hex(key!), hex(iv!), hex(aad!)];
      const opened = make(cipher, keyBytes, 'open').open(ivBytes, head, hex(ct!), hex(tag!));
      assert.equal(opened && toHex(opened), result === 'valid' ? msg : undefined, id.toString());
      if (result !== 'valid') continue;
      const sealed = new Uint8Array((ct!.length + tag!.length) / 2);
      make(cipher, keyBytes, 'seal').seal(ivBytes, head, hex(msg!), sealed);
      assert.equal(toHex(sealed), ct! + tag!, id.toString());
    }
    assert.ok(count > 150, String(count));
  });
}

test('mlkem768: from seed and ciphertext to the secret, or refused', async () => {
  for (const { id, flags, result, seed, c, K } of vectors('mlkem_768')) {
    let secret: string | undefined;
    try {
      secret = toHex((await mlkem768.generate(scriptedRandom(hex(seed!)))).decapsulate(hex(c!)));
    } catch {
      secret = undefined;
    }
    if (result === 'valid') assert.equal(secret, K, `${id} ${flags}`);
    else assert.ok(secret === undefined || secret !== K, `${id} ${flags}`);
  }
});

import * as crypto from 'node:crypto';
import { WherryError } from '../../../base/errors.ts';
import { type RandomSource, randomBytes, systemRandom } from '../../../base/random.ts';

/** A key encapsulation mechanism: ML-KEM (FIPS 203) at one of its sizes. */
export interface Kem {
  readonly publicKeyLength: number;
  readonly ciphertextLength: number;
  generate(random: RandomSource): Promise<KemKeyPair>;
  /** Throws SSH_KEY_EXCHANGE for a public key that fails the check of FIPS 203 section 7.2. */
  encapsulate(random: RandomSource, publicKey: Uint8Array): Promise<Encapsulated>;
}

export interface KemKeyPair {
  readonly publicKey: Uint8Array;
  /** A ciphertext of the right length always gives a secret; a forged one gives a wrong one (section 6.3). */
  decapsulate(ciphertext: Uint8Array): Uint8Array;
}

export interface Encapsulated {
  readonly ciphertext: Uint8Array;
  readonly secret: Uint8Array;
}

interface KemRow {
  readonly node: string;
  readonly noble: 'ml_kem768' | 'ml_kem1024';
  readonly publicKeyLength: number;
  readonly ciphertextLength: number;
  /** What stands before the key in its SubjectPublicKeyInfo (RFC 9935). */
  readonly spkiHead: string;
}

export const mlkem768: Kem = makeKem({
  node: 'ml-kem-768',
  noble: 'ml_kem768',
  publicKeyLength: 1184,
  ciphertextLength: 1088,
  spkiHead: '308204b2300b0609608648016503040402038204a100',
});

export const mlkem1024: Kem = makeKem({
  node: 'ml-kem-1024',
  noble: 'ml_kem1024',
  publicKeyLength: 1568,
  ciphertextLength: 1568,
  spkiHead: '30820632300b06096086480165030404030382062100',
});

/** node:crypto where it has ML-KEM and may draw for itself; for any other random source the library, which takes one. */
function makeKem(row: KemRow): Kem {
  const { publicKeyLength, ciphertextLength } = row;
  return {
    publicKeyLength,
    ciphertextLength,
    async generate(random) {
      if (random === systemRandom && NATIVE !== undefined) return generateNative(row, NATIVE);
      const kem = await library(row);
      const { publicKey, secretKey } = kem.keygen(randomBytes(64, random));
      return { publicKey, decapsulate: (ciphertext) => kem.decapsulate(ciphertext, secretKey) };
    },
    async encapsulate(random, publicKey) {
      checkPublicKey(publicKey, publicKeyLength);
      if (random === systemRandom && NATIVE !== undefined) return encapsulateNative(row, NATIVE, publicKey);
      const kem = await library(row);
      const { cipherText, sharedSecret } = kem.encapsulate(publicKey, randomBytes(32, random));
      return { ciphertext: cipherText, secret: sharedSecret };
    },
  };
}

const Q = 3329;

/** FIPS 203 section 7.2: the length, and every 12-bit coefficient (the last 32 bytes are a seed) below q. */
function checkPublicKey(key: Uint8Array, length: number): void {
  let sound = key.length === length;
  for (let at = 0; sound && at < length - 32; at += 3) {
    const middle = key[at + 1]!;
    sound = (key[at]! | ((middle & 0x0f) << 8)) < Q && ((middle >> 4) | (key[at + 2]! << 4)) < Q;
  }
  if (!sound) throw new WherryError('SSH_KEY_EXCHANGE', 'the peer sent an unsound ML-KEM public key');
}

/** What node:crypto has since Node 24.7 and the type package for Node 20 does not know. */
interface NativeKem {
  encapsulate(key: crypto.KeyObject): { sharedKey: Uint8Array; ciphertext: Uint8Array };
  decapsulate(key: crypto.KeyObject, ciphertext: Uint8Array): Uint8Array;
}

const generateKeyPair = crypto.generateKeyPairSync as unknown as (
  type: string,
) => crypto.KeyPairKeyObjectResult;

const NATIVE: NativeKem | undefined = findNative();

/** The functions alone prove nothing: Node may be linked to an OpenSSL before 3.5. */
function findNative(): NativeKem | undefined {
  const { encapsulate, decapsulate } = crypto as unknown as Partial<NativeKem>;
  if (encapsulate === undefined || decapsulate === undefined) return undefined;
  const [major, minor] = process.versions.openssl.split('.').map(Number);
  return major! > 3 || (major === 3 && minor! >= 5) ? { encapsulate, decapsulate } : undefined;
}

function generateNative(row: KemRow, native: NativeKem): KemKeyPair {
  const { publicKey, privateKey } = generateKeyPair(row.node);
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return {
    publicKey: spki.subarray(spki.length - row.publicKeyLength),
    decapsulate: (ciphertext) => native.decapsulate(privateKey, ciphertext),
  };
}

function encapsulateNative(row: KemRow, native: NativeKem, publicKey: Uint8Array): Encapsulated {
  const key = Buffer.concat([Buffer.from(row.spkiHead, 'hex'), publicKey]);
  const imported = crypto.createPublicKey({ key, format: 'der', type: 'spki' });
  const { ciphertext, sharedKey } = native.encapsulate(imported);
  return { ciphertext, secret: sharedKey };
}

type Library = typeof import('@noble/post-quantum/ml-kem.js');

async function library(row: KemRow): Promise<Library['ml_kem768']> {
  return (await import('@noble/post-quantum/ml-kem.js'))[row.noble];
}

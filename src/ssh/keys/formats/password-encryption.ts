/** Password-based encryption of PKCS#5 (RFC 8018), PKCS#12 (RFC 7292 appendix B) and scrypt (RFC 7914): opening only. */
import { createDecipheriv, createHash, pbkdf2Sync, scryptSync } from 'node:crypto';
import { DER_TAGS, type DerReader } from '../der.ts';
import { damaged, passphraseWrong, tooCostly, unsupported } from './key-errors.ts';
import { type BmpPassword, pkcs12Derive } from './pkcs12-kdf.ts';
import { decryptRc2 } from './rc2.ts';
import type { WorkBudget } from './work-budget.ts';

/** A passphrase in the two forms the schemes take it in. */
export interface Passphrase {
  readonly bytes: Uint8Array;
  readonly bmp: BmpPassword;
}

/**
 * How many rounds of PBKDF2 with SHA-256, which the limit counts, other work takes: a round in JavaScript with one native
 * hash, one of PBKDF2 with a hash of 64-bit words, one of scrypt.
 */
const HASH_ROUND = 6;
const LONG_HASH = 2.5;
const SCRYPT_ROUND = 1.5;
/** What scrypt does before and after its rounds, in rounds. */
const SCRYPT_ENDS = 4;
const SCRYPT_MEMORY = 64 * 1024 * 1024;

/** Opens a ciphertext with the key a scheme derives. */
type Opener = (data: Uint8Array) => Uint8Array;

/** One cipher: its key length in bytes, and how its parameters (an IV, mostly) and a key make an opener. */
interface CipherRow {
  readonly keyLength: number;
  open(key: Uint8Array, iv: Uint8Array, effectiveBits: number): Opener;
}

const aes = (name: string, keyLength: number): CipherRow => ({
  keyLength,
  open: (key, iv) => (data) => openCbc(name, key, iv, data),
});

const CIPHERS = {
  aes128: aes('aes-128-cbc', 16),
  aes192: aes('aes-192-cbc', 24),
  aes256: aes('aes-256-cbc', 32),
  camellia128: aes('camellia-128-cbc', 16),
  camellia192: aes('camellia-192-cbc', 24),
  camellia256: aes('camellia-256-cbc', 32),
  tripleDes: aes('des-ede3-cbc', 24),
  // OpenSSL 3 keeps single DES in its legacy provider; three times the same key is the same.
  des: {
    keyLength: 8,
    open: (key, iv) => (data) => openCbc('des-ede3-cbc', Buffer.concat([key, key, key]), iv, data),
  },
  tripleDesTwoKeys: {
    keyLength: 16,
    open: (key, iv) => (data) => openCbc('des-ede3-cbc', Buffer.concat([key, key.subarray(0, 8)]), iv, data),
  },
  rc2: {
    keyLength: 16,
    open: (key, iv, bits) => (data) => unpad(decryptRc2(key, bits, iv, wholeBlocks(data, 8)), 8),
  },
} satisfies Record<string, CipherRow>;

/** The ciphers of PBES2 (RFC 8018 appendix B.2, RFC 3657, NIST). */
const PBES2_CIPHERS: Readonly<Record<string, CipherRow>> = {
  '2.16.840.1.101.3.4.1.2': CIPHERS.aes128,
  '2.16.840.1.101.3.4.1.22': CIPHERS.aes192,
  '2.16.840.1.101.3.4.1.42': CIPHERS.aes256,
  '1.2.840.113549.3.7': CIPHERS.tripleDes,
  '1.3.14.3.2.7': CIPHERS.des,
  '1.2.392.200011.61.1.1.1.2': CIPHERS.camellia128,
  '1.2.392.200011.61.1.1.1.3': CIPHERS.camellia192,
  '1.2.392.200011.61.1.1.1.4': CIPHERS.camellia256,
};

/** The hashes of PBKDF2 (RFC 8018 appendix B.1). */
const PRFS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'sha1',
  '1.2.840.113549.2.8': 'sha224',
  '1.2.840.113549.2.9': 'sha256',
  '1.2.840.113549.2.10': 'sha384',
  '1.2.840.113549.2.11': 'sha512',
  '1.2.840.113549.2.12': 'sha512-224',
  '1.2.840.113549.2.13': 'sha512-256',
};

/** PBES1 (RFC 8018 section 6.1): hash and cipher; an eight-byte key and IV. */
const PBES1: Readonly<Record<string, readonly [string, CipherRow]>> = {
  '1.2.840.113549.1.5.3': ['md5', CIPHERS.des],
  '1.2.840.113549.1.5.6': ['md5', { ...CIPHERS.rc2, keyLength: 8 }],
  '1.2.840.113549.1.5.10': ['sha1', CIPHERS.des],
  '1.2.840.113549.1.5.11': ['sha1', { ...CIPHERS.rc2, keyLength: 8 }],
};

/** PKCS#12's schemes (RFC 7292 appendix C). */
const PKCS12: Readonly<Record<string, CipherRow>> = {
  '1.2.840.113549.1.12.1.3': CIPHERS.tripleDes,
  '1.2.840.113549.1.12.1.4': CIPHERS.tripleDesTwoKeys,
  '1.2.840.113549.1.12.1.5': CIPHERS.rc2,
  '1.2.840.113549.1.12.1.6': { ...CIPHERS.rc2, keyLength: 5 },
};

const PBES2 = '1.2.840.113549.1.5.13';
const PBKDF2 = '1.2.840.113549.1.5.12';
const SCRYPT = '1.3.6.1.4.1.11591.4.11';

/**
 * Opens what an AlgorithmIdentifier says is encrypted with a passphrase. KEY_UNSUPPORTED for a scheme not known or one
 * that asks for too much work, KEY_PASSPHRASE_WRONG when nothing sensible comes out. The passphrase is asked for
 * last, so that a file that cannot be opened says so without one.
 */
export function openEncrypted(
  algorithm: DerReader,
  data: Uint8Array,
  passphrase: () => Passphrase,
  budget: WorkBudget,
): Uint8Array {
  const oid = algorithm.oid();
  const parameters = algorithm.sequence();
  if (oid === PBES2) return pbes2(parameters, passphrase, budget)(data);
  const own = (table: Readonly<Record<string, unknown>>): boolean => Object.hasOwn(table, oid);
  if (!own(PBES1) && !own(PKCS12)) throw notKnown(`scheme ${oid}`);
  const salt = parameters.octetString();
  const rounds = parameters.integer();
  budget.spend('pbkdf2Iterations', rounds, 'rounds of work', HASH_ROUND * (own(PBES1) ? 1 : 3));
  if (own(PBES1)) {
    const [hash, cipher] = PBES1[oid]!;
    const derived = pbkdf1(hash, passphrase().bytes, salt, rounds);
    return cipher.open(derived.subarray(0, 8), derived.subarray(8, 16), 64)(data);
  }
  const cipher = PKCS12[oid]!;
  const { bmp } = passphrase();
  const key = pkcs12Derive('sha1', bmp, salt, rounds, 1, cipher.keyLength);
  const iv = pkcs12Derive('sha1', bmp, salt, rounds, 2, 8);
  return cipher.open(key, iv, cipher.keyLength * 8)(data);
}

function pbes2(parameters: DerReader, passphrase: () => Passphrase, budget: WorkBudget): Opener {
  const kdf = parameters.sequence();
  const scheme = parameters.sequence();
  const cipherOid = scheme.oid();
  const cipher = Object.hasOwn(PBES2_CIPHERS, cipherOid) ? PBES2_CIPHERS[cipherOid]! : undefined;
  if (cipher === undefined) throw notKnown(`cipher ${cipherOid}`);
  const iv = scheme.octetString();
  const kdfOid = kdf.oid();
  const derive = kdfOid === PBKDF2 ? pbkdf2 : kdfOid === SCRYPT ? scrypt : undefined;
  if (derive === undefined) throw notKnown(`key derivation ${kdfOid}`);
  const key = derive(kdf.sequence(), cipher.keyLength, passphrase, budget);
  return cipher.open(key, iv, cipher.keyLength * 8);
}

type Derive = (
  parameters: DerReader,
  keyLength: number,
  passphrase: () => Passphrase,
  budget: WorkBudget,
) => Uint8Array;

const pbkdf2: Derive = (parameters, keyLength, passphrase, budget) => {
  const salt = parameters.octetString();
  const rounds = parameters.integer();
  if (parameters.peek() === DER_TAGS.integer) parameters.integer();
  const prf = parameters.remaining > 0 ? parameters.sequence().oid() : '1.2.840.113549.2.7';
  const hash = Object.hasOwn(PRFS, prf) ? PRFS[prf] : undefined;
  if (hash === undefined) throw notKnown(`pseudo-random function ${prf}`);
  const blocks = hash === 'sha1' || hash.endsWith('224') ? 2 : 1;
  const weight = /^sha(?:384|512)/.test(hash) ? LONG_HASH : 1;
  budget.spend('pbkdf2Iterations', rounds, 'rounds of work', blocks * weight);
  return pbkdf2Sync(passphrase().bytes, salt, rounds, keyLength, hash);
};

/** RFC 7914 section 7.1: salt, N, r, p; the time goes with the product of the three. */
const scrypt: Derive = (parameters, keyLength, passphrase, budget) => {
  const salt = parameters.octetString();
  const [N, r, p] = [parameters.integer(), parameters.integer(), parameters.integer()];
  budget.spend('pbkdf2Iterations', (N + SCRYPT_ENDS) * r * p, 'rounds of work', SCRYPT_ROUND);
  if (128 * N * r > SCRYPT_MEMORY - 1024 * 1024)
    throw tooCostly('pbkdf2Iterations', N * r * p, 'rounds of work');
  try {
    return scryptSync(passphrase().bytes, salt, keyLength, { N, r, p, maxmem: SCRYPT_MEMORY });
  } catch (error) {
    if (error instanceof Error && 'details' in error) throw error;
    throw damaged('its scrypt parameters are out of range', error);
  }
};

function pbkdf1(hash: string, password: Uint8Array, salt: Uint8Array, rounds: number): Uint8Array {
  let digest: Uint8Array = createHash(hash).update(password).update(salt).digest();
  for (let i = 1; i < rounds; i++) digest = createHash(hash).update(digest).digest();
  return digest;
}

function openCbc(name: string, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv(name, key, iv);
    return Buffer.concat([decipher.update(data), decipher.final()]);
  } catch (error) {
    throw passphraseWrong(false, error);
  }
}

function wholeBlocks(data: Uint8Array, block: number): Uint8Array {
  if (data.length === 0 || data.length % block !== 0) throw damaged('its encrypted part is cut');
  return data;
}

function unpad(plain: Uint8Array, block: number): Uint8Array {
  const count = plain.at(-1)!;
  const padding = plain.subarray(plain.length - count);
  if (count === 0 || count > block || padding.some((byte) => byte !== count)) throw passphraseWrong(false);
  return plain.subarray(0, plain.length - count);
}

function notKnown(what: string): Error {
  return unsupported(`the private key is encrypted with ${what}, which is not supported`);
}

import { createHash, type KeyObject, sign, verify } from 'node:crypto';
import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { WireReader } from '../wire/reader.ts';
import { WireWriter } from '../wire/writer.ts';
import { type AlgorithmRow, defaultNames } from './security.ts';

/** One public key signature algorithm: the names of KEXINIT, server-sig-algs and USERAUTH_REQUEST. */
export interface SignatureRow extends AlgorithmRow {
  /** The type of the keys it signs with, as the key blob names it. */
  readonly keyType: string;
  readonly family: 'ed25519' | 'ed448' | 'ec' | 'rsa' | 'dsa';
  /** node:crypto's name; null where the algorithm hashes by itself. */
  readonly hash: string | null;
  /** For ECDSA, node:crypto's curve name. */
  readonly curve?: string;
  /** For ECDSA and DSA, the bytes of each of the two numbers. */
  readonly size?: number;
  /** Made by a FIDO security key, which signs more than it is given. Verified here, not made. */
  readonly securityKey?: true;
}

/** The signature algorithms, in the order they are offered. */
export const SIGNATURE_ALGORITHMS = {
  'ssh-ed25519': {
    keyType: 'ssh-ed25519',
    family: 'ed25519',
    hash: null,
    security: 'default',
    ref: 'RFC 8709 section 6',
  },
  'ecdsa-sha2-nistp256': {
    keyType: 'ecdsa-sha2-nistp256',
    family: 'ec',
    hash: 'sha256',
    curve: 'prime256v1',
    size: 32,
    security: 'default',
    ref: 'RFC 5656 section 3.1.2',
  },
  'ecdsa-sha2-nistp384': {
    keyType: 'ecdsa-sha2-nistp384',
    family: 'ec',
    hash: 'sha384',
    curve: 'secp384r1',
    size: 48,
    security: 'default',
    ref: 'RFC 5656 section 3.1.2',
  },
  'ecdsa-sha2-nistp521': {
    keyType: 'ecdsa-sha2-nistp521',
    family: 'ec',
    hash: 'sha512',
    curve: 'secp521r1',
    size: 66,
    security: 'default',
    ref: 'RFC 5656 section 3.1.2',
  },
  'rsa-sha2-512': {
    keyType: 'ssh-rsa',
    family: 'rsa',
    hash: 'sha512',
    security: 'default',
    ref: 'RFC 8332 section 3',
  },
  'rsa-sha2-256': {
    keyType: 'ssh-rsa',
    family: 'rsa',
    hash: 'sha256',
    security: 'default',
    ref: 'RFC 8332 section 3',
  },
  'ssh-rsa': {
    keyType: 'ssh-rsa',
    family: 'rsa',
    hash: 'sha1',
    security: 'insecure',
    ref: 'RFC 4253 section 6.6',
  },
  'ssh-ed448': {
    keyType: 'ssh-ed448',
    family: 'ed448',
    hash: null,
    security: 'supported',
    ref: 'RFC 8709 section 6',
  },
  'sk-ssh-ed25519@openssh.com': {
    keyType: 'sk-ssh-ed25519@openssh.com',
    family: 'ed25519',
    hash: null,
    securityKey: true,
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.u2f',
  },
  'sk-ecdsa-sha2-nistp256@openssh.com': {
    keyType: 'sk-ecdsa-sha2-nistp256@openssh.com',
    family: 'ec',
    hash: 'sha256',
    curve: 'prime256v1',
    size: 32,
    securityKey: true,
    security: 'supported',
    ref: 'OpenSSH PROTOCOL.u2f',
  },
  'ssh-dss': {
    keyType: 'ssh-dss',
    family: 'dsa',
    hash: 'sha1',
    size: 20,
    security: 'insecure',
    ref: 'RFC 4253 section 6.6',
  },
} as const;
SIGNATURE_ALGORITHMS satisfies Record<string, SignatureRow>;

export type SignatureName = keyof typeof SIGNATURE_ALGORITHMS;

/** The host key algorithms offered when the user chooses none. */
export const hostKeyAlgorithms: readonly string[] = defaultNames(SIGNATURE_ALGORITHMS);

/** Whether there is a row of that name. */
export function isSignatureName(name: string): name is SignatureName {
  return Object.hasOwn(SIGNATURE_ALGORITHMS, name);
}

/** The algorithms a key of that type can sign with, best first: three for `ssh-rsa`, one for the others. */
export function signaturesForKey(keyType: string): SignatureName[] {
  const names = Object.keys(SIGNATURE_ALGORITHMS) as SignatureName[];
  return names.filter((name) => SIGNATURE_ALGORITHMS[name].keyType === keyType);
}

/**
 * Whether `blob` (RFC 4253 section 6.6: name, then signature) is a signature of `data` by `key`, made with
 * exactly `algorithm`. A malformed blob, another algorithm's name inside it or a key of another kind is false.
 * `application` is the one of a security key.
 */
export function verifySignature(
  algorithm: SignatureName,
  key: KeyObject,
  data: Uint8Array,
  blob: Uint8Array,
  application?: string,
): boolean {
  const row: SignatureRow = SIGNATURE_ALGORITHMS[algorithm];
  if (!keyFits(row, key)) return false;
  try {
    const reader = new WireReader(blob, 0, 'signature');
    if (reader.text() !== algorithm) return false;
    const body = reader.string();
    const signed = row.securityKey ? signedByDevice(reader, data, application) : data;
    reader.end();
    const signature = ENCODINGS[row.family].fromWire(body, row, key);
    return (
      signed !== undefined &&
      signature !== undefined &&
      verify(row.hash, signed, keyInput(key), signature) === true
    );
  } catch {
    return false;
  }
}

/** PROTOCOL.u2f: what a security key signs holds its flags and counter, which stand behind the signature. */
function signedByDevice(
  reader: WireReader,
  data: Uint8Array,
  application: string | undefined,
): Uint8Array | undefined {
  const flagsAndCounter = reader.raw(5);
  if (application === undefined) return undefined;
  const digest = (bytes: Uint8Array | string): Uint8Array => createHash('sha256').update(bytes).digest();
  return Buffer.concat([digest(application), flagsAndCounter, digest(data)]);
}

/**
 * The whole signature blob of `data` by a private key. INVALID_ARGUMENT when the key cannot make signatures
 * of that algorithm.
 */
export function signData(algorithm: SignatureName, key: KeyObject, data: Uint8Array): Uint8Array {
  const row: SignatureRow = SIGNATURE_ALGORITHMS[algorithm];
  if (key.type !== 'private' || row.securityKey || !keyFits(row, key)) {
    throw new WherryError('INVALID_ARGUMENT', `this key cannot make ${algorithm} signatures`, {
      keyType: key.asymmetricKeyType ?? key.type,
    });
  }
  return signatureBlob(algorithm, sign(row.hash, data, keyInput(key)));
}

/** The whole signature blob around a signature as node:crypto makes them; of ECDSA both numbers at full length. */
export function signatureBlob(algorithm: SignatureName, signature: Uint8Array): Uint8Array {
  const row: SignatureRow = SIGNATURE_ALGORITHMS[algorithm];
  return new WireWriter().text(algorithm).string(ENCODINGS[row.family].toWire(signature, row)).finish();
}

function keyInput(key: KeyObject): { key: KeyObject; dsaEncoding: 'ieee-p1363' } {
  return { key, dsaEncoding: 'ieee-p1363' };
}

function keyFits(row: SignatureRow, key: KeyObject): boolean {
  if (key.asymmetricKeyType !== row.family) return false;
  const { namedCurve, modulusLength = 0, divisorLength } = key.asymmetricKeyDetails ?? {};
  if (row.family === 'ec') return namedCurve === row.curve;
  if (row.family === 'ed25519' || row.family === 'ed448') return true;
  // The only size with a meaning in SSH: q and the hash have the same length.
  if (row.family === 'dsa') return modulusLength === 1024 && divisorLength === 160;
  return modulusLength >= LIMITS.rsaBitsMin.value && modulusLength <= LIMITS.rsaBitsMax.value;
}

/** Between a signature as SSH carries it and as node:crypto takes it; undefined for one that cannot be right. */
interface Encoding {
  fromWire(body: Uint8Array, row: SignatureRow, key: KeyObject): Uint8Array | undefined;
  toWire(signature: Uint8Array, row: SignatureRow): Uint8Array;
}

const edwards = (length: number): Encoding => ({
  fromWire: (body) => (body.length === length ? body : undefined),
  toWire: (signature) => signature,
});

const ENCODINGS: Record<SignatureRow['family'], Encoding> = {
  ed25519: edwards(64),
  ed448: edwards(114),
  ec: {
    fromWire(body, row) {
      const reader = new WireReader(body, 0, 'ECDSA signature');
      const r = reader.mpint();
      const s = reader.mpint();
      reader.end();
      const size = row.size!;
      if (r.length > size || s.length > size) return undefined;
      const joined = new Uint8Array(2 * size);
      joined.set(r, size - r.length);
      joined.set(s, 2 * size - s.length);
      return joined;
    },
    toWire(signature, row) {
      const size = row.size!;
      return new WireWriter().mpint(signature.subarray(0, size)).mpint(signature.subarray(size)).finish();
    },
  },
  dsa: {
    fromWire: (body, row) => (body.length === 2 * row.size! ? body : undefined),
    toWire: (signature) => signature,
  },
  rsa: {
    // Some signers drop leading zero bytes; OpenSSH (ssh-rsa.c) takes such a signature, so padding is ours to add.
    fromWire(body, _row, key) {
      const size = Math.ceil((key.asymmetricKeyDetails?.modulusLength ?? 0) / 8);
      if (body.length === 0 || body.length > size) return undefined;
      if (body.length === size) return body;
      const padded = new Uint8Array(size);
      padded.set(body, size - body.length);
      return padded;
    },
    toWire: (signature) => signature,
  },
};

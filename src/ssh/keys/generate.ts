import { generateKeyPair, type KeyObject } from 'node:crypto';
import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import { WorkBudget } from './formats/work-budget.ts';
import { makePrivateKey, type PrivateKey } from './key-pair.ts';

/** What kind of key to make. */
export type GeneratedKeyType = 'ed25519' | 'ecdsa' | 'rsa';

/** How to make a key. */
export interface GenerateKeyOptions {
  /** `ecdsa`: 256 (default), 384 or 521. `rsa`: 2048 to 16384, default 3072. `ed25519` has one size. */
  readonly bits?: number;
  readonly comment?: string;
}

const ECDSA_CURVES: ReadonlyMap<number, string> = new Map([
  [256, 'prime256v1'],
  [384, 'secp384r1'],
  [521, 'secp521r1'],
]);
const RSA_MIN = 2048;

/**
 * Makes a new key with node:crypto's generator. INVALID_ARGUMENT for a type or size that is not made.
 *
 * @example
 * ```ts
 * import { formatPrivateKey, formatPublicKey, generateKey } from 'wherry/keys';
 *
 * const key = await generateKey('ed25519', { comment: 'deploy' });
 * const [secret, line] = [formatPrivateKey(key), formatPublicKey(key.publicKey, { comment: 'deploy' })];
 * ```
 */
export async function generateKey(
  type: GeneratedKeyType = 'ed25519',
  options: GenerateKeyOptions = {},
): Promise<PrivateKey> {
  const make = Object.hasOwn(MAKERS, type) ? MAKERS[type] : undefined;
  if (make === undefined) {
    throw new WherryError(
      'INVALID_ARGUMENT',
      `no key type that is made; known: ${Object.keys(MAKERS).join(', ')}`,
    );
  }
  return makePrivateKey(await make(options.bits), options.comment ?? '', new WorkBudget());
}

const MAKERS: Readonly<Record<GeneratedKeyType, (bits: number | undefined) => Promise<KeyObject>>> = {
  ed25519(bits = 256) {
    if (bits !== 256) throw wrongBits('ed25519', '256', bits);
    return promised((done) => generateKeyPair('ed25519', undefined, done));
  },
  ecdsa(bits = 256) {
    const namedCurve = ECDSA_CURVES.get(bits);
    if (namedCurve === undefined) throw wrongBits('ecdsa', [...ECDSA_CURVES.keys()].join(', '), bits);
    return promised((done) => generateKeyPair('ec', { namedCurve }, done));
  },
  rsa(bits = 3072) {
    const max = LIMITS.rsaBitsMax.value;
    if (!Number.isInteger(bits) || bits < RSA_MIN || bits > max) {
      throw wrongBits('rsa', `${RSA_MIN} to ${max}`, bits);
    }
    return promised((done) => generateKeyPair('rsa', { modulusLength: bits }, done));
  },
};

type Done = (error: Error | null, publicKey: KeyObject, privateKey: KeyObject) => void;

function promised(start: (done: Done) => void): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    start((error, _publicKey, privateKey) => (error === null ? resolve(privateKey) : reject(error)));
  });
}

function wrongBits(type: string, expected: string, actual: number): WherryError {
  const text = `${type} keys are made of ${expected} bits, not ${actual}`;
  return new WherryError('INVALID_ARGUMENT', text, { expected, actual });
}

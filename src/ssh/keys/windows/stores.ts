/** What is asked of the certificate stores of Windows, and what goes wrong there. */
import type { ErrorCode } from '../../../base/error-codes.ts';
import { WherryError } from '../../../base/errors.ts';
import { sanitize } from '../../../base/text.ts';

/** A store by its name, such as MY, CA or ROOT: that of the user, or that of the machine. */
export interface StorePlace {
  readonly owner: 'user' | 'machine';
  readonly name: string;
}

export interface StoredCertificate {
  readonly der: Uint8Array;
  /** Empty where it has none. */
  readonly friendlyName: string;
  /** The name of the container its private key is in; undefined where there is no private key. */
  readonly container: string | undefined;
}

/** A hash to be signed, by node:crypto's names. */
export interface SignRequest {
  readonly family: 'rsa' | 'ec';
  readonly hash: string;
  readonly digest: Uint8Array;
}

export interface WindowsStores {
  list(place: StorePlace): StoredCertificate[];
  /** The signature node:crypto would make, by the private key of the certificate with this SHA-1. */
  sign(place: StorePlace, sha1: Uint8Array, request: SignRequest): Uint8Array;
}

const FILE_NOT_FOUND = 2;

/** The statuses that mean more than that Windows failed. */
const CODES: ReadonlyMap<number, ErrorCode> = new Map([
  [0x8010_006b, 'KEY_PASSPHRASE_WRONG'], // SCARD_W_WRONG_CHV
]);

/** TOKEN_FAILED in the words of Windows; details.errno is its number. */
export function storeError(what: string, status: number, words: string): WherryError {
  const number = status >>> 0;
  const text = `the certificate store of Windows failed at ${what}: ${sanitize(words, 256)}`;
  return new WherryError(CODES.get(number) ?? 'TOKEN_FAILED', text, { errno: `0x${number.toString(16)}` });
}

export function cannotOpen(place: StorePlace, status: number, words: string): WherryError {
  if (status !== FILE_NOT_FOUND) return storeError(`opening ${sanitize(place.name, 64)}`, status, words);
  const text = `Windows has no certificate store ${sanitize(place.name, 64)} of the ${place.owner}`;
  return new WherryError('INVALID_ARGUMENT', text);
}

/** What goes wrong with key files, in one wording for all formats. */
import { WherryError } from '../../../base/errors.ts';
import { LIMITS, type LimitName } from '../../../base/limits.ts';

export function damaged(why: string, cause?: unknown): WherryError {
  return new WherryError('KEY_FORMAT', `the key is damaged: ${why}`, {}, cause);
}

export function unsupported(why: string, keyType?: string): WherryError {
  return new WherryError('KEY_UNSUPPORTED', why, keyType === undefined ? {} : { keyType });
}

export function passphraseRequired(cause?: unknown): WherryError {
  const text = 'the private key is encrypted: a passphrase is needed';
  return new WherryError('KEY_PASSPHRASE_REQUIRED', text, {}, cause);
}

/** `sure` where a checksum tells a wrong passphrase from damage. */
export function passphraseWrong(sure: boolean, cause?: unknown): WherryError {
  const text = `the passphrase does not open the private key${sure ? '' : ', or the file is damaged'}`;
  return new WherryError('KEY_PASSPHRASE_WRONG', text, {}, cause);
}

/** KEY_UNSUPPORTED for a file that asks for more work or memory than LIMITS allow. */
export function tooCostly(limit: LimitName, actual: number, what: string): WherryError {
  const expected: number = LIMITS[limit].value;
  return new WherryError('KEY_UNSUPPORTED', `the private key asks for ${actual} ${what}, over ${expected}`, {
    limit,
    expected,
    actual,
  });
}

import { WherryError } from '../../../base/errors.ts';
import { sanitize } from '../../../base/text.ts';

/** GSSAPI_FAILED with what the library says of both of its status numbers. */
export function gssError(what: string, words: readonly string[], gssStatus: number): WherryError {
  const said = words.filter((one) => one !== '').map((one) => sanitize(one, 256));
  return new WherryError('GSSAPI_FAILED', `Kerberos, ${what}: ${said.join('; ')}`, { gssStatus });
}

import { type ErrorCode, isWherryError, type WherryError } from '../../index.ts';
import { EngineError, InternalError, isEngineError } from '../errors.ts';
import { printable } from '../text.ts';

/** What to do about it, by error code; `{host}` and the like come from the details. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  CONNECT_HOST_NOT_FOUND: 'check the host name',
  CONNECT_REFUSED: 'check host and port: does an SSH server listen there?',
  CONNECT_TIMEOUT: 'check host and port, or raise connect_timeout',
  CONNECT_FAILED: 'check host and port',
  CHANNEL_REQUEST_FAILED: 'does the server offer SFTP?',
  SFTP_NO_SUCH_FILE: 'check the path on the remote host',
  SFTP_PERMISSION_DENIED: 'check the permissions on the remote host, and the user name',
  SCP_FAILED: 'check the path and the permissions on the remote host',
};

/** Messages of our own, where the library speaks of its own options. */
const WORDS: Partial<Record<ErrorCode, (error: WherryError, target: string) => string>> = {
  HOST_KEY_UNKNOWN: (error, target) =>
    `${target} shows the host key ${keyOf(error)}, and no line of hostkey is for it: compare the key with what the ` +
    'owner of the host tells you, then put it into hostkey',
  HOST_KEY_CHANGED: (error, target) =>
    `${target} shows the host key ${keyOf(error)}, which is not the one in hostkey: somebody may be in between; ` +
    'ask the owner of the host before you change hostkey',
  HOST_KEY_REJECTED: (error, target) =>
    `${target} shows the host key ${keyOf(error)}, whose fingerprint is not the one in hostkey: somebody may be in ` +
    'between; ask the owner of the host before you change hostkey',
  HOST_KEY_REVOKED: (error, target) =>
    `${target} shows the host key ${keyOf(error)}, which hostkey marks as revoked`,
  AUTH_FAILED: ({ details, message }, target) =>
    `${target} refused the login (${printable(message)}): check the user name and the key or password` +
    (details.allowed === undefined ? '' : `; the server takes ${printable(details.allowed.join(', '))}`),
};

/** A failure of a connector as an error of the engine: what happened, to what, and what to do. */
export function explain(error: unknown, target: string, doing: string): EngineError {
  if (isEngineError(error)) return error;
  if (!isWherryError(error)) {
    const text = error instanceof Error ? error.message : String(error);
    return new InternalError(`${doing}: ${printable(text)}`, error);
  }
  const words = WORDS[error.code]?.(error, target);
  if (words !== undefined) return new EngineError('CONNECTION_FAILED', words, error);
  const path = error.details.path ?? '';
  const about = path === '' || error.message.includes(path) ? '' : `${path}: `;
  const advice = ADVICE[error.code];
  const text = `${doing}: ${about}${printable(error.message, 1000)}${advice === undefined ? '' : `; ${advice}`}`;
  return new EngineError('CONNECTION_FAILED', text, error);
}

function keyOf({ details }: WherryError): string {
  return `${details.keyType} ${details.fingerprint}`;
}

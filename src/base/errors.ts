import type { ErrorCode } from './error-codes.ts';

const BRAND = Symbol.for('wherry.error');

/** One attempt to log in that was not the last word. */
export interface LoginAttempt {
  /** The method, and the key where there was one. */
  readonly method: string;
  /** The signature algorithm of a public key. */
  readonly algorithm?: string;
  /** `accepted` as one of several factors. */
  readonly outcome: 'refused' | 'accepted';
  /** What the server would go on with. */
  readonly allowed: readonly string[];
}

/** Facts that ride on an error; which ones are there depends on the code. Never a secret. */
export interface ErrorDetails {
  /** Host and port of the connection. */
  host?: string;
  port?: number;
  /** The proxy on the way, without its login. */
  proxy?: string;
  /** What was being done: `connect`, `version exchange`, `key exchange`, `login`, `download` … */
  phase?: string;
  /** The SFTP request or operation that failed. */
  operation?: string;
  /** The remote path. */
  path?: string;
  localPath?: string;
  /** SFTP status number of the reply. */
  sftpStatus?: number;
  /** The peer's own words, bounded and free of control characters. */
  serverMessage?: string;
  /** Reason number of SSH_MSG_DISCONNECT or SSH_MSG_CHANNEL_OPEN_FAILURE. */
  reason?: number;
  /** Both sides of a disagreement. */
  ours?: readonly string[];
  theirs?: readonly string[];
  /** Login: methods tried, methods the server would still take, whether one of several succeeded. */
  tried?: readonly string[];
  allowed?: readonly string[];
  partialSuccess?: boolean;
  /** Login: every attempt in turn, with its algorithm and what the server listed after it. */
  attempts?: readonly LoginAttempt[];
  /** SHA-256 fingerprint of the host key, `SHA256:` and base64. */
  fingerprint?: string;
  keyType?: string;
  /** Bytes: where a transfer failed, and up to where its target is complete. */
  offset?: number;
  safeLength?: number;
  expected?: number | string;
  actual?: number | string;
  /** Where the partial data of a failed download was left, when that was asked for. */
  partialPath?: string;
  limit?: string;
  /** System error code, such as `ECONNRESET`. */
  errno?: string;
  /** Major status of GSSAPI (RFC 2744 section 3.9.1). */
  gssStatus?: number;
}

/**
 * The one error class of Wherry. Match on `code`; `details` carries the facts and `cause` the error below.
 *
 * @example
 * ```ts
 * import { isWherryError } from 'wherry';
 *
 * function explain(error: unknown): string {
 *   return isWherryError(error) && error.code === 'HOST_KEY_UNKNOWN'
 *     ? `check this fingerprint: ${error.details.fingerprint}`
 *     : String(error);
 * }
 * ```
 */
export class WherryError extends Error {
  override readonly name: string = 'WherryError';
  readonly code: ErrorCode;
  readonly details: Readonly<ErrorDetails>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Whether `error` is a WherryError, also across two copies of the package.
 *
 * @example
 * ```ts
 * import { isWherryError } from 'wherry';
 *
 * const missing = await sftp.stat(`${remoteFolder}/missing`).catch((error) => error);
 * console.log(isWherryError(missing) && missing.code); // SFTP_NO_SUCH_FILE
 * ```
 */
export function isWherryError(error: unknown): error is WherryError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** The error as a WherryError; anything else is wrapped under `code` with itself as the cause. */
export function toWherryError(error: unknown, code: ErrorCode, details: ErrorDetails = {}): WherryError {
  if (isWherryError(error)) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new WherryError(code, text, details, error);
}

/** The same error with further details, keeping code, message and cause. */
export function withDetails(error: WherryError, more: ErrorDetails): WherryError {
  const copy = new WherryError(error.code, error.message, { ...more, ...error.details }, error.cause);
  if (error.stack !== undefined) copy.stack = error.stack;
  return copy;
}

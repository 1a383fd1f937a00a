import { isWherryError } from '../../index.ts';

/** Codes of ssh2-sftp-client for what goes wrong before the server is asked. */
export const CODES = {
  generic: 'ERR_GENERIC_CLIENT',
  connect: 'ERR_NOT_CONNECTED',
  badPath: 'ERR_BAD_PATH',
  notExist: 'ENOENT',
} as const;

/** An error in the form of ssh2-sftp-client: the method before the message; `cause` is Wherry's own error. */
export interface CompatError extends Error {
  /** An SFTP status number, a system error code, one of ERR_*, or a code of Wherry's. */
  code: string | number;
  custom: true;
}

export function compatError(
  method: string,
  message: string,
  code: string | number = CODES.generic,
  cause?: unknown,
): CompatError {
  const error = new Error(
    `${method}: ${message}`,
    cause === undefined ? undefined : { cause },
  ) as CompatError;
  error.code = code;
  error.custom = true;
  return error;
}

/** What a method failed with, as the library tells it: the server's own words, and what they are about behind them. */
export function failed(method: string, error: unknown, about = ''): CompatError {
  if (isCompatError(error)) return error;
  const behind = about === '' ? '' : ` ${about}`;
  if (!isWherryError(error)) {
    const { message, code } = error as NodeJS.ErrnoException;
    return compatError(method, `${message}${behind}`, code, error);
  }
  const { sftpStatus, serverMessage, errno } = error.details;
  const said = serverMessage !== undefined && serverMessage !== '' ? serverMessage : error.message;
  return compatError(method, `${said}${behind}`, sftpStatus ?? errno ?? error.code, error);
}

export function isCompatError(error: unknown): error is CompatError {
  return error instanceof Error && (error as Partial<CompatError>).custom === true;
}

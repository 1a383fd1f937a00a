import type { ErrorCode } from '../base/error-codes.ts';
import { type ErrorDetails, WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';

interface StatusRow {
  readonly number: number;
  readonly code: ErrorCode | undefined;
  readonly text: string;
}

/** Status codes, draft-ietf-secsh-filexfer-02 section 7. */
export const SFTP_STATUS = {
  SSH_FX_OK: { number: 0, code: undefined, text: 'success' },
  SSH_FX_EOF: { number: 1, code: 'SFTP_EOF', text: 'end of file' },
  SSH_FX_NO_SUCH_FILE: { number: 2, code: 'SFTP_NO_SUCH_FILE', text: 'no such file' },
  SSH_FX_PERMISSION_DENIED: { number: 3, code: 'SFTP_PERMISSION_DENIED', text: 'permission denied' },
  SSH_FX_FAILURE: { number: 4, code: 'SFTP_FAILURE', text: 'failure' },
  SSH_FX_BAD_MESSAGE: { number: 5, code: 'SFTP_BAD_MESSAGE', text: 'bad message' },
  SSH_FX_NO_CONNECTION: { number: 6, code: 'SFTP_NO_CONNECTION', text: 'no connection' },
  SSH_FX_CONNECTION_LOST: { number: 7, code: 'SFTP_CONNECTION_LOST', text: 'connection lost' },
  SSH_FX_OP_UNSUPPORTED: { number: 8, code: 'SFTP_OP_UNSUPPORTED', text: 'operation not supported' },
} as const;
SFTP_STATUS satisfies Record<string, StatusRow>;

const BY_NUMBER = new Map<number, StatusRow>(Object.values(SFTP_STATUS).map((row) => [row.number, row]));

/** The error for a status other than SSH_FX_OK; a number no draft defines counts as SSH_FX_FAILURE. */
export function statusError(status: number, message: string, details: ErrorDetails): WherryError {
  const row = BY_NUMBER.get(status);
  const serverMessage = sanitize(message);
  const said = serverMessage && serverMessage.toLowerCase() !== row?.text ? ` (${serverMessage})` : '';
  const what = [details.operation, details.path].filter((part) => part !== undefined).join(' ');
  const text = `${what === '' ? 'request' : what}: ${row?.text ?? `status ${status}`}${said}`;
  return new WherryError(row?.code ?? 'SFTP_FAILURE', text, {
    ...details,
    sftpStatus: status,
    serverMessage,
  });
}

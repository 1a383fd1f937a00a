import type { ErrorCode } from '../base/error-codes.ts';
import { type ErrorDetails, WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import type { WireReader } from '../ssh/wire/reader.ts';
import type { SftpVersion } from './versions.ts';

interface StatusRow {
  readonly number: number;
  readonly since: SftpVersion;
  readonly code: ErrorCode | undefined;
  readonly text: string;
}

/** Status codes: filexfer-02 section 7, -04 and -05 section 7, filexfer-13 section 9.1. */
export const SFTP_STATUS = {
  SSH_FX_OK: { number: 0, since: 3, code: undefined, text: 'success' },
  SSH_FX_EOF: { number: 1, since: 3, code: 'SFTP_EOF', text: 'end of file' },
  SSH_FX_NO_SUCH_FILE: { number: 2, since: 3, code: 'SFTP_NO_SUCH_FILE', text: 'no such file' },
  SSH_FX_PERMISSION_DENIED: {
    number: 3,
    since: 3,
    code: 'SFTP_PERMISSION_DENIED',
    text: 'permission denied',
  },
  SSH_FX_FAILURE: { number: 4, since: 3, code: 'SFTP_FAILURE', text: 'failure' },
  SSH_FX_BAD_MESSAGE: { number: 5, since: 3, code: 'SFTP_BAD_MESSAGE', text: 'bad message' },
  SSH_FX_NO_CONNECTION: { number: 6, since: 3, code: 'SFTP_NO_CONNECTION', text: 'no connection' },
  SSH_FX_CONNECTION_LOST: { number: 7, since: 3, code: 'SFTP_CONNECTION_LOST', text: 'connection lost' },
  SSH_FX_OP_UNSUPPORTED: {
    number: 8,
    since: 3,
    code: 'SFTP_OP_UNSUPPORTED',
    text: 'operation not supported',
  },
  SSH_FX_INVALID_HANDLE: { number: 9, since: 4, code: 'SFTP_INVALID_HANDLE', text: 'invalid handle' },
  SSH_FX_NO_SUCH_PATH: { number: 10, since: 4, code: 'SFTP_NO_SUCH_FILE', text: 'no such path' },
  SSH_FX_FILE_ALREADY_EXISTS: {
    number: 11,
    since: 4,
    code: 'SFTP_FILE_ALREADY_EXISTS',
    text: 'file already exists',
  },
  SSH_FX_WRITE_PROTECT: { number: 12, since: 4, code: 'SFTP_WRITE_PROTECT', text: 'write protected' },
  SSH_FX_NO_MEDIA: { number: 13, since: 4, code: 'SFTP_NO_MEDIA', text: 'no medium in the drive' },
  SSH_FX_NO_SPACE_ON_FILESYSTEM: { number: 14, since: 5, code: 'SFTP_NO_SPACE', text: 'no space left' },
  SSH_FX_QUOTA_EXCEEDED: { number: 15, since: 5, code: 'SFTP_QUOTA_EXCEEDED', text: 'quota exceeded' },
  SSH_FX_UNKNOWN_PRINCIPAL: {
    number: 16,
    since: 5,
    code: 'SFTP_UNKNOWN_PRINCIPAL',
    text: 'unknown user or group',
  },
  SSH_FX_LOCK_CONFLICT: { number: 17, since: 5, code: 'SFTP_LOCK_CONFLICT', text: 'locked by another' },
  SSH_FX_DIR_NOT_EMPTY: { number: 18, since: 6, code: 'SFTP_DIR_NOT_EMPTY', text: 'folder not empty' },
  SSH_FX_NOT_A_DIRECTORY: { number: 19, since: 6, code: 'SFTP_NOT_A_DIRECTORY', text: 'not a folder' },
  SSH_FX_INVALID_FILENAME: { number: 20, since: 6, code: 'SFTP_INVALID_FILENAME', text: 'invalid file name' },
  SSH_FX_LINK_LOOP: { number: 21, since: 6, code: 'SFTP_LINK_LOOP', text: 'too many links' },
  SSH_FX_CANNOT_DELETE: { number: 22, since: 6, code: 'SFTP_CANNOT_DELETE', text: 'cannot be deleted' },
  SSH_FX_INVALID_PARAMETER: {
    number: 23,
    since: 6,
    code: 'SFTP_INVALID_PARAMETER',
    text: 'invalid parameter',
  },
  SSH_FX_FILE_IS_A_DIRECTORY: { number: 24, since: 6, code: 'SFTP_IS_A_DIRECTORY', text: 'is a folder' },
  SSH_FX_BYTE_RANGE_LOCK_CONFLICT: {
    number: 25,
    since: 6,
    code: 'SFTP_LOCK_CONFLICT',
    text: 'range locked by another',
  },
  SSH_FX_BYTE_RANGE_LOCK_REFUSED: {
    number: 26,
    since: 6,
    code: 'SFTP_LOCK_REFUSED',
    text: 'lock refused',
  },
  SSH_FX_DELETE_PENDING: { number: 27, since: 6, code: 'SFTP_DELETE_PENDING', text: 'about to be deleted' },
  SSH_FX_FILE_CORRUPT: { number: 28, since: 6, code: 'SFTP_FILE_CORRUPT', text: 'file system damaged' },
  SSH_FX_OWNER_INVALID: { number: 29, since: 6, code: 'SFTP_OWNER_INVALID', text: 'owner not valid' },
  SSH_FX_GROUP_INVALID: { number: 30, since: 6, code: 'SFTP_GROUP_INVALID', text: 'group not valid' },
  SSH_FX_NO_MATCHING_BYTE_RANGE_LOCK: {
    number: 31,
    since: 6,
    code: 'SFTP_NO_MATCHING_LOCK',
    text: 'no such lock',
  },
} as const;
SFTP_STATUS satisfies Record<string, StatusRow>;

/** The name of a row of SFTP_STATUS. */
export type SftpStatusName = keyof typeof SFTP_STATUS;

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

/** Status number and message; the message is missing on some old servers. */
export function readStatus(body: WireReader): { status: number; message: string } {
  const status = body.u32();
  return { status, message: body.remaining >= 4 ? body.text() : '' };
}

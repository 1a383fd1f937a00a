/**
 * Every error code Wherry can report, one row each.
 *
 * `exit` is the exit code of the command line for it: 1 the transfer failed, 2 wrong use, 3 connection or
 * login, 4 host key. `disconnect` is the reason sent in SSH_MSG_DISCONNECT (RFC 4253 section 11.1) where the
 * error makes us end the connection.
 */
export const ERROR_CODES = {
  ABORTED: { exit: 1, doc: 'The AbortSignal given to the operation fired.' },
  CLOSED: { exit: 1, doc: 'Used after close(); `cause` says what closed it.' },
  INVALID_ARGUMENT: { exit: 2, doc: 'A parameter is missing, of the wrong type or out of range.' },
  LIMIT_EXCEEDED: {
    exit: 3,
    disconnect: 2,
    doc: 'The peer went over a bound of the LIMITS table; details.limit names it.',
  },
  TIMEOUT: {
    exit: 3,
    disconnect: 11,
    doc: 'Nothing happened for the time allowed; details.phase says where.',
  },

  CONNECT_FAILED: { exit: 3, doc: 'The TCP connection could not be made; `cause` is the system error.' },
  CONNECT_HOST_NOT_FOUND: { exit: 3, doc: 'The host name has no address.' },
  CONNECT_REFUSED: { exit: 3, doc: 'Nothing listens on that port, or a firewall refused.' },
  CONNECT_TIMEOUT: { exit: 3, doc: 'The TCP connection was not made in time.' },
  PROXY_AUTH_FAILED: { exit: 3, doc: 'The proxy wants a login, or refuses the one it was given.' },
  PROXY_FAILED: {
    exit: 3,
    doc: 'The proxy, or the proxy command, could not be reached, refused, or gave no usable answer; details.proxy.',
  },
  CONNECTION_LOST: { exit: 3, doc: 'The connection ended while it was in use.' },

  SSH_DISCONNECTED: { exit: 3, doc: 'The peer sent SSH_MSG_DISCONNECT; details.reason and serverMessage.' },
  SSH_HOST_KEY_SIGNATURE: {
    exit: 4,
    disconnect: 9,
    doc: 'The server could not prove that it owns its host key.',
  },
  SSH_KEY_EXCHANGE: { exit: 3, disconnect: 3, doc: 'The peer sent an unusable key exchange value.' },
  SSH_MAC: { exit: 3, disconnect: 5, doc: 'A packet failed its integrity check.' },
  SSH_MALFORMED: { exit: 3, disconnect: 2, doc: 'A packet or message could not be parsed.' },
  SSH_NEGOTIATION: {
    exit: 3,
    disconnect: 3,
    doc: 'The two sides share no algorithm; details.ours and details.theirs show both lists.',
  },
  SSH_PROTOCOL: {
    exit: 3,
    disconnect: 2,
    doc: 'A message arrived that is not legal in this state, or the peer does not know one that it must.',
  },
  SSH_VERSION_EXCHANGE: { exit: 3, doc: 'The peer did not identify itself as an SSH 2.0 server.' },

  HOST_KEY_CHANGED: { exit: 4, disconnect: 9, doc: 'Another host key is recorded for this host.' },
  HOST_KEY_REJECTED: { exit: 4, disconnect: 9, doc: 'The trust source refused the host key.' },
  HOST_KEY_REVOKED: { exit: 4, disconnect: 9, doc: 'The host key is marked @revoked.' },
  HOST_KEY_UNKNOWN: { exit: 4, disconnect: 9, doc: 'No trust source knows the host key.' },

  AUTH_FAILED: {
    exit: 3,
    disconnect: 14,
    doc: 'The server accepted none of the methods; details.tried and details.allowed.',
  },
  GSSAPI_FAILED: { exit: 3, doc: 'Kerberos refused, such as for want of a ticket; details.gssStatus.' },
  GSSAPI_UNAVAILABLE: {
    exit: 3,
    doc: 'Kerberos needs the package koffi and the system library libgssapi_krb5; one of them is missing.',
  },
  AGENT_FAILED: { exit: 3, doc: 'The SSH agent could not be reached or refused.' },
  TOKEN_FAILED: {
    exit: 3,
    doc: 'A PKCS#11 token or a certificate store of Windows could not be used, or refused.',
  },

  KEY_FORMAT: { exit: 2, doc: 'The bytes are no key of a format known here, or are damaged.' },
  KEY_PASSPHRASE_REQUIRED: { exit: 2, doc: 'The private key is encrypted and no passphrase was given.' },
  KEY_PASSPHRASE_WRONG: { exit: 2, doc: 'The passphrase does not open the private key.' },
  KEY_UNSUPPORTED: { exit: 2, doc: 'The key is well-formed, but of a kind or cipher not supported here.' },

  CHANNEL_CLOSED: { exit: 3, doc: 'The channel closed while the operation was under way.' },
  CHANNEL_OPEN_FAILED: { exit: 3, doc: 'The server refused to open a channel.' },
  CHANNEL_REQUEST_FAILED: { exit: 3, doc: 'The server refused a request, such as the sftp subsystem.' },

  SCP_FAILED: { exit: 1, doc: 'The remote scp refused or ended early; details.serverMessage has its words.' },

  SCP_UNAVAILABLE: { exit: 1, doc: 'The server does not run scp; the API copies by SFTP then.' },

  SFTP_BAD_MESSAGE: { exit: 1, doc: 'SSH_FX_BAD_MESSAGE: the server could not parse the request.' },
  SFTP_CONNECTION_LOST: { exit: 1, doc: 'SSH_FX_CONNECTION_LOST, as the server reports it.' },
  SFTP_EOF: { exit: 1, doc: 'SSH_FX_EOF where data was expected.' },
  SFTP_FAILURE: { exit: 1, doc: 'SSH_FX_FAILURE: the server gives no closer reason than its message.' },
  SFTP_NO_CONNECTION: { exit: 1, doc: 'SSH_FX_NO_CONNECTION, as the server reports it.' },
  SFTP_NO_SUCH_FILE: {
    exit: 1,
    doc: 'SSH_FX_NO_SUCH_FILE or SSH_FX_NO_SUCH_PATH: the path does not exist on the server.',
  },
  SFTP_OP_UNSUPPORTED: {
    exit: 1,
    doc: 'SSH_FX_OP_UNSUPPORTED, or an extension the server does not announce.',
  },
  SFTP_PERMISSION_DENIED: { exit: 1, doc: 'SSH_FX_PERMISSION_DENIED.' },
  SFTP_PROTOCOL: { exit: 3, doc: 'The server broke the SFTP protocol; the session is closed.' },

  SFTP_CANNOT_DELETE: { exit: 1, doc: 'SSH_FX_CANNOT_DELETE: the file may not be deleted.' },
  SFTP_DELETE_PENDING: { exit: 1, doc: 'SSH_FX_DELETE_PENDING: the file is about to be deleted.' },
  SFTP_DIR_NOT_EMPTY: { exit: 1, doc: 'SSH_FX_DIR_NOT_EMPTY: the folder still holds something.' },
  SFTP_FILE_ALREADY_EXISTS: {
    exit: 1,
    doc: 'SSH_FX_FILE_ALREADY_EXISTS, or a file that must not exist is there.',
  },
  SFTP_FILE_CORRUPT: { exit: 1, doc: 'SSH_FX_FILE_CORRUPT: the file system of the server is damaged.' },
  SFTP_GROUP_INVALID: { exit: 1, doc: 'SSH_FX_GROUP_INVALID: no such group on the server.' },
  SFTP_INVALID_FILENAME: { exit: 1, doc: 'SSH_FX_INVALID_FILENAME: the server can have no such name.' },
  SFTP_INVALID_HANDLE: { exit: 1, doc: 'SSH_FX_INVALID_HANDLE: the handle is not open.' },
  SFTP_INVALID_PARAMETER: { exit: 1, doc: 'SSH_FX_INVALID_PARAMETER.' },
  SFTP_IS_A_DIRECTORY: { exit: 1, doc: 'SSH_FX_FILE_IS_A_DIRECTORY: a folder where a file must be.' },
  SFTP_LINK_LOOP: { exit: 1, doc: 'SSH_FX_LINK_LOOP: symbolic links lead in a circle.' },
  SFTP_LOCK_CONFLICT: { exit: 1, doc: 'SSH_FX_LOCK_CONFLICT: another holds a lock on the file.' },
  SFTP_LOCK_REFUSED: { exit: 1, doc: 'SSH_FX_BYTE_RANGE_LOCK_REFUSED: the lock was not granted.' },
  SFTP_NOT_A_DIRECTORY: { exit: 1, doc: 'SSH_FX_NOT_A_DIRECTORY: a file where a folder must be.' },
  SFTP_NO_MATCHING_LOCK: { exit: 1, doc: 'SSH_FX_NO_MATCHING_BYTE_RANGE_LOCK: there is no such lock.' },
  SFTP_NO_MEDIA: { exit: 1, doc: 'SSH_FX_NO_MEDIA: the drive of the server is empty.' },
  SFTP_NO_SPACE: { exit: 1, doc: 'SSH_FX_NO_SPACE_ON_FILESYSTEM: the file system is full.' },
  SFTP_OWNER_INVALID: { exit: 1, doc: 'SSH_FX_OWNER_INVALID: no such user on the server.' },
  SFTP_QUOTA_EXCEEDED: { exit: 1, doc: 'SSH_FX_QUOTA_EXCEEDED: the user may store no more.' },
  SFTP_UNKNOWN_PRINCIPAL: {
    exit: 1,
    doc: 'SSH_FX_UNKNOWN_PRINCIPAL: a name of an owner, group or ACL entry.',
  },
  SFTP_WRITE_PROTECT: { exit: 1, doc: 'SSH_FX_WRITE_PROTECT: the file system is read-only.' },

  TRANSFER_LOCAL_FILE: {
    exit: 1,
    doc: 'Reading or writing the local file failed; `cause` is the system error.',
  },
  TRANSFER_SIZE_CHANGED: { exit: 1, doc: 'The source grew or shrank while it was read.' },
  TRANSFER_TARGET: { exit: 1, doc: 'The target cannot be used, such as a folder where a file must go.' },
  TRANSFER_VERIFY: {
    exit: 1,
    doc: 'After the transfer, both copies were compared by `verify`, and they differ.',
  },
  TRANSFER_UNSAFE_NAME: { exit: 1, doc: 'The server gave a file name that would leave the target folder.' },
} as const;

interface ErrorRow {
  readonly exit: 1 | 2 | 3 | 4;
  readonly disconnect?: number;
  readonly doc: string;
}
ERROR_CODES satisfies Record<string, ErrorRow>;

/** A stable error code: match on it, never on the message. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** The row of a code, typed uniformly. */
export function errorRow(code: ErrorCode): ErrorRow {
  return ERROR_CODES[code];
}

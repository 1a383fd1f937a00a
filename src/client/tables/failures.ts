import type { ErrorCode } from '../../index.ts';

/** The number that each failure of the core has here; what has no row goes by the beginning of its code. */
export const FAILURES: Readonly<Partial<Record<ErrorCode, number>>> = {
  ABORTED: 10004,
  CLOSED: 212,
  INVALID_ARGUMENT: 10022,
  LIMIT_EXCEEDED: 1105,
  TIMEOUT: 201,

  CONNECT_FAILED: 1036,
  CONNECT_HOST_NOT_FOUND: 11001,
  CONNECT_REFUSED: 10061,
  CONNECT_TIMEOUT: 201,
  CONNECTION_LOST: 1120,

  SSH_DISCONNECTED: 1001,
  SSH_HOST_KEY_SIGNATURE: 1031,
  SSH_KEY_EXCHANGE: 1034,
  SSH_MAC: 1015,
  SSH_MALFORMED: 1023,
  SSH_NEGOTIATION: 1003,
  SSH_PROTOCOL: 1027,
  SSH_VERSION_EXCHANGE: 1002,

  CHANNEL_CLOSED: 1001,
  CHANNEL_OPEN_FAILED: 1020,
  CHANNEL_REQUEST_FAILED: 1033,

  SFTP_PROTOCOL: 1105,
  TRANSFER_LOCAL_FILE: 302,
};

/** The number where the failure says what it was about, whatever its code. */
export const FAILURE_PHASES: Readonly<Record<string, number>> = {
  'channel data': 1022,
  'channel number': 1021,
  decompression: 1016,
  'keep-alive': 1039,
  'name encoding': 434,
};

/** The number for a family of codes. */
export const FAILURE_FAMILIES: readonly (readonly [beginning: string, code: number])[] = [
  ['CONNECT_', 1036],
  ['PROXY_', 118],
  ['HOST_KEY_', 1030],
  ['AUTH_', 1032],
  ['AGENT_', 1032],
  ['GSSAPI_', 1032],
  ['KEY_', 1006],
  ['CERT', 1006],
  ['TOKEN_', 1006],
  ['CHANNEL_', 1033],
  ['SSH_', 1036],
  ['SFTP_', 1103],
  ['TRANSFER_', 1103],
  ['', 1098],
];

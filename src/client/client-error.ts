import { type ErrorCode, type ErrorDetails, isWherryError, type WherryError } from '../index.ts';
import { CLIENT_ERRORS, type ErrorGroup, type ErrorRow } from './tables/errors.ts';
import { FAILURE_FAMILIES, FAILURE_PHASES, FAILURES } from './tables/failures.ts';

const BY_ERRNO = new Map(CLIENT_ERRORS.flatMap((row) => (row.errno === undefined ? [] : [[row.errno, row]])));
/** Names that other systems, and Node's resolver, have for rows of the table. */
const SAME_ERRNO: Readonly<Record<string, string>> = {
  EPERM: 'EACCES',
  ENFILE: 'EMFILE',
  EDNS: 'ENOTFOUND',
  EAI_NONAME: 'ENOTFOUND',
  EAI_SERVICE: 'EAI_FAIL',
};

/** What rides along with a number. */
export interface ClientErrorExtras {
  readonly group?: ErrorGroup;
  readonly coreCode?: ErrorCode;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/**
 * What the methods and properties of SFTPClient fail with. `code` is the number of the reference, `message` says what
 * happened; the code of the core, the system's error name and the SFTP status ride along where there are such.
 *
 * @example
 * ```ts
 * import { SFTPClient, SFTPClientError } from 'wherry/client';
 *
 * const client = new SFTPClient();
 * try {
 *   client.sshPort = 70_000;
 * } catch (error) {
 *   if (error instanceof SFTPClientError) console.log(error.code, error.message); // 10022
 * }
 * ```
 */
export class SFTPClientError extends Error {
  override readonly name: string = 'SFTPClientError';
  readonly code: number;
  /** Which part of the table the number is from: 1105 stands in two. */
  readonly group: ErrorGroup;
  /** The code of the core, such as `HOST_KEY_UNKNOWN`. */
  readonly coreCode: ErrorCode | undefined;
  /** The system's name, such as `ECONNREFUSED`. */
  readonly errno: string | undefined;
  /** The status number of the SFTP reply. */
  readonly sftpStatus: number | undefined;
  readonly details: Readonly<ErrorDetails>;

  constructor(code: number, message?: string, extras: ClientErrorExtras = {}) {
    const row = errorRow(code, extras.group);
    super(message ?? row.text, extras.cause === undefined ? undefined : { cause: extras.cause });
    this.code = code;
    this.group = row.group;
    this.coreCode = extras.coreCode;
    this.details = extras.details ?? {};
    this.errno = this.details.errno ?? errnoOf(extras.cause);
    this.sftpStatus = this.details.sftpStatus;
  }

  /** What the number means in general. */
  get text(): string {
    return errorRow(this.code, this.group).text;
  }
}

function errorRow(code: number, group?: ErrorGroup): ErrorRow {
  const row = CLIENT_ERRORS.find((one) => one.code === code && (group === undefined || one.group === group));
  return row ?? { group: 'SFTPClient', code, text: '' };
}

/** The same failure under a number that says more. */
export function renumbered(error: SFTPClientError, code: number): SFTPClientError {
  const { coreCode, details, cause } = error;
  return new SFTPClientError(code, error.message, {
    group: 'SFTPClient',
    details,
    cause,
    ...(coreCode === undefined ? {} : { coreCode }),
  });
}

/** Any failure as the client's own error, by the tables. */
export function toClientError(error: unknown): SFTPClientError {
  if (error instanceof SFTPClientError) return error;
  if (!isWherryError(error)) return ofSystem(error);
  // A handler's or a check's own error, which the core has wrapped.
  if (error.cause instanceof SFTPClientError) return error.cause;
  const extras = { coreCode: error.code, details: error.details, cause: error };
  const network = networkRow(error);
  if (network !== undefined)
    return new SFTPClientError(network.code, `${network.text} ${error.message}`, extras);
  const { sftpStatus } = error.details;
  const message = sftpStatus === undefined ? error.message : `SFTP error ${sftpStatus}: ${error.message}`;
  return new SFTPClientError(numberOf(error), message, extras);
}

/** The network error an SSH failure goes back to; a local file's trouble is none. */
function networkRow(error: WherryError): ErrorRow | undefined {
  if (!/^CONNECT|^PROXY_/.test(error.code)) return undefined;
  const errno = error.details.errno ?? errnoOf(error.cause);
  return errno === undefined ? undefined : BY_ERRNO.get(SAME_ERRNO[errno] ?? errno);
}

function numberOf(error: WherryError): number {
  const { phase, ours, theirs } = error.details;
  if (phase !== undefined && FAILURE_PHASES[phase] !== undefined) return FAILURE_PHASES[phase];
  if (error.code === 'INVALID_ARGUMENT' && ours !== undefined) return 1005;
  if (error.code === 'INVALID_ARGUMENT' && error.details.errno !== undefined) return 302;
  if (error.code === 'SFTP_PROTOCOL' && theirs !== undefined) return 1102;
  // The key exchange that failed: those with elliptic curves have a number of their own.
  if (error.code === 'SSH_KEY_EXCHANGE' && /^(ecdh|curve|mlkem|sntrup)/.test(phase ?? '')) return 1038;
  return FAILURES[error.code] ?? FAILURE_FAMILIES.find(([beginning]) => error.code.startsWith(beginning))![1];
}

function ofSystem(error: unknown): SFTPClientError {
  const errno = errnoOf(error);
  const message = error instanceof Error ? error.message : String(error);
  return new SFTPClientError(errno === undefined ? 1098 : 302, message, { cause: error });
}

function errnoOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' && /^E[A-Z_]+$/.test(code) ? code : undefined;
}

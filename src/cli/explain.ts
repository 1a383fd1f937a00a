import { type ErrorCode, type ErrorDetails, isWherryError, type WherryError } from '../index.ts';
import type { CliOptions } from './options.ts';
import type { FailureView } from './report.ts';
import { RunFailed } from './run-failed.ts';
import { inWords, localTrouble } from './system-errors.ts';
import { UsageError } from './usage-error.ts';

interface Failed {
  readonly message: string;
  readonly details: ErrorDetails;
  readonly options: CliOptions;
  /** Paths stand there as they are typed, not in URLs. */
  readonly inShell: boolean;
  readonly command: string | undefined;
}

/** What was going on when it failed. */
interface Circumstances {
  readonly interruption?: string | undefined;
  readonly inShell?: boolean;
  readonly command?: string;
}

/** What to try, by error code. */
const HINTS: Partial<Record<ErrorCode, (failed: Failed) => string | undefined>> = {
  HOST_KEY_CHANGED: ({ details, options }) =>
    `ask the owner of the server. If the new key is right, ${forget(details, options)}, then run again with ` +
    `--host-key ${details.fingerprint}`,
  HOST_KEY_REJECTED: () => 'somebody may be in between: compare both with what the owner of the server says',
  CONNECT_HOST_NOT_FOUND: () => 'check the host name',
  CONNECT_REFUSED: () =>
    'does an SSH server listen there? Another port goes into the URL: sftp://host:port/…',
  CONNECTION_LOST: () => 'run it again; sync sends and fetches only what is missing',
  PROXY_FAILED: () => 'check host, port and kind of the proxy',
  CONNECT_TIMEOUT: () => 'check host and port; --timeout waits longer',
  TIMEOUT: () => '--timeout waits longer',
  AUTH_FAILED: loginHint,
  PROXY_AUTH_FAILED: ({ options }) =>
    options.proxyPasswordEnv === undefined
      ? 'a user name goes into the URL of the proxy, its password is given with --proxy-password-env NAME'
      : 'check the user name and the password',
  KEY_PASSPHRASE_REQUIRED: () => 'give it with --passphrase-env NAME',
  CHANNEL_REQUEST_FAILED: () => 'does the server offer SFTP?',
  SFTP_NO_SUCH_FILE: ({ details, inShell, command }) => {
    if (command === 'put' && details.operation === 'open')
      return 'is its folder there? wherry mkdir -p makes it';
    return details.path?.startsWith('/') && !inShell
      ? 'a path below the home folder is written sftp://host/~/…'
      : undefined;
  },
  SFTP_PERMISSION_DENIED: () =>
    'wherry stat shows whose it is; another user goes into the URL: sftp://user@host/…',
  SFTP_FAILURE: ({ details }) => FAILED[details.operation ?? ''],
  SFTP_IS_A_DIRECTORY: () => 'get -r fetches folders, rm -r removes them',
  SFTP_OP_UNSUPPORTED: () => 'this server cannot do that: another way is to get the file and put it back',
  TRANSFER_TARGET: ({ message, options, command }) =>
    /is a folder$/.test(message) && !options.recursive && command !== 'cat'
      ? '-r transfers folders'
      : undefined,
};

/** What is behind the one status that version 3 has for everything, by the request that got it. */
const FAILED: Readonly<Record<string, string>> = {
  open: 'is it a folder? get -r fetches folders',
  read: 'is it a folder? get -r fetches folders',
  write: 'is the disk of the server full? wherry df tells',
  mkdir: 'is there something of that name already? mkdir -p takes a folder that is there',
  rmdir: 'is the folder empty? rm -r removes it with all that is in it',
  remove: 'is it a folder? rm -r removes folders',
  rename: 'is there something at the target? mv -f replaces it',
  symlink: 'is there something of that name already?',
  hardlink: 'is there something of that name already?',
};

/**
 * An error in the words of the command line: what happened, to what, and what to try. With `interruption` that is
 * what happened, whatever it made fail.
 */
export function explain(
  error: unknown,
  options: CliOptions,
  { interruption, inShell = false, command }: Circumstances = {},
): FailureView {
  const stack = error instanceof Error ? error.stack : undefined;
  if (!isWherryError(error)) return { ...explainOther(error), stack };
  const { code, details } = error;
  if (code === 'HOST_KEY_UNKNOWN') return { code, message: unknownHost(details, options), details, stack };
  const incomplete = leftBehind(details, options);
  const parts =
    interruption === undefined
      ? [
          whatHappened(error),
          incomplete,
          HINTS[code]?.({ message: error.message, details, options, inShell, command }),
        ]
      : [interruption, incomplete];
  return { code, message: parts.filter((part) => part !== undefined).join('; '), details, stack };
}

/** What is no error of Wherry's: wrong use, trouble with a file or stdout, or a mistake in the program. */
function explainOther(error: unknown): Omit<FailureView, 'stack'> {
  if (error instanceof RunFailed)
    return { code: `RUN_${error.status.toUpperCase()}`, message: error.message, details: {} };
  if (error instanceof UsageError) return { code: 'INVALID_ARGUMENT', message: error.message, details: {} };
  const { syscall, code = '', path = 'stdout', message = String(error) } = error as NodeJS.ErrnoException;
  if (syscall === undefined) return { code: 'INTERNAL', message, details: {} };
  const text = localTrouble(syscall === 'write' ? 'write' : 'read', path, code);
  return { code: 'TRANSFER_LOCAL_FILE', message: text, details: { errno: code } };
}

/** How the recorded key is removed. */
function forget({ host, port }: ErrorDetails, options: CliOptions): string {
  const file = options.knownHosts === undefined ? '' : ` --known-hosts ${options.knownHosts}`;
  return `run wherry known-hosts remove${file} ${port === 22 ? host : `${host}:${port}`}`;
}

function unknownHost({ host, port, keyType, fingerprint }: ErrorDetails, options: CliOptions): string {
  const file = options.knownHosts ?? '~/.ssh/known_hosts';
  return (
    `the host key of ${host} port ${port} is not known: ${keyType} ${fingerprint}; compare it with what the ` +
    `owner of the server says, then run again with --host-key ${fingerprint} for this time, or with --accept-new ` +
    `to record it in ${file}`
  );
}

function loginHint({ details, options }: Failed): string | undefined {
  const { tried = [], allowed = [] } = details;
  if (options.passwordEnv !== undefined && tried.length > 0) return 'check the user name and the password';
  const advice = [
    ...(allowed.includes('publickey') ? ['a key with -i FILE'] : []),
    ...(allowed.includes('password') || allowed.includes('keyboard-interactive')
      ? ['a password with --password-env NAME']
      : []),
  ];
  return advice.length === 0 ? undefined : `give ${advice.join(' or ')}`;
}

/** The message of an error, and which file it hit, for a broken connection alone does not say that. */
function whatHappened({ code, message, details, cause }: WherryError): string {
  const { errno, operation, path, localPath } = details;
  if (code === 'TRANSFER_LOCAL_FILE' && errno !== undefined) {
    return operation === 'download'
      ? localTrouble('write', localPath ?? 'stdout', errno)
      : localTrouble('read', localPath ?? (cause as NodeJS.ErrnoException).path ?? 'stdin', errno);
  }
  if (errno !== undefined && message.endsWith(`: ${errno}`) && localPath !== undefined)
    return `${message.slice(0, -errno.length)}${inWords(errno)}`;
  const about = path ?? localPath;
  return about === undefined || message.includes(about) ? message : `${about}: ${message}`;
}

/** Uploads are written under their final name: what is left of one that broke off must be told. */
function leftBehind({ operation, path, safeLength }: ErrorDetails, options: CliOptions): string | undefined {
  if (safeLength === undefined || (operation !== 'upload' && operation !== 'write')) return undefined;
  if (options.recursive) return 'files that were under way are incomplete on the server';
  return `${path} on the server is incomplete beyond byte ${safeLength}`;
}

import { setTimeout as sleep } from 'node:timers/promises';
import {
  acceptAny,
  type Connection,
  type ConnectOptions,
  connect,
  fingerprints,
  formatLog,
  type HostKeyVerifier,
  knownHostsText,
  type LogEvent,
  openSftp,
  type Sftp,
} from '../../index.ts';
import { InternalError, TimeoutExceededError } from '../errors.ts';
import { readKey } from '../schema/rules.ts';
import type { Hostkey, PasswordAuthentication, Port, SshKeyAuthentication } from '../schema/types.ts';
import { printable } from '../text.ts';
import { bounded } from './bounded.ts';
import type { ConnectorContext } from './context.ts';
import { explain } from './explain.ts';

/** Where to connect to, and how. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly hostkey: Hostkey;
  readonly login: Pick<ConnectOptions, 'username' | 'password' | 'privateKey'>;
  /** Seconds, for TCP, handshake and login together. */
  readonly connectTimeout: number;
}

/** Without an answer for so long an operation ends, whatever time it is given. */
const SILENCE_MS = 30_000;
const CLOSE_MS = 2_000;
/** Steps of a connection that its log shows. */
const LOGGED: ReadonlySet<LogEvent['kind']> = new Set([
  'version',
  'negotiated',
  'hostKey',
  'auth',
  'banner',
  'sftp',
]);

/** Connects, runs `work`, and ends the connection. What fails is an EngineError. */
export async function withConnection<T>(
  target: Target,
  context: ConnectorContext,
  doing: string,
  work: (ssh: Connection) => Promise<T>,
): Promise<T> {
  const shown = `${printable(target.host)} port ${target.port}`;
  context.log('info', `connecting to ${shown} as ${printable(target.login.username)}`);
  const ssh = await open(target, context, shown).catch((error) => {
    throw explain(error, shown, `cannot connect to ${shown}`);
  });
  try {
    return await work(ssh);
  } catch (error) {
    throw explain(error, shown, doing);
  } finally {
    await Promise.race([ssh.close(), sleep(CLOSE_MS, undefined, { ref: false })]);
  }
}

/** The same with an SFTP session. */
export function withSftp<T>(
  target: Target,
  context: ConnectorContext,
  doing: string,
  work: (sftp: Sftp, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withConnection(target, context, doing, (ssh) =>
    bounded({ signal: context.signal }, async (signal) => {
      const sftp = await openSftp(ssh, { signal });
      return await work(sftp, signal);
    }),
  );
}

function open(target: Target, context: ConnectorContext, shown: string): Promise<Connection> {
  const { host, port, connectTimeout } = target;
  const timeout = Math.max(SILENCE_MS, connectTimeout * 1000 + SILENCE_MS);
  const late = (cause: unknown): TimeoutExceededError =>
    new TimeoutExceededError(
      `${shown} did not let us in within ${connectTimeout} s: check host and port, or raise connect_timeout`,
      cause,
    );
  return bounded({ signal: context.signal, seconds: connectTimeout, late }, async (signal) => {
    const ssh = await connect({
      host,
      port,
      ...target.login,
      trust: trustFrom(target.hostkey, shown, context),
      timeout,
      keepAlive: { interval: SILENCE_MS / 2, count: 2 },
      signal,
      log: (event) => {
        if (LOGGED.has(event.kind)) context.log('debug', printable(formatLog(event), 1000));
      },
    });
    if (signal.aborted) await ssh.close();
    return ssh;
  });
}

function trustFrom(hostkey: Hostkey, shown: string, context: ConnectorContext): HostKeyVerifier {
  if (hostkey.hostkey_mode === 'known_host') return knownHostsText(hostkey.known_host);
  if (hostkey.hostkey_mode === 'fingerprint') return fingerprints([hostkey.fingerprint]);
  context.log(
    'warning',
    `the host key of ${shown} is not checked (hostkey_mode ignore): whoever answers is believed`,
  );
  return acceptAny();
}

/** What `connect` logs in with. */
export function loginFrom(auth: SshKeyAuthentication | PasswordAuthentication): Target['login'] {
  const { username } = auth;
  if (auth.authentication_method === 'username_password') return { username, password: auth.password };
  return { username, privateKey: parsed(auth.ssh_key, auth.ssh_key_passphrase) };
}

/** Validation has read the key already. */
export function parsed(text: string, passphrase?: string): NonNullable<ConnectOptions['privateKey']> {
  const key = readKey(text, passphrase);
  if (typeof key === 'string') throw new InternalError(`the private key cannot be read (${key})`);
  return key;
}

export function portFrom(port: Port): number {
  if (typeof port === 'number') return port;
  return port.port_mode === 'default' ? 22 : port.port_number;
}

import { type Connection, connect, formatLog, type LogEvent, openSftp, type Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { currentUser, environmentValue } from './environment.ts';
import { findIdentities } from './identities.ts';
import { trustFrom } from './trust.ts';
import type { RemoteUrl } from './url.ts';

/** Connects as the URL and the options say, runs `work` with an SFTP session, and ends the connection. */
export function withSftp<T>(
  url: RemoteUrl,
  context: CommandContext,
  work: (sftp: Sftp) => Promise<T>,
): Promise<T> {
  return withConnection(url, context, async (ssh) => {
    await using sftp = await openSftp(ssh, { signal: context.signal });
    return await work(sftp);
  });
}

/** Connects as the URL and the options say, runs `work`, and ends the connection. */
export async function withConnection<T>(
  url: RemoteUrl,
  { options, report, signal }: CommandContext,
  work: (ssh: Connection) => Promise<T>,
): Promise<T> {
  const trust = trustFrom(options, (text) => report.warn(text));
  const password = environmentValue('--password-env', options.passwordEnv);
  const note = (text: string): void => report.note(text);
  const identities = await findIdentities(options, note);
  const timeout = options.timeout * 1000;
  await using ssh = await connect({
    host: url.host,
    port: url.port,
    username: url.user ?? currentUser(),
    trust,
    ...identities,
    ...(password === undefined ? {} : { password }),
    ...(options.cipher === undefined ? {} : { algorithms: { ciphers: options.cipher } }),
    timeout,
    // While a transfer waits for the other end of a pipe, its clock stands still, and only this watches the server.
    keepAlive: { interval: timeout / 3, count: 2 },
    signal,
    ...(options.verbose ? { log: (event: LogEvent) => noteEvent(event, note) } : {}),
  });
  return await work(ssh);
}

function noteEvent(event: LogEvent, note: (text: string) => void): void {
  if (event.kind !== 'packet') note(formatLog(event));
}

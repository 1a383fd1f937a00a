import { type Connection, openSftp, type Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { openConnection } from './open-connection.ts';
import type { RemoteUrl } from './url.ts';

/** Connects as the URL and the options say, runs `work` with an SFTP session, and ends the connection. */
export async function withSftp<T>(
  url: RemoteUrl,
  context: CommandContext,
  work: (sftp: Sftp) => Promise<T>,
): Promise<T> {
  if (context.shell !== undefined) return await work(context.shell.sftp);
  return await withConnection(url, context, async (ssh) => {
    await using sftp = await openSftp(ssh, { signal: context.signal });
    return await work(sftp);
  });
}

/** Connects as the URL and the options say, runs `work`, and ends the connection. In the shell there is one already. */
export async function withConnection<T>(
  url: RemoteUrl,
  context: CommandContext,
  work: (ssh: Connection) => Promise<T>,
): Promise<T> {
  if (context.shell !== undefined) return await work(context.shell.ssh);
  await using ssh = await openConnection(url, context);
  return await work(ssh);
}

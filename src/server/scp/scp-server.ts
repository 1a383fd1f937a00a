import { WherryError } from '../../base/errors.ts';
import { ScpLink } from '../../scp/link.ts';
import { receive } from '../../scp/receive.ts';
import { send } from '../../scp/send.ts';
import type { Channel } from '../../ssh/connection/channel.ts';
import { endCommand } from '../commands.ts';
import { FilesError } from '../files/served-files.ts';
import type { SftpService } from '../sftp/service.ts';
import { parseScpCommand, type ScpCommand } from './command-words.ts';
import { ScpSink } from './scp-sink.ts';
import { outgoing } from './scp-source.ts';

/**
 * Runs `scp -t` or `scp -f` on a channel, as the other side of our own copies: a source here is what sends there.
 * Returns false for any other command.
 */
export function serveScp(line: string, channel: Channel, service: SftpService): boolean {
  const command = parseScpCommand(line);
  if (command === undefined) return false;
  const link = new ScpLink(channel);
  // The yes to the request goes out first.
  setImmediate(() => void run(link, command, channel, service));
  return true;
}

async function run(
  link: ScpLink,
  command: ScpCommand,
  channel: Channel,
  { files, home, readOnly }: SftpService,
): Promise<void> {
  const paths = command.paths.map((path) => (path.startsWith('/') ? path : `${home}/${path}`));
  let status = 0;
  try {
    if (command.mode === 'from')
      await send(
        link,
        outgoing(files, paths, command),
        () => {},
        () => {},
      );
    else {
      if (readOnly) throw new FilesError('SSH_FX_PERMISSION_DENIED', 'the server is read-only');
      const sink = new ScpSink(files, paths[0]!, command);
      await receive(link, sink, command.recursive, checkName, { many: true });
    }
  } catch (error) {
    status = 1;
    // The client is told, unless it is gone or has said so itself.
    await link.send(Buffer.from(`\x02scp: ${reason(error)}\n`)).catch(() => {});
  }
  endCommand(channel, status);
}

/** A name that would lead elsewhere ends the copy. */
function checkName(name: string): void {
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
    throw new WherryError('TRANSFER_UNSAFE_NAME', 'unexpected filename');
}

function reason(error: unknown): string {
  if (error instanceof FilesError || error instanceof WherryError) return error.message;
  return 'the server could not do that';
}

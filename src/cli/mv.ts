import type { CommandContext } from './commands.ts';
import { locateBeside, locateBySftp } from './place.ts';
import { isFolder, pathInFolder, statIfThere } from './remote-folder.ts';
import { withSftp } from './session.ts';
import { baseName } from './url.ts';
import { UsageError } from './usage-error.ts';

/** `wherry mv URL TARGET`. */
export async function mv(context: CommandContext): Promise<void> {
  const [text = '', target = ''] = context.args;
  const { options, report, signal } = context;
  const began = performance.now();
  const from = locateBySftp(context, text);
  const to = locateBeside(context, from, target);
  const name = baseName(from.path);
  if (name === undefined) throw new UsageError(`${from.path} has no name to move it by`);
  const path = await withSftp(from, context, async (sftp) => {
    const there = await statIfThere(sftp, to.path, signal);
    const path = there !== undefined && isFolder(there) ? pathInFolder(to.path, name) : to.path;
    if (options.force && sftp.extensions.has('posix-rename@openssh.com'))
      await sftp.replace(from.path, path, { signal });
    else await sftp.rename(from.path, path, { signal });
    return path;
  });
  report.note(`${from.path} is now ${path}`);
  report.done({ command: 'mv', path, duration: Math.round(performance.now() - began) });
}

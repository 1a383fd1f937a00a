import type { CommandContext } from './commands.ts';
import { locateBeside, locateBySftp } from './place.ts';
import { isFolder, pathInFolder, statIfThere } from './remote-folder.ts';
import { withSftp } from './session.ts';
import { baseName } from './url.ts';
import { UsageError } from './usage-error.ts';

/** `wherry cp URL TARGET`. */
export async function cp(context: CommandContext): Promise<void> {
  const [text = '', target = ''] = context.args;
  const { report, signal } = context;
  const began = performance.now();
  const from = locateBySftp(context, text);
  const to = locateBeside(context, from, target);
  const name = baseName(from.path);
  if (name === undefined) throw new UsageError(`${from.path} has no name to copy it by`);
  const path = await withSftp(from, context, async (sftp) => {
    const there = await statIfThere(sftp, to.path, signal);
    const path = there !== undefined && isFolder(there) ? pathInFolder(to.path, name) : to.path;
    // Copied onto itself a file would be emptied first.
    const [real, other] = await Promise.all([from.path, path].map((one) => sftp.realpath(one, { signal })));
    if (real === other) throw new UsageError(`${from.path} and ${path} are the same file`);
    await sftp.copy(from.path, path, { signal });
    return path;
  });
  report.done({ command: 'cp', path, duration: Math.round(performance.now() - began) });
}

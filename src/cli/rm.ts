import { isWherryError, type Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { byServer, locateBySftp } from './place.ts';
import { isFolder } from './remote-folder.ts';
import { walkUp } from './remote-walk.ts';
import { withSftp } from './session.ts';
import { baseName } from './url.ts';
import { UsageError } from './usage-error.ts';

/** `wherry rm URL...`. */
export async function rm(context: CommandContext): Promise<void> {
  const { args, options, report } = context;
  const began = performance.now();
  const urls = args.map((text) => locateBySftp(context, text));
  for (const { path } of urls) {
    if (options.recursive && baseName(path) === undefined)
      throw new UsageError(`rm -r removes a folder by its name, not ${path}`);
  }
  let removed = 0;
  for (const group of byServer(urls)) {
    await withSftp(group[0]!, context, async (sftp) => {
      for (const { path } of group) removed += await removeAt(sftp, path, context);
    });
  }
  report.done({ command: 'rm', removed, duration: Math.round(performance.now() - began) });
}

async function removeAt(
  sftp: Sftp,
  path: string,
  { options, report, signal }: CommandContext,
): Promise<number> {
  let removed = 0;
  try {
    const folder = options.recursive && isFolder(await sftp.lstat(path, { signal }));
    if (folder) {
      for await (const { path: below, entry } of walkUp(sftp, path, signal)) {
        if (entry.type === 'directory') await sftp.rmdir(below, { signal });
        else await sftp.remove(below, { signal });
        removed++;
        report.note(`removed ${below}`);
      }
      await sftp.rmdir(path, { signal });
    } else await sftp.remove(path, { signal });
    return removed + 1;
  } catch (error) {
    if (options.force && isWherryError(error) && error.code === 'SFTP_NO_SUCH_FILE') return removed;
    throw error;
  }
}

/** `wherry rmdir URL...`. */
export async function rmdir(context: CommandContext): Promise<void> {
  const { args, report, signal } = context;
  const began = performance.now();
  for (const urls of byServer(args.map((text) => locateBySftp(context, text)))) {
    await withSftp(urls[0]!, context, async (sftp) => {
      for (const { path } of urls) await sftp.rmdir(path, { signal });
    });
  }
  report.done({ command: 'rmdir', removed: args.length, duration: Math.round(performance.now() - began) });
}

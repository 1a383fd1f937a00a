import { isWherryError, type Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { byServer, locateBySftp } from './place.ts';
import { isFolder, statIfThere } from './remote-folder.ts';
import { withSftp } from './session.ts';

/** `wherry mkdir URL...`. */
export async function mkdir(context: CommandContext): Promise<void> {
  const { args, options, report, signal } = context;
  const began = performance.now();
  let folders = 0;
  for (const urls of byServer(args.map((text) => locateBySftp(context, text)))) {
    await withSftp(urls[0]!, context, async (sftp) => {
      for (const { path } of urls) {
        for (const one of options.parents ? withParents(path) : [path])
          if (await make(sftp, one, options.parents === true, signal)) folders++;
      }
    });
  }
  report.done({ command: 'mkdir', folders, duration: Math.round(performance.now() - began) });
}

/** `/a`, `/a/b`, `/a/b/c` for `/a/b/c`. */
function withParents(path: string): string[] {
  const parts = path.split('/').filter((part) => part !== '');
  const root = path.startsWith('/') ? '/' : '';
  return parts.map((_, i) => root + parts.slice(0, i + 1).join('/'));
}

async function make(sftp: Sftp, path: string, parents: boolean, signal: AbortSignal): Promise<boolean> {
  try {
    await sftp.mkdir(path, {}, { signal });
    return true;
  } catch (error) {
    // Version 3 has no status for "is there already".
    if (!parents || !isWherryError(error) || error.details.sftpStatus === undefined) throw error;
    const there = await statIfThere(sftp, path, signal).catch(() => undefined);
    if (there === undefined || !isFolder(there)) throw error;
    return false;
  }
}

import { type FileAttributes, type Sftp, WherryError } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { type ModeChange, parseMode } from './file-mode.ts';
import { byServer, locateBySftp } from './place.ts';
import { isFolder } from './remote-folder.ts';
import { walkUp } from './remote-walk.ts';
import { withSftp } from './session.ts';

/** `wherry chmod MODE URL...`. */
export async function chmod(context: CommandContext): Promise<void> {
  const [text = '', ...places] = context.args;
  const { options, report, signal } = context;
  const began = performance.now();
  const change = parseMode(text);
  let files = 0;
  const set = async (sftp: Sftp, path: string, before: FileAttributes): Promise<void> => {
    await sftp.chmod(path, newMode(path, before, change), { signal });
    files++;
  };
  for (const urls of byServer(places.map((place) => locateBySftp(context, place)))) {
    await withSftp(urls[0]!, context, async (sftp) => {
      for (const { path } of urls) {
        const before = await sftp.stat(path, { signal });
        if (options.recursive && isFolder(before)) {
          for await (const { path: below, entry } of walkUp(sftp, path, signal))
            if (entry.type !== 'symlink') await set(sftp, below, entry.attributes);
        }
        await set(sftp, path, before);
      }
    });
  }
  report.done({ command: 'chmod', changed: files, duration: Math.round(performance.now() - began) });
}

function newMode(path: string, before: FileAttributes, change: ModeChange): number {
  const mode = change(before.permissions ?? 0, isFolder(before));
  if (before.permissions === undefined && mode !== change(0o7777, isFolder(before))) {
    const text = `the server does not tell the permissions of ${path}: give an octal mode`;
    throw new WherryError('INVALID_ARGUMENT', text, { path });
  }
  return mode;
}

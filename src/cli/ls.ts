import { type DirectoryEntry, type FileAttributes, fileType, isWherryError, type Sftp } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { locateBySftp } from './place.ts';
import { isFolder, statIfThere } from './remote-folder.ts';
import { brief } from './remote-walk.ts';
import { withSftp } from './session.ts';
import { baseName } from './url.ts';

/** A listing up to this length is sorted; a longer one is shown as it comes, so that memory stays bounded. */
const SORTED_UP_TO = 10_000;

/** `wherry ls URL`. */
export async function ls(context: CommandContext): Promise<void> {
  const url = locateBySftp(context, context.args[0] ?? '');
  const { report, signal, options } = context;
  const began = performance.now();
  const entries = await withSftp(url, context, async (sftp) => {
    const listing = entriesAt(sftp, url.path, signal);
    let shown = 0;
    for await (const entry of options.json ? listing : sorted(listing)) {
      signal.throwIfAborted();
      await report.entry(entry);
      shown++;
    }
    return shown;
  });
  if (options.json) report.done({ command: 'ls', entries, duration: Math.round(performance.now() - began) });
}

/** What is in a folder, or the file itself where the path is one. */
async function* entriesAt(
  sftp: Sftp,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<DirectoryEntry, void, void> {
  try {
    yield* sftp.list(path, { signal });
  } catch (error) {
    // Version 3 has no status for "not a folder".
    const refused = isWherryError(error) && error.details.sftpStatus !== undefined;
    const attributes = refused ? await statIfThere(sftp, path, signal).catch(() => undefined) : undefined;
    if (attributes === undefined || isFolder(attributes)) throw error;
    yield fileEntry(path, attributes);
  }
}

function fileEntry(path: string, attributes: FileAttributes): DirectoryEntry {
  return { name: baseName(path) ?? path, type: fileType(attributes), attributes, longname: '' };
}

async function* sorted(listing: AsyncIterable<DirectoryEntry>): AsyncGenerator<DirectoryEntry, void, void> {
  const held: DirectoryEntry[] = [];
  let streaming = false;
  for await (const entry of listing) {
    if (streaming) yield entry;
    else if (held.push(brief(entry)) > SORTED_UP_TO) {
      streaming = true;
      yield* held.splice(0);
    }
  }
  held.sort((a, b) => (a.name < b.name ? -1 : 1));
  yield* held;
}

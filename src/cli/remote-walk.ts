import { type DirectoryEntry, type Sftp, WherryError } from '../index.ts';
import { pathInFolder } from './remote-folder.ts';

/** As many folders within folders as are gone into. */
const DEEPEST = 64;

/** The entries of a folder by name, in the order of their names. */
export async function sortedEntries(
  sftp: Sftp,
  path: string,
  signal: AbortSignal,
): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  for await (const entry of sftp.list(path, { signal })) {
    // A name with a slash would be a path of the server's choice.
    if (entry.name.includes('/') || entry.name.includes('\0'))
      throw new WherryError('TRANSFER_UNSAFE_NAME', `${path} has a name with a slash`, { path });
    entries.push(entry);
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Everything below a folder, deepest first, so that a folder comes when it is done with. Links are not followed. */
export async function* walkUp(
  sftp: Sftp,
  path: string,
  signal: AbortSignal,
  depth = 1,
): AsyncGenerator<{ path: string; entry: DirectoryEntry }, void, void> {
  if (depth > DEEPEST)
    throw new WherryError('LIMIT_EXCEEDED', `${path} is more than ${DEEPEST} folders deep`);
  for (const entry of await sortedEntries(sftp, path, signal)) {
    signal.throwIfAborted();
    const below = pathInFolder(path, entry.name);
    if (entry.type === 'directory') yield* walkUp(sftp, below, signal, depth + 1);
    yield { path: below, entry };
  }
}

import { type DirectoryEntry, type Sftp, WherryError } from '../index.ts';
import { pathInFolder } from './remote-folder.ts';

/** As many folders within folders as are gone into. */
const DEEPEST = 64;

/** Characters of names that are held at a time, some more for each entry: a million of usual ones. */
const MOST_CHARS = 268_435_456;
const ENTRY_CHARS = 128;

/** Counts the names a command holds, of one folder or of all folders on the way down to where it is. */
export class HeldNames {
  #chars = 0;

  take(path: string, name: string): void {
    this.#chars += ENTRY_CHARS + name.length;
    if (this.#chars <= MOST_CHARS) return;
    throw new WherryError('LIMIT_EXCEEDED', `${path} has more names than are held in memory`, { path });
  }

  give(entries: readonly DirectoryEntry[]): void {
    for (const { name } of entries) this.#chars -= ENTRY_CHARS + name.length;
  }
}

/** What commands show of an entry. The rest may be long, and would be held with it. */
export function brief({ name, type, attributes }: DirectoryEntry): DirectoryEntry {
  const { size, permissions, modifyTime } = attributes;
  const shown = {
    ...(size === undefined ? {} : { size }),
    ...(permissions === undefined ? {} : { permissions }),
    ...(modifyTime === undefined ? {} : { modifyTime }),
  };
  return { name, type, attributes: shown, longname: '' };
}

/** The entries of a folder by name, in the order of their names. */
export async function sortedEntries(
  sftp: Sftp,
  path: string,
  signal: AbortSignal,
  held: HeldNames = new HeldNames(),
): Promise<DirectoryEntry[]> {
  const entries: DirectoryEntry[] = [];
  for await (const entry of sftp.list(path, { signal })) {
    // A name with a slash would be a path of the server's choice.
    if (entry.name.includes('/') || entry.name.includes('\0'))
      throw new WherryError('TRANSFER_UNSAFE_NAME', `${path} has a name with a slash`, { path });
    held.take(path, entry.name);
    entries.push(brief(entry));
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Everything below a folder, deepest first, so that a folder comes when it is done with. Links are not followed. */
export async function* walkUp(
  sftp: Sftp,
  path: string,
  signal: AbortSignal,
  depth = 1,
  held: HeldNames = new HeldNames(),
): AsyncGenerator<{ path: string; entry: DirectoryEntry }, void, void> {
  if (depth > DEEPEST)
    throw new WherryError('LIMIT_EXCEEDED', `${path} is more than ${DEEPEST} folders deep`);
  const entries = await sortedEntries(sftp, path, signal, held);
  for (const entry of entries) {
    signal.throwIfAborted();
    const below = pathInFolder(path, entry.name);
    if (entry.type === 'directory') yield* walkUp(sftp, below, signal, depth + 1, held);
    yield { path: below, entry };
  }
  held.give(entries);
}

import { posix } from 'node:path';
import { type DirectoryEntry, type FileAttributes, type FileType, fileType, type Sftp } from '../../index.ts';
import { EngineError } from '../errors.ts';
import type { Plain } from '../schema/plain.ts';
import { printable } from '../text.ts';

/** What listings and stats tell of a file; null where the server does not. */
export interface RemoteFileInfo {
  readonly [field: string]: Plain;
  readonly type: FileType;
  /** Bytes. */
  readonly size: number | null;
  /** Seconds since 1970, UTC. */
  readonly mtime: number | null;
  /** Permission bits, without those of the type: 420 is 0o644. */
  readonly permissions: number | null;
  readonly uid: number | null;
  readonly gid: number | null;
}

/** Folders within folders, and entries in all: an outcome has to fit into a record. */
const MAX_DEPTH = 64;
const MAX_ENTRIES = 100_000;
/** Characters of their relative paths, together. */
const MAX_CHARS = 67_108_864;
const PERMISSION_BITS = 0o7777;

export function describeFile(
  attributes: FileAttributes,
  type: FileType = fileType(attributes),
): RemoteFileInfo {
  const { size, modifyTime, permissions, uid, gid } = attributes;
  return {
    type,
    size: size ?? null,
    mtime: modifyTime ?? null,
    permissions: permissions === undefined ? null : permissions & PERMISSION_BITS,
    uid: uid ?? null,
    gid: gid ?? null,
  };
}

/** The entries of a directory by name; with `recursive` all below it too, by relative path. Links are not followed. */
export async function listRemote(
  sftp: Sftp,
  path: string,
  recursive: boolean,
  signal: AbortSignal,
): Promise<Record<string, RemoteFileInfo>> {
  const entries: [string, RemoteFileInfo][] = [];
  for await (const { relative, entry } of walk(sftp, path, recursive, signal))
    entries.push([relative, describeFile(entry.attributes, entry.type)]);
  return Object.fromEntries(entries);
}

/** Removes a directory with everything in it; gives how many entries that were. */
export async function removeTree(sftp: Sftp, path: string, signal: AbortSignal): Promise<number> {
  const folders: string[] = [];
  let count = 0;
  for await (const { full, entry } of walk(sftp, path, true, signal)) {
    if (entry.type === 'directory') folders.push(full);
    else await sftp.remove(full, { signal });
    count++;
  }
  for (const folder of folders.reverse()) await sftp.rmdir(folder, { signal });
  await sftp.rmdir(path, { signal });
  return count + 1;
}

interface Found {
  readonly full: string;
  readonly relative: string;
  readonly entry: DirectoryEntry;
}

async function* walk(
  sftp: Sftp,
  path: string,
  recursive: boolean,
  signal: AbortSignal,
): AsyncGenerator<Found, void, void> {
  let count = 0;
  let chars = 0;
  const queue = [{ full: path, relative: '', depth: 0 }];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    if (at.depth > MAX_DEPTH) throw tooMuch(path, `folders more than ${MAX_DEPTH} deep`);
    // Collected first: what is done to the entries must not happen to a listing that is still going on.
    const entries: DirectoryEntry[] = [];
    for await (const entry of sftp.list(at.full, { signal })) {
      if (++count > MAX_ENTRIES) throw tooMuch(path, `more than ${MAX_ENTRIES} entries`);
      chars += at.relative.length + entry.name.length;
      if (chars > MAX_CHARS) throw tooMuch(path, `more than ${MAX_CHARS} characters of names`);
      entries.push(brief(await withType(sftp, at.full, entry, signal)));
    }
    for (const entry of entries) {
      const full = posix.join(at.full, entry.name);
      const relative = at.relative === '' ? entry.name : `${at.relative}/${entry.name}`;
      yield { full, relative, entry };
      if (recursive && entry.type === 'directory') queue.push({ full, relative, depth: at.depth + 1 });
    }
  }
}

/** What is told of an entry; the rest may be long, and would be held with it. */
function brief({ name, type, attributes }: DirectoryEntry): DirectoryEntry {
  const { size, permissions, modifyTime, uid, gid } = attributes;
  const told = { size, permissions, modifyTime, uid, gid };
  const known = Object.entries(told).filter(([, value]) => value !== undefined);
  return { name, type, attributes: Object.fromEntries(known), longname: '' };
}

async function withType(
  sftp: Sftp,
  folder: string,
  entry: DirectoryEntry,
  signal: AbortSignal,
): Promise<DirectoryEntry> {
  const { name } = entry;
  if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name)) {
    throw new EngineError(
      'CONNECTION_FAILED',
      `the server lists a name that is none: "${printable(name, 100)}"`,
    );
  }
  if (entry.type !== 'unknown') return entry;
  const attributes = await sftp.lstat(posix.join(folder, name), { signal });
  return { ...entry, attributes, type: fileType(attributes) };
}

function tooMuch(path: string, what: string): EngineError {
  return new EngineError(
    'CONNECTION_FAILED',
    `${printable(path)} has ${what}, which is more than is taken here`,
  );
}

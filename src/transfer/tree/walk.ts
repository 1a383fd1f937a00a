import { WherryError } from '../../base/errors.ts';
import { LIMITS } from '../../base/limits.ts';
import type { PathFilter } from '../../base/path-filter.ts';
import { sanitize } from '../../base/text.ts';
import type { FileAttributes } from '../../sftp/attributes.ts';
import { checkSafeName } from '../safe-name.ts';
import { linkStaysInside } from './links.ts';
import type { TargetNames } from './local-names.ts';
import type { Side, SideEntry, SideInfo } from './side.ts';
import { recordBytes, type TreeMemory } from './tree-memory.ts';

/** A file or a link that is to be moved. */
export interface TreeItem {
  readonly from: string;
  readonly to: string;
  /** For people: relative to the folder, with `/`. */
  readonly path: string;
  readonly attributes: FileAttributes;
  /** Where the link points, when a link is to be made. */
  readonly link: string | undefined;
  /** What is at the target already; undefined where nothing is, or nobody looked. */
  readonly there: SideEntry | undefined;
}

/** A folder that is walked. */
export interface TreeFolder {
  readonly from: string;
  readonly to: string;
  readonly path: string;
  readonly depth: number;
  /** Real paths of the folder and those above it, as far as links are followed. */
  readonly real: readonly string[];
  readonly attributes: FileAttributes | undefined;
  /** It is known not to be at the target. */
  readonly isNew: boolean;
}

/** What is done with what the walk finds. */
export interface TreeVisitor {
  /** Before anything in it is found. Gives what is at the target, by folded name; undefined where nobody needs to know. */
  enter(folder: TreeFolder): Promise<ReadonlyMap<string, SideEntry> | undefined>;
  item(item: TreeItem): Promise<void> | undefined;
  /** All of the folder itself, not of those below it, has been found; `names`, folded, is what the source has there. */
  leave(
    folder: TreeFolder,
    there: ReadonlyMap<string, SideEntry> | undefined,
    names: ReadonlySet<string>,
  ): Promise<void>;
  skipped(path: string, reason: string): void;
  /** Something there cannot be moved. Throws where that ends it all. */
  fails(path: string, error: unknown): void;
  /** Something at the target is of another kind than what goes there. */
  inTheWay(there: SideEntry, path: string, to: string): Promise<void>;
}

export interface WalkOptions {
  readonly from: Side;
  readonly to: Side;
  /** How names are told apart at the target. */
  readonly names: TargetNames;
  readonly filter: PathFilter;
  readonly symlinks: 'skip' | 'follow' | 'copy';
  /** Names of the source are kept, for a visitor that removes others. */
  readonly keepNames: boolean;
  readonly memory: TreeMemory;
}

/** Folders that are listed at a time. */
const LISTERS = 16;

/**
 * Walks a folder with all below it, several folders at a time; those found last are looked into first, so that few
 * wait. Nothing but folders is remembered.
 */
export async function walkTree(
  root: { from: string; to: string },
  options: WalkOptions,
  visitor: TreeVisitor,
  signal: AbortSignal,
): Promise<void> {
  const real = options.symlinks === 'follow' ? [await options.from.realpath(root.from)] : [];
  const open: TreeFolder[] = [{ ...root, path: '', depth: 0, real, attributes: undefined, isNew: false }];
  options.memory.take(folderBytes(open[0]!));
  await new Promise<void>((resolve, reject) => {
    let busy = 0;
    let failed = false;
    const more = (): void => {
      while (!failed && busy < LISTERS && open.length > 0 && !signal.aborted) {
        busy++;
        const folder = open.pop()!;
        options.memory.give(folderBytes(folder));
        walkFolder(folder, options, visitor, open, signal)
          .catch((error: unknown) => {
            if (folder.depth === 0) throw error;
            visitor.fails(folder.path, error);
          })
          .then(
            () => {
              busy--;
              more();
            },
            (error: unknown) => {
              failed = true;
              reject(error);
            },
          );
      }
      if (busy === 0 && !failed) resolve();
    };
    more();
  });
}

async function walkFolder(
  folder: TreeFolder,
  options: WalkOptions,
  visitor: TreeVisitor,
  open: TreeFolder[],
  signal: AbortSignal,
): Promise<void> {
  checkDepth(folder.path, folder.depth);
  const { from, to } = options;
  const there = await visitor.enter(folder);
  const names = new Set<string>();
  const taken = new Map<string, string>();
  let held = 0;
  for await (const entry of from.list(folder.from)) {
    if (signal.aborted) return;
    const { name } = entry;
    if (from.remote) checkSafeName(name);
    const key = options.names.fold(name);
    if (options.keepNames || options.names.mayClash(name)) {
      const bytes = recordBytes(key);
      held += bytes;
      options.memory.take(bytes);
    }
    if (options.keepNames) names.add(key);
    const path = folder.path === '' ? name : `${folder.path}/${name}`;
    const found = { from: from.join(folder.from, name), to: to.join(folder.to, name), path };
    try {
      const old = there?.get(key);
      await walkEntry(
        { folder, entry, found, old, looked: there !== undefined, taken },
        options,
        visitor,
        open,
      );
    } catch (error) {
      if (signal.aborted) return;
      visitor.fails(path, error);
    }
  }
  await visitor.leave(folder, there, names);
  options.memory.give(held);
}

function folderBytes({ from, to, path, real }: TreeFolder): number {
  return recordBytes(from, to, path) + 8 * real.length;
}

interface Found {
  readonly folder: TreeFolder;
  readonly entry: SideEntry;
  readonly found: Pick<TreeItem, 'from' | 'to' | 'path'>;
  /** What is at the target under that name. */
  readonly old: SideEntry | undefined;
  /** Somebody looked at the target. */
  readonly looked: boolean;
  /** Paths found in this folder, by folded name, as far as others may be the same. */
  readonly taken: Map<string, string>;
}

async function walkEntry(
  { folder, entry, found, old, looked, taken }: Found,
  options: WalkOptions,
  visitor: TreeVisitor,
  open: TreeFolder[],
): Promise<void> {
  const { from, filter, symlinks, names } = options;
  const { path } = found;
  const info = await resolve(entry, found.from, options);
  const wanted = info.type === 'directory' ? filter.folder(path) : filter.file(path);
  if (!wanted) return;
  if (names.mayClash(entry.name)) checkClash(taken, names.fold(entry.name), path);
  if (info.type === 'directory') {
    const real = await realPathOf(folder, entry, found.from, options, info.followed);
    if (real === undefined) {
      visitor.skipped(path, 'a symbolic link that leads back to a folder it is in');
      return;
    }
    const inTheWay = old !== undefined && old.type !== 'directory';
    if (inTheWay) await visitor.inTheWay(old, path, found.to);
    const isNew = looked && (old === undefined || inTheWay);
    const inner = { ...found, depth: folder.depth + 1, real, attributes: info.attributes, isNew };
    options.memory.take(folderBytes(inner));
    open.push(inner);
  } else if (info.type === 'file' || info.type === 'unknown') {
    if (old !== undefined && old.type !== 'file' && old.type !== 'unknown')
      await visitor.inTheWay(old, path, found.to);
    const full = visitor.item({ ...found, attributes: info.attributes, link: undefined, there: old });
    if (full !== undefined) await full;
  } else if (info.type === 'symlink' && symlinks === 'copy') {
    const link = await from.readlink(found.from);
    if (from.remote && !linkStaysInside(path, link)) {
      visitor.skipped(path, `a symbolic link out of the folder, to ${sanitize(link, 200)}`);
    } else await visitor.item({ ...found, attributes: info.attributes, link, there: old });
  } else {
    const what = info.type === 'symlink' ? 'symbolic link' : from.remote ? info.type : 'special file';
    visitor.skipped(path, info.dangling ? 'a symbolic link to nothing' : `a ${what} is not transferred`);
  }
}

/** Two names of the source that are one at the target would overwrite each other. */
function checkClash(taken: Map<string, string>, key: string, path: string): void {
  const other = taken.get(key);
  if (other !== undefined) {
    throw new WherryError(
      'TRANSFER_TARGET',
      `${shown(path)} and ${shown(other)} would be one and the same file here: rename one, or exclude it`,
      { path: sanitize(path) },
    );
  }
  taken.set(key, path);
}

/** A path for people; bytes that are no text as `\xE9`. */
function shown(path: string): string {
  const escaped = path.replace(
    /[\udc80-\udcff](?<![\ud800-\udbff].)/g,
    (unit) => `\\x${(unit.charCodeAt(0) & 0xff).toString(16).toUpperCase()}`,
  );
  return `"${sanitize(escaped)}"`;
}

interface Resolved extends SideInfo {
  /** It was a link. */
  readonly followed: boolean;
  readonly dangling: boolean;
}

/** What an entry is, links followed where they are to be; a server may leave the type open. */
async function resolve(entry: SideEntry, path: string, options: WalkOptions): Promise<Resolved> {
  const { from, symlinks } = options;
  let { type } = entry;
  let attributes = entry.attributes;
  if (type === 'unknown' || (type === 'file' && attributes === undefined)) {
    const info = await from.lstat(path);
    type = info.type;
    attributes = info.attributes;
  }
  if (type === 'symlink' && symlinks === 'follow') {
    const info = await from.stat(path).catch(() => undefined);
    if (info === undefined) return { type, attributes: {}, followed: true, dangling: true };
    return { ...info, followed: true, dangling: false };
  }
  return { type, attributes: attributes ?? {}, followed: false, dangling: false };
}

/** The real paths down to a folder; undefined for a link to one of those it lies in. */
async function realPathOf(
  folder: TreeFolder,
  entry: SideEntry,
  path: string,
  { from, symlinks }: WalkOptions,
  followed: boolean,
): Promise<readonly string[] | undefined> {
  if (symlinks !== 'follow') return [];
  const parent = folder.real.at(-1)!;
  const real = followed ? await whereTo(from, parent, path) : from.join(parent, entry.name);
  return folder.real.includes(real) ? undefined : [...folder.real, real];
}

/** By the link's own text too: there are servers whose REALPATH follows no links. */
async function whereTo(from: Side, parent: string, path: string): Promise<string> {
  const target = await from.readlink(path);
  return from.realpath(/^(\/|\\|[a-z]:)/i.test(target) ? target : from.join(parent, target));
}

function checkDepth(path: string, depth: number): void {
  if (depth > LIMITS.treeDepth.value) {
    throw new WherryError(
      'LIMIT_EXCEEDED',
      `${sanitize(path)}: folders more than ${LIMITS.treeDepth.value} deep`,
      {
        limit: 'treeDepth',
      },
    );
  }
}

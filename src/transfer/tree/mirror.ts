import { sanitize } from '../../base/text.ts';
import type { TransferOptions, TransferResult } from '../options.ts';
import { difference, sameContents } from './compare.ts';
import { DISTINCT_NAMES, type TargetNames } from './local-names.ts';
import type { MirrorAction, MirrorOptions, MirrorResult } from './options.ts';
import type { Side, SideEntry, SideInfo } from './side.ts';
import { TreeRun, type TreeWay } from './tree.ts';
import { recordBytes, type TreeMemory } from './tree-memory.ts';
import type { TreeFolder, TreeItem } from './walk.ts';

const NOTHING: ReadonlyMap<string, SideEntry> = new Map();

/** A tree run that looks at the target first, and takes away there what the source does not have. */
class MirrorRun extends TreeRun {
  readonly #options: MirrorOptions;
  readonly actions: MirrorAction[] = [];
  unchanged = 0;
  deleted = 0;

  constructor(way: TreeWay, options: MirrorOptions) {
    super(way, options);
    this.#options = options;
  }

  override async enter(folder: TreeFolder): Promise<ReadonlyMap<string, SideEntry>> {
    const { to } = this.way;
    const known = folder.isNew ? undefined : await listed(to, folder.to, this.names, this.memory);
    if (known === undefined) this.#act({ action: 'make folder', path: folder.path });
    if (this.#options.dryRun !== true) await this.makeFolder(folder);
    return known ?? NOTHING;
  }

  override async leave(
    folder: TreeFolder,
    there: ReadonlyMap<string, SideEntry>,
    names: ReadonlySet<string>,
  ): Promise<void> {
    if (this.#options.delete === true) {
      for (const [name, entry] of there) {
        if (names.has(name)) continue;
        const path = folder.path === '' ? entry.name : `${folder.path}/${entry.name}`;
        await this.#remove(entry, this.way.to.join(folder.to, entry.name), path);
      }
    }
    this.memory.give(entriesBytes(there.values()));
  }

  override async inTheWay(there: SideEntry, path: string, to: string): Promise<void> {
    if (there.type === 'directory' && this.#options.delete !== true) return super.inTheWay(there, path, to);
    await this.#remove(there, to, path, true);
  }

  override async moveItem(item: TreeItem, options: TransferOptions): Promise<TransferResult | undefined> {
    if (item.link !== undefined) return this.#link(item, item.link);
    const reason = await this.#reason(item);
    if (reason === 'none') {
      this.unchanged++;
      return undefined;
    }
    const { size } = item.attributes;
    this.#act(
      reason === undefined
        ? { action: 'copy', path: item.path, size }
        : { action: 'replace', path: item.path, size, reason },
    );
    return this.#options.dryRun === true ? undefined : super.moveItem(item, options);
  }

  /** Undefined for a file that is new, `none` for one that is as it should be. */
  async #reason(item: TreeItem): Promise<MirrorAction['reason'] | 'none'> {
    const { from, to } = this.way;
    const { there } = item;
    if (there === undefined) return undefined;
    if (there.type !== 'file' && there.type !== 'unknown') return 'type';
    const source: SideInfo = { type: 'file', attributes: item.attributes };
    const target: SideInfo =
      there.attributes === undefined
        ? await to.lstat(item.to)
        : { type: there.type, attributes: there.attributes };
    const reason = await difference(source, target, this.#options, () =>
      sameContents(from, item.from, to, item.to),
    );
    return reason ?? 'none';
  }

  async #link(item: TreeItem, link: string): Promise<undefined> {
    const { to } = this.way;
    const same = item.there?.type === 'symlink' && (await to.readlink(item.to)) === link;
    if (same) {
      this.unchanged++;
      return undefined;
    }
    this.#act({ action: 'link', path: item.path });
    if (this.#options.dryRun === true) return undefined;
    if (item.there?.type === 'directory') await this.inTheWay(item.there, item.path, item.to);
    await this.makeLink(item, link);
    return undefined;
  }

  /** Links are removed, never followed. What the filter excludes stays, and so do the folders it is in. */
  async #remove(entry: SideEntry, at: string, path: string, all = false): Promise<boolean> {
    const { to } = this.way;
    const { filter } = this;
    const type = entry.type === 'unknown' ? (await to.lstat(at)).type : entry.type;
    if (type !== 'directory') {
      if (!all && !filter.file(path)) return false;
      this.#act({ action: 'delete', path });
      if (this.#options.dryRun !== true) await to.removeFile(at);
      this.deleted++;
      return true;
    }
    if (!all && !filter.folder(path)) return false;
    let empty = true;
    const inner = [...((await listed(to, at, DISTINCT_NAMES, this.memory)) ?? NOTHING).values()];
    for (const one of inner) {
      const gone = await this.#remove(one, to.join(at, one.name), `${path}/${one.name}`, all);
      empty &&= gone;
    }
    this.memory.give(entriesBytes(inner));
    if (!empty) return false;
    this.#act({ action: 'delete folder', path });
    if (this.#options.dryRun !== true) await to.removeFolder(at);
    this.deleted++;
    return true;
  }

  #act(action: MirrorAction): void {
    const shown = { ...action, path: sanitize(action.path) };
    this.#options.onAction?.(shown);
    if (this.#options.dryRun !== true) return;
    this.memory.take(recordBytes(shown.path));
    this.actions.push(shown);
  }
}

function entriesBytes(entries: Iterable<SideEntry>): number {
  let bytes = 0;
  for (const { name } of entries) bytes += recordBytes(name);
  return bytes;
}

/** What is in a folder, by folded name; undefined where there is none. */
async function listed(
  side: Side,
  path: string,
  names: TargetNames,
  memory: TreeMemory,
): Promise<ReadonlyMap<string, SideEntry> | undefined> {
  const entries = new Map<string, SideEntry>();
  try {
    for await (const entry of side.list(path)) {
      const key = names.fold(entry.name);
      if (!entries.has(key)) memory.take(recordBytes(entry.name));
      entries.set(key, entry);
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return entries;
}

function isMissing(error: unknown): boolean {
  const code = (error as { code?: string } | undefined)?.code;
  return code === 'ENOENT' || code === 'SFTP_NO_SUCH_FILE';
}

/** Makes the folder `to` like the folder `from`. */
export async function mirrorTree(
  way: TreeWay,
  from: string,
  to: string,
  options: MirrorOptions,
): Promise<MirrorResult> {
  const run = new MirrorRun(way, options);
  const result = await run.run(from, to, {
    keepNames: options.delete === true,
    mayWrite: options.dryRun !== true,
  });
  const { unchanged, deleted, actions } = run;
  return { ...result, unchanged, deleted, actions };
}

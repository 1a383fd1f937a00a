import { BoundedQueue } from '../../base/bounded-queue.ts';
import { abortedError, inTime } from '../../base/deadline.ts';
import { WherryError } from '../../base/errors.ts';
import { type PathFilter, pathFilter } from '../../base/path-filter.ts';
import { sanitize } from '../../base/text.ts';
import type { FileAttributes } from '../../sftp/attributes.ts';
import type { TransferOptions, TransferResult } from '../options.ts';
import { ProgressMeter } from '../progress.ts';
import { RateLimit } from '../rate-limit.ts';
import { transferError } from '../run.ts';
import { FileGate } from './gate.ts';
import { DISTINCT_NAMES, type TargetNames } from './local-names.ts';
import type { RateLimits, TreeOptions, TreeResult } from './options.ts';
import type { Side, SideEntry } from './side.ts';
import { recordBytes, TreeMemory } from './tree-memory.ts';
import { type TreeFolder, type TreeItem, type TreeVisitor, walkTree } from './walk.ts';

/** Moves one file from one side to the other. */
export type MoveFile = (item: TreeItem, options: TransferOptions) => Promise<TransferResult>;

/** The two ends of a tree, and how a file gets across. */
export interface TreeWay {
  readonly from: Side;
  readonly to: Side;
  readonly move: MoveFile;
  /** Files that the server lets us have open at a time. */
  readonly handles: Promise<number>;
}

const DEFAULT_CONCURRENCY = 64;
const MOST_CONCURRENCY = 256;
/** Found and not yet begun. */
const AHEAD = 1024;

interface KeptFolder {
  readonly to: string;
  readonly depth: number;
  readonly attributes: FileAttributes;
}

/** `keepNames`: what a mirror finds at the target counts; `mayWrite`: names may be tried out there. */
interface TreeRules {
  readonly keepNames: boolean;
  readonly mayWrite: boolean;
}

/**
 * One run over a tree: the walk finds files, many of them move at a time, and the first failure stops it all unless
 * the options say otherwise. A mirror extends it by what it looks at first.
 */
export class TreeRun implements TreeVisitor {
  readonly way: TreeWay;
  readonly options: TreeOptions;
  readonly signal: AbortSignal;
  filter: PathFilter = { file: () => true, folder: () => true };
  names: TargetNames = DISTINCT_NAMES;
  readonly memory: TreeMemory = new TreeMemory();
  files = 0;
  bytes = 0;
  folders = 0;
  readonly skips: { path: string; reason: string }[] = [];
  readonly failed: { path: string; error: Error }[] = [];
  readonly #stop = new AbortController();
  readonly #queue = new BoundedQueue<TreeItem>(AHEAD);
  readonly #keptFolders: KeptFolder[] = [];
  readonly #limits: RateLimits;
  readonly #meter: ProgressMeter;
  #current = '';
  #found = 0;
  #failure: { error: unknown } | undefined;

  constructor(way: TreeWay, options: TreeOptions) {
    this.way = way;
    this.options = options;
    this.signal =
      options.signal === undefined ? this.#stop.signal : AbortSignal.any([options.signal, this.#stop.signal]);
    const { rateLimit, onProgress } = options;
    const shared = rateLimit === undefined ? [] : Array.isArray(rateLimit) ? rateLimit : [rateLimit];
    this.#limits = shared.map((one: number | RateLimit) =>
      one instanceof RateLimit ? one : new RateLimit(one),
    );
    this.#meter = new ProgressMeter(
      onProgress && ((progress) => onProgress({ ...progress, files: this.files, path: this.#current })),
      0,
      undefined,
    );
  }

  async run(from: string, to: string, how: TreeRules): Promise<TreeResult> {
    const end = (): void => this.#queue.end(true);
    this.signal.addEventListener('abort', end, { once: true });
    try {
      return await this.#run(from, to, how);
    } finally {
      this.#meter.stop();
      // Node keeps a signal made by AbortSignal.any for as long as the user's lives and somebody listens.
      this.signal.removeEventListener('abort', end);
    }
  }

  async #run(from: string, to: string, { keepNames, mayWrite }: TreeRules): Promise<TreeResult> {
    const began = performance.now();
    this.#meter.onError = (error) => this.#fail(error);
    const asked = checkConcurrency(this.options.concurrency);
    const { timeout } = this.options;
    const handles = inTime(this.way.handles, { signal: this.signal, timeout }, 'folder transfer', () => {});
    const concurrency = Math.min(asked, await handles);
    const filter = pathFilter(this.options);
    this.filter = filter;
    const names = await this.way.to.names(to, mayWrite);
    this.names = names;
    const { symlinks = 'skip' } = this.options;
    const walking = walkTree(
      { from, to },
      { from: this.way.from, to: this.way.to, names, filter, symlinks, keepNames, memory: this.memory },
      this,
      this.signal,
    ).then(
      () => {
        if (!this.signal.aborted) this.#meter.setTotal(this.#found);
        this.#queue.end();
      },
      (error: unknown) => this.#fail(error),
    );
    const gate = new FileGate(concurrency);
    const worker = (): Promise<void> => this.#work(gate).catch((error: unknown) => this.#fail(error));
    await Promise.all([walking, ...Array.from({ length: concurrency }, worker)]);
    if (this.#failure === undefined && !this.signal.aborted)
      await this.finish().catch((error) => this.#fail(error));
    if (this.#failure !== undefined) throw transferError(this.#failure.error, 'folder transfer', {});
    if (this.signal.aborted) throw abortedError(this.signal, 'folder transfer');
    this.#meter.finish();
    const { files, bytes, folders, skips, failed } = this;
    return { files, bytes, folders, duration: performance.now() - began, skipped: skips, failed };
  }

  async enter(folder: TreeFolder): Promise<ReadonlyMap<string, SideEntry> | undefined> {
    await this.makeFolder(folder);
    return undefined;
  }

  item(item: TreeItem): Promise<void> | undefined {
    this.#found += item.attributes.size ?? 0;
    this.memory.take(itemBytes(item));
    return this.#queue.push(item);
  }

  async leave(
    _folder: TreeFolder,
    _there: ReadonlyMap<string, SideEntry> | undefined,
    _names: ReadonlySet<string>,
  ): Promise<void> {}

  skipped(path: string, reason: string): void {
    const skip = { path: sanitize(path), reason };
    this.memory.take(recordBytes(skip.path, reason));
    this.skips.push(skip);
  }

  fails(path: string, cause: unknown): void {
    const error = transferError(cause, 'folder transfer', { path: sanitize(path) });
    if (this.options.continueOnError !== true || this.signal.aborted || !isOfOneFile(error)) throw error;
    const failure = { path: sanitize(path), error };
    this.memory.take(recordBytes(failure.path, error.message, error.stack ?? ''));
    this.failed.push(failure);
  }

  inTheWay(_there: SideEntry, _path: string, to: string): Promise<void> {
    return Promise.reject(
      new WherryError('TRANSFER_TARGET', `${sanitize(to)} is of another kind`, { path: sanitize(to) }),
    );
  }

  /** Makes a folder at the target; its attributes are set at the end, for files still go into it. */
  async makeFolder(folder: TreeFolder): Promise<void> {
    const { from, to } = this.way;
    await to.makeFolder(folder.to, folder.depth === 0);
    this.folders++;
    if (!this.options.preserve) return;
    const attributes =
      folder.attributes?.modifyTime === undefined
        ? (await from.stat(folder.from)).attributes
        : folder.attributes;
    this.memory.take(recordBytes(folder.to));
    this.#keptFolders.push({ to: folder.to, depth: folder.depth, attributes });
  }

  /** Moves one item; a mirror looks whether that is needed. */
  async moveItem(item: TreeItem, options: TransferOptions): Promise<TransferResult | undefined> {
    if (item.link !== undefined) {
      await this.makeLink(item, item.link);
      return undefined;
    }
    try {
      return await this.way.move(item, options);
    } catch (error) {
      // What is there is longer than the source: another file, so nothing of it can be kept.
      const stale = error instanceof WherryError && error.code === 'TRANSFER_SIZE_CHANGED';
      if (!stale || options.resume !== true || this.signal.aborted) throw error;
      return await this.way.move(item, { ...options, resume: false });
    }
  }

  async makeLink(item: TreeItem, link: string): Promise<void> {
    const { to } = this.way;
    try {
      await to.symlink(link, item.to);
    } catch (error) {
      const there = await to.lstat(item.to).catch(() => undefined);
      if (there === undefined || there.type === 'directory' || this.options.overwrite === false) throw error;
      await to.removeFile(item.to);
      await to.symlink(link, item.to);
    }
  }

  /** After all files: attributes of folders, from the deepest up. */
  async finish(): Promise<void> {
    const { preserve } = this.options;
    if (!preserve) return;
    const deepest = this.#keptFolders.sort((a, b) => b.depth - a.depth);
    for (const { to, attributes } of deepest) await this.way.to.keep(to, attributes, preserve);
  }

  async #work(gate: FileGate): Promise<void> {
    for (;;) {
      const item = await this.#queue.take();
      if (item === undefined || this.#failure !== undefined || this.signal.aborted) return;
      const size = item.attributes.size ?? 0;
      await gate.enter(size);
      try {
        await this.#one(item);
      } finally {
        gate.leave(size);
        this.memory.give(itemBytes(item));
      }
    }
  }

  async #one(item: TreeItem): Promise<void> {
    const { options } = this;
    let before = 0;
    try {
      const result = await this.moveItem(item, {
        signal: this.signal,
        timeout: options.timeout,
        overwrite: options.overwrite,
        preserve: options.preserve,
        fsync: options.fsync,
        verify: options.verify,
        requestBytes: options.requestBytes,
        maxRequests: options.maxRequests,
        ...(options.resume === true ? { resume: true } : {}),
        rateLimit:
          options.fileRateLimit === undefined ? this.#limits : [...this.#limits, options.fileRateLimit],
        onProgress:
          options.onProgress &&
          (({ transferred }) => {
            this.#current = item.path;
            this.#meter.add(transferred - before);
            before = transferred;
          }),
      });
      if (result === undefined) {
        this.#meter.add(item.attributes.size ?? 0);
        return;
      }
      const { bytes, size } = result;
      this.#current = item.path;
      this.#meter.add(size - before);
      this.bytes += bytes;
      this.files++;
      options.onFile?.({ path: sanitize(item.path), bytes, size });
    } catch (error) {
      this.fails(item.path, error);
    }
  }

  #fail(error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#meter.stop();
    this.#failure = { error };
    this.#stop.abort(error);
    this.#queue.end(true);
  }
}

function itemBytes({ from, to, path, link = '' }: TreeItem): number {
  return recordBytes(from, to, path, link);
}

/** A failure that leaves the session as it was. */
function isOfOneFile(error: unknown): boolean {
  return (
    error instanceof WherryError &&
    (/^(TRANSFER_|LIMIT_)/.test(error.code) ||
      (error.code.startsWith('SFTP_') && error.code !== 'SFTP_PROTOCOL')) &&
    error.code !== 'TRANSFER_UNSAFE_NAME'
  );
}

function checkConcurrency(concurrency: number = DEFAULT_CONCURRENCY): number {
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MOST_CONCURRENCY) {
    throw new WherryError(
      'INVALID_ARGUMENT',
      `concurrency must be 1 to ${MOST_CONCURRENCY}, not ${concurrency}`,
    );
  }
  return concurrency;
}

/** Moves a folder with all below it. */
export async function moveTree(
  way: TreeWay,
  from: string,
  to: string,
  options: TreeOptions,
): Promise<TreeResult> {
  return await new TreeRun(way, options).run(from, to, { keepNames: false, mayWrite: true });
}

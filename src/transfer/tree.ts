import { opendir } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { WherryError } from '../base/errors.ts';
import { LIMITS } from '../base/limits.ts';
import { sanitize } from '../base/text.ts';
import type { FileAttributes, FileType } from '../sftp/attributes.ts';
import { makeLocalFolder } from './local-folder.ts';
import type { TransferOptions, TransferResult } from './options.ts';
import { type Progress, ProgressMeter } from './progress.ts';
import { transferError } from './run.ts';
import { checkSafeName } from './safe-name.ts';

/** How a whole folder is moved. */
export interface TreeOptions extends Pick<TransferOptions, 'signal' | 'timeout' | 'overwrite'> {
  /** Files under way at a time, 1 to 64. Default 8. */
  readonly concurrency?: number | undefined;
  /** Called when a file is complete; `path` is relative to the folder. */
  readonly onFile?: ((file: { path: string; bytes: number; size: number }) => void) | undefined;
  /** Called as bytes move: sums over all files so far, and the file they belong to. */
  readonly onProgress?: ((progress: Progress & { files: number; path: string }) => void) | undefined;
}

/** What moving a folder did. */
export interface TreeResult {
  readonly files: number;
  readonly folders: number;
  readonly bytes: number;
  /** Milliseconds. */
  readonly duration: number;
  /** What was left out, and why: symbolic links, sockets, devices. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** The remote side as a tree transfer sees it. */
export interface RemoteTree {
  list(path: string): AsyncIterable<{ name: string; type: FileType }>;
  lstatType(path: string): Promise<FileType>;
  mkdir(path: string): Promise<void>;
  stat(path: string): Promise<FileAttributes>;
  download(remote: string, local: string, options: TransferOptions): Promise<TransferResult>;
  upload(local: string, remote: string, options: TransferOptions): Promise<TransferResult>;
}

interface Item {
  readonly from: string;
  readonly to: string;
  /** For people: relative to the folder, with `/`. */
  readonly path: string;
}

type Moved = (item: Item, options: TransferOptions) => Promise<TransferResult>;

/** Counts of a tree while it is walked. */
class Tally {
  folders = 0;
  readonly skipped: { path: string; reason: string }[] = [];
}

/**
 * Fetches a folder with all below it. A name that would leave the target folder ends it with
 * TRANSFER_UNSAFE_NAME, and no local symbolic link below the target is followed.
 */
export function downloadTree(
  tree: RemoteTree,
  remote: string,
  local: string,
  options: TreeOptions,
): Promise<TreeResult> {
  const tally = new Tally();
  return moveAll(walkRemote(tree, remote, local, '', 0, tally), tally, options, (item, transfer) =>
    tree.download(item.from, item.to, transfer),
  );
}

/** Sends a folder with all below it; folders that are missing are made. */
export function uploadTree(
  tree: RemoteTree,
  local: string,
  remote: string,
  options: TreeOptions,
): Promise<TreeResult> {
  const tally = new Tally();
  return moveAll(walkLocal(tree, local, remote, '', 0, tally), tally, options, (item, transfer) =>
    tree.upload(item.from, item.to, transfer),
  );
}

async function* walkRemote(
  tree: RemoteTree,
  remote: string,
  local: string,
  path: string,
  depth: number,
  tally: Tally,
): AsyncGenerator<Item, void, void> {
  checkDepth(path, depth);
  await makeLocalFolder(local, depth === 0);
  tally.folders++;
  for await (const { name, type } of tree.list(remote)) {
    checkSafeName(name);
    const item = {
      from: posix.join(remote, name),
      to: join(local, name),
      path: path === '' ? name : `${path}/${name}`,
    };
    const known = type === 'unknown' ? await tree.lstatType(item.from) : type;
    if (known === 'directory') yield* walkRemote(tree, item.from, item.to, item.path, depth + 1, tally);
    else if (known === 'file' || known === 'unknown') yield item;
    else tally.skipped.push({ path: sanitize(item.path), reason: `a ${known} is not transferred` });
  }
}

async function* walkLocal(
  tree: RemoteTree,
  local: string,
  remote: string,
  path: string,
  depth: number,
  tally: Tally,
): AsyncGenerator<Item, void, void> {
  checkDepth(path, depth);
  const folder = await opendir(local);
  await makeRemoteFolder(tree, remote);
  tally.folders++;
  for await (const entry of folder) {
    const { name } = entry;
    const item = {
      from: join(local, name),
      to: posix.join(remote, name),
      path: path === '' ? name : `${path}/${name}`,
    };
    if (entry.isDirectory()) yield* walkLocal(tree, item.from, item.to, item.path, depth + 1, tally);
    else if (entry.isFile()) yield item;
    else {
      const what = entry.isSymbolicLink() ? 'symbolic link' : 'special file';
      tally.skipped.push({ path: item.path, reason: `a ${what} is not transferred` });
    }
  }
}

/** Several workers take what the walk finds; the first failure stops them all. */
async function moveAll(
  items: AsyncGenerator<Item, void, void>,
  tally: Tally,
  options: TreeOptions,
  move: Moved,
): Promise<TreeResult> {
  const began = performance.now();
  const concurrency = options.concurrency ?? 8;
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > 64) {
    throw new WherryError('INVALID_ARGUMENT', `concurrency must be 1 to 64, not ${concurrency}`);
  }
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const sums = { files: 0, bytes: 0 };
  let current = '';
  const meter = new ProgressMeter(
    options.onProgress &&
      ((progress) => options.onProgress!({ ...progress, files: sums.files, path: current })),
    0,
    undefined,
  );
  let failure: unknown;

  const work = async (): Promise<void> => {
    for (;;) {
      const { value: item, done } = await items.next();
      if (done || item === undefined || failure !== undefined) return;
      let before = 0;
      const { bytes, size } = await move(item, {
        signal,
        timeout: options.timeout,
        overwrite: options.overwrite,
        onProgress: ({ transferred }) => {
          current = item.path;
          meter.add(transferred - before);
          before = transferred;
        },
      });
      meter.add(bytes - before);
      sums.bytes += bytes;
      sums.files++;
      options.onFile?.({ path: sanitize(item.path), bytes, size });
    }
  };
  const worker = (): Promise<void> =>
    work().catch((error: unknown) => {
      failure ??= error;
      stop.abort(error);
    });
  await Promise.all(Array.from({ length: concurrency }, worker));
  await items.return();
  if (failure !== undefined) throw transferError(failure, 'folder transfer', {});
  meter.finish();
  return { ...sums, folders: tally.folders, duration: performance.now() - began, skipped: tally.skipped };
}

/** Version 3 has no status for "exists already", so a refusal is checked by looking. */
async function makeRemoteFolder(tree: RemoteTree, path: string): Promise<void> {
  try {
    await tree.mkdir(path);
  } catch (error) {
    const attributes = await tree.stat(path).catch(() => undefined);
    if (attributes === undefined || ((attributes.permissions ?? 0o040000) & 0o170000) !== 0o040000)
      throw error;
  }
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

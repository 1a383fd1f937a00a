import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, link, lstat, open, stat, truncate, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { WherryError } from '../base/errors.ts';
import { renameOver } from '../base/rename-over.ts';
import { isLocalFileSystem } from './local-file-system.ts';
import type { DownloadOptions } from './options.ts';

/** A local file being downloaded to: written beside its target under another name, and renamed when complete. */
export interface LocalTarget {
  readonly file: FileHandle;
  /** Where the bytes go until `commit`. */
  readonly path: string;
  /** The file is on a file system of this machine. */
  readonly local: boolean;
  /** A device or a pipe: bytes go there in order. */
  readonly ordered: boolean;
  /** Bytes already there from an earlier transfer. */
  readonly have: number;
  /** Puts the complete file, which has `length` bytes, under its final name. */
  commit(length: number): Promise<void>;
  /**
   * Takes the incomplete file away, or cuts it to `safeLength` and leaves it. Returns where it is, when it is left.
   */
  discard(safeLength: number): Promise<string | undefined>;
}

/**
 * Opens the file a download to `path` is written to. `inTree`: the name is a server's, so a symbolic link there is
 * replaced, not followed, and a device or a pipe is not opened.
 */
export async function openLocalTarget(
  path: string,
  options: DownloadOptions,
  inTree = false,
): Promise<LocalTarget> {
  const existing = await (inTree ? lstat : stat)(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (checkTarget(existing, path, options, inTree) === 'direct') return directTarget(path);
  if (options.inPlace === true) return inPlaceTarget(path, options);

  const keep = options.keepPartial === true || options.resume !== undefined;
  const resume = options.resume !== undefined && options.resume !== false;
  const temporary = keep ? `${path}.wherry-part` : temporaryName(path);
  const flags = resume ? 'r+' : keep ? 'w' : 'wx';
  const file = await open(temporary, flags, 0o666).catch((error: NodeJS.ErrnoException) => {
    if (resume && error.code === 'ENOENT') return open(temporary, 'wx', 0o666);
    throw error;
  });
  try {
    const have = await keptLength(file, temporary, options.resume);
    const local = await isLocalFileSystem(path);
    return temporaryTarget({ file, local, have }, temporary, path, keep, options.overwrite !== false);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Fails where a file must not be put at `path`; `direct`: what is there takes bytes itself, a device or a pipe. */
export function checkTarget(
  existing: Stats | undefined,
  path: string,
  options: DownloadOptions,
  inTree: boolean,
): 'direct' | 'file' {
  if (existing === undefined) return 'file';
  if (existing.isDirectory()) {
    throw new WherryError('TRANSFER_TARGET', `${path} is a folder; name the file`, { localPath: path });
  }
  const goesOn = options.inPlace === true && options.resume !== undefined && options.resume !== false;
  if (options.overwrite === false && !goesOn) throw alreadyThere(path);
  if (existing.isFile() || (inTree && existing.isSymbolicLink())) return 'file';
  if (!inTree) return 'direct';
  throw new WherryError('TRANSFER_TARGET', `${path} is no regular file`, { localPath: path });
}

/** A name beside `path` that nothing has. */
export function temporaryName(path: string): string {
  const random = randomBytes(6).toString('hex');
  return join(dirname(path), `.${basename(path).slice(0, 200)}.${random}.wherry-tmp`);
}

/** How much of the partial file is taken over; what is behind is cut off. */
async function keptLength(
  file: FileHandle,
  name: string,
  resume: boolean | number | undefined,
  cut = true,
): Promise<number> {
  if (resume === undefined || resume === false) return 0;
  const { size } = await file.stat();
  if (resume === true) return size;
  if (resume > size) {
    throw new WherryError('INVALID_ARGUMENT', `cannot resume at ${resume}: ${name} has ${size} bytes`, {
      localPath: name,
      expected: resume,
      actual: size,
    });
  }
  if (cut) await file.truncate(resume);
  return resume;
}

function temporaryTarget(
  opened: Pick<LocalTarget, 'file' | 'local' | 'have'>,
  temporary: string,
  path: string,
  keep: boolean,
  overwrite: boolean,
): LocalTarget {
  const { file } = opened;
  return {
    ...opened,
    path: temporary,
    ordered: false,
    async commit(length) {
      // What was there was another file, and longer.
      if (opened.have > length) await file.truncate(length);
      await file.close();
      if (overwrite) await renameOver(temporary, path);
      else {
        await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
          throw error.code === 'EEXIST' ? alreadyThere(path) : error;
        });
        await unlink(temporary);
      }
    },
    async discard(safeLength) {
      await file.close().catch(() => {});
      if (keep && safeLength > 0) {
        await truncate(temporary, safeLength);
        return temporary;
      }
      await unlink(temporary);
      return undefined;
    },
  };
}

/** The target itself. What is there stays until bytes come that replace it. */
async function inPlaceTarget(path: string, options: DownloadOptions): Promise<LocalTarget> {
  const resume = options.resume !== undefined && options.resume !== false;
  let made = false;
  const file = await open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (resume || error.code !== 'ENOENT') throw error;
    made = true;
    return open(path, 'wx', 0o666);
  });
  try {
    const { size } = await file.stat();
    const have = await keptLength(file, path, options.resume, false);
    /** A part that is fetched into the file leaves what lies behind alone. */
    const least = options.length === undefined ? 0 : size;
    return {
      file,
      path,
      local: await isLocalFileSystem(path),
      ordered: false,
      have,
      async commit(length) {
        await file.truncate(Math.max(least, length));
        await file.close();
      },
      async discard(safeLength) {
        const some = safeLength > have;
        if (some) await file.truncate(Math.max(least, safeLength));
        await file.close();
        if (made && !some) await unlink(path);
        return some ? path : undefined;
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A device or a pipe, such as /dev/null: there is nothing to rename. */
async function directTarget(path: string): Promise<LocalTarget> {
  const file = await open(path, 'w');
  return {
    file,
    path,
    local: false,
    ordered: true,
    have: 0,
    commit: () => file.close(),
    async discard() {
      // Not waited for: a write to a pipe nobody reads may never end.
      file.close().catch(() => {});
      return undefined;
    },
  };
}

export function alreadyThere(path: string): WherryError {
  return new WherryError('TRANSFER_TARGET', `${path} exists already`, { localPath: path });
}

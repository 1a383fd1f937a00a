import { closeSync, linkSync, lstatSync, openSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import type { FileAttributes } from '../sftp/attributes.ts';
import { keepOnOpenFile } from './kept-attributes.ts';
import { alreadyThere, checkTarget, temporaryName } from './local-target.ts';
import type { DownloadOptions } from './options.ts';
import { quickly } from './quick-files.ts';

/**
 * Looks at once whether a file from a server may take the name `path`, and fails where it may not. False where that
 * might hold up the process.
 */
export async function lookQuickly(path: string, options: DownloadOptions): Promise<boolean> {
  const looked = await quickly(path, 0, () => {
    checkTarget(lstatSync(path, { throwIfNoEntry: false }), path, options, true);
    return true;
  });
  return looked === true;
}

/**
 * Writes the whole file under another name beside `path` and renames it, at once. False, with nothing done, where that
 * might hold up the process.
 */
export async function writeQuickly(
  path: string,
  bytes: Uint8Array,
  options: DownloadOptions,
  attributes: FileAttributes,
): Promise<boolean> {
  const written = await quickly(path, bytes.length, () => {
    writeNow(path, bytes, options, attributes);
    return true;
  });
  return written === true;
}

function writeNow(
  path: string,
  bytes: Uint8Array,
  { overwrite, preserve }: DownloadOptions,
  attributes: FileAttributes,
): void {
  const temporary = temporaryName(path);
  const fd = openSync(temporary, 'wx', 0o666);
  try {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      if (preserve) keepOnOpenFile(fd, attributes, preserve);
    } finally {
      closeSync(fd);
    }
    if (overwrite === false) linkTo(temporary, path);
    else renameSync(temporary, path);
  } catch (error) {
    remove(temporary);
    throw error;
  }
}

/** A rename would replace what has come there meanwhile. */
function linkTo(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === 'EEXIST' ? alreadyThere(path) : error;
  }
  unlinkSync(temporary);
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It is gone, or cannot be removed; what failed before is what is told.
  }
}

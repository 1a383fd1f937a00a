import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type EngineError,
  InternalError,
  isEngineError,
  PermissionDenied,
  ResourceNotFoundError,
} from '../errors.ts';

/** Nobody but the owner looks into a store. */
export const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

export async function makeFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE });
}

/** Writes a file so that its name shows the old contents or the new ones, and never a part. */
export async function writeAtomically(
  path: string,
  data: Uint8Array | string,
  durable = true,
): Promise<void> {
  const temporary = await writeBeside(path, data, durable);
  await renameOver(temporary, path).catch((error) => dropThenThrow(temporary, error));
}

/** Windows refuses to rename over what somebody reads just now: there it is tried for half a second. */
export async function renameOver(from: string, to: string): Promise<void> {
  for (let tries = process.platform === 'win32' ? 50 : 1; ; tries--) {
    try {
      return await rename(from, to);
    } catch (error) {
      if (tries <= 1 || !['EPERM', 'EACCES', 'EBUSY'].includes(errnoOf(error) ?? '')) throw error;
      await sleep(10);
    }
  }
}

/** Whether renaming a file failed because a folder has its name; Windows says EPERM. */
export async function isFolderInTheWay(error: unknown, path: string): Promise<boolean> {
  const errno = errnoOf(error) ?? '';
  if (['EISDIR', 'ENOTEMPTY', 'EEXIST'].includes(errno)) return true;
  return errno === 'EPERM' && ((await stat(path).catch(() => undefined))?.isDirectory() ?? false);
}

/** The same for a name that must not be there yet: false, and nothing done, where it is. */
export async function createAtomically(path: string, data: string): Promise<boolean> {
  const temporary = await writeBeside(path, data, false);
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') return false;
    // A file system without hard links: the name is taken first, and filled after.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'ENOSYS' && code !== 'EMLINK') throw error;
    return await createPlainly(path, data);
  } finally {
    await unlink(temporary).catch(() => {});
  }
}

async function createPlainly(path: string, data: string): Promise<boolean> {
  try {
    await using file = await open(path, 'wx', FILE_MODE);
    await file.writeFile(data);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function writeBeside(path: string, data: Uint8Array | string, durable: boolean): Promise<string> {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  try {
    await using file = await open(temporary, 'wx', FILE_MODE);
    await file.writeFile(data);
    if (durable) await file.sync();
    return temporary;
  } catch (error) {
    return await dropThenThrow(temporary, error);
  }
}

async function dropThenThrow(path: string, error: unknown): Promise<never> {
  await unlink(path).catch(() => {});
  throw error;
}

export function errnoOf(error: unknown): string | undefined {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** What the operating system says, as an error of the engine; `what` is such as `the file report.csv`. */
export function diskError(error: unknown, what: string): EngineError {
  if (isEngineError(error)) return error;
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR')
    return new ResourceNotFoundError(`${what} does not exist`, error);
  if (errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS')
    return new PermissionDenied(`${what}: the operating system does not allow it (${errno})`, error);
  return new InternalError(
    `${what}: ${errno ?? (error instanceof Error ? error.message : String(error))}`,
    error,
  );
}

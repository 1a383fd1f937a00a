import { lstat, mkdir } from 'node:fs/promises';
import { WherryError } from '../base/errors.ts';

/**
 * Makes the folder a tree goes into, or one below it. Below the target itself it must be a real folder, not a link
 * that leads elsewhere.
 */
export async function makeLocalFolder(path: string, isTarget: boolean): Promise<void> {
  try {
    await mkdir(path, { recursive: isTarget });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!isTarget && (await lstat(path)).isDirectory()) return;
    throw new WherryError('TRANSFER_TARGET', `${path} is in the way: a folder is needed there`, {
      localPath: path,
    });
  }
}

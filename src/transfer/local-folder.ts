import { lstat, mkdir } from 'node:fs/promises';
import { WherryError } from '../base/errors.ts';

/**
 * Makes the folder a tree goes into, or one below it. Below the target itself it must be a real folder, not a link
 * that leads elsewhere. Tells whether it is new.
 */
export async function makeLocalFolder(path: string, isTarget: boolean): Promise<boolean> {
  try {
    const made = await mkdir(path, { recursive: isTarget });
    return !isTarget || made !== undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    if (!isTarget && (await lstat(path)).isDirectory()) return false;
    throw new WherryError('TRANSFER_TARGET', `${path} is in the way: a folder is needed there`, {
      localPath: path,
    });
  }
}

import { rename } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What renaming depends on. */
export interface RenameSurroundings {
  readonly platform: string;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly sleep: (ms: number) => Promise<unknown>;
}

/** How Windows says that somebody has a file open. */
const HELD: ReadonlySet<unknown> = new Set(['EPERM', 'EACCES', 'EBUSY']);
/** Milliseconds between tries; each wait is twice the one before. */
const FIRST_WAIT = 10;
const LAST_WAIT = 640;

/**
 * Renames a file over another. Windows refuses that while somebody reads either of them, a virus scanner for one, so
 * there it is tried for some 1.3 seconds.
 */
export async function renameOver(from: string, to: string, around: RenameSurroundings = here): Promise<void> {
  for (let wait = FIRST_WAIT; ; wait *= 2) {
    try {
      return await around.rename(from, to);
    } catch (error) {
      const held = around.platform === 'win32' && HELD.has((error as NodeJS.ErrnoException).code);
      if (!held || wait > LAST_WAIT) throw error;
      await around.sleep(wait);
    }
  }
}

const here: RenameSurroundings = { platform: process.platform, rename, sleep };

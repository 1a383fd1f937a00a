/**
 * Adds public keys to the account's own ~/.ssh/authorized_keys, for the servers that read no other file. Lines carry
 * the id of the process that wants them, so that runs at the same time leave each other's alone, and lines of a process
 * that died without tidying up go away with the next change. Only for the test account, never for a person's own home.
 */
import { chown, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, TEST_USER } from './account.ts';
import { withLock } from './lock.ts';
import { isAlive } from './process-tree.ts';

/** Gives the function that takes the keys out again. */
export async function addHomeKeys(
  account: Account,
  publicLines: readonly string[],
): Promise<() => Promise<void>> {
  if (account.user !== TEST_USER)
    throw new Error(`authorized_keys of ${account.user} is not the tests' to change`);
  const mark = `wherry-run-${process.pid}-${counter++}`;
  const mine = publicLines.map((line) => `${line} ${mark}`);
  await change(account, (lines) => [...lines, ...mine]);
  return () => change(account, (lines) => lines.filter((line) => !line.endsWith(` ${mark}`)));
}

let counter = 0;

async function change(account: Account, edit: (lines: string[]) => string[]): Promise<void> {
  await withLock('home-keys', async () => {
    const folder = join(account.home, '.ssh');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chown(folder, account.uid, account.gid);
    const file = join(folder, 'authorized_keys');
    const old = await readFile(file, 'utf8').catch(() => '');
    const kept = old.split('\n').filter((line) => line !== '' && !isStale(line));
    const text = edit(kept).map((line) => `${line}\n`);
    const fresh = `${file}.${process.pid}`;
    await writeFile(fresh, text.join(''), { mode: 0o600 });
    await chown(fresh, account.uid, account.gid);
    await rename(fresh, file);
  });
}

function isStale(line: string): boolean {
  const pid = / wherry-run-(\d+)-\d+$/.exec(line)?.[1];
  return pid !== undefined && !isAlive(Number(pid));
}

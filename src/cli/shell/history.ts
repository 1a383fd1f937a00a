import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const MOST_LINES = 1000;

/** Where lines typed in the shell are kept (XDG Base Directory Specification: state). */
export function historyFile(): string {
  const state = process.env.XDG_STATE_HOME;
  return join(state ? state : join(homedir(), '.local', 'state'), 'wherry', 'history');
}

/** The newest first, as readline wants them. */
export async function readHistory(): Promise<string[]> {
  const text = await readFile(historyFile(), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-MOST_LINES)
    .reverse();
}

/** Keeps them for next time, for this user only; that it cannot be done stops nobody. */
export async function writeHistory(newestFirst: readonly string[]): Promise<void> {
  const lines = newestFirst.slice(0, MOST_LINES).toReversed();
  try {
    await mkdir(dirname(historyFile()), { recursive: true, mode: 0o700 });
    await writeFile(historyFile(), lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
  } catch {
    // A home folder that cannot be written to.
  }
}

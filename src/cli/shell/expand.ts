import { readdir } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { Sftp } from '../../index.ts';
import { expandHome } from '../expand-home.ts';
import { globToRegExp } from '../pattern-list.ts';
import { sortedEntries } from '../remote-walk.ts';

/** The remote paths a pattern in the last part of a path stands for, as they would be typed; itself where none does. */
export async function expandRemote(
  text: string,
  resolve: (path: string) => string,
  sftp: Sftp,
  signal: AbortSignal,
): Promise<string[]> {
  const slash = text.lastIndexOf('/') + 1;
  const names = (await sortedEntries(sftp, resolve(text.slice(0, slash)), signal)).map(({ name }) => name);
  return matching(names, text.slice(slash), text.slice(0, slash), text);
}

/** The same for paths of this machine. */
export async function expandLocal(text: string): Promise<string[]> {
  const folder = dirname(text);
  const names = (await readdir(expandHome(folder)).catch(() => [])).sort();
  return matching(names, basename(text), text.slice(0, text.length - basename(text).length), text);
}

/** A name that was found is no option, and no home folder. */
function asPath(text: string): string {
  return /^[-~]/.test(text) ? `./${text}` : text;
}

function matching(names: readonly string[], pattern: string, ahead: string, text: string): string[] {
  const expression = globToRegExp(pattern);
  const found = names.filter(
    (name) => expression.test(name) && (pattern.startsWith('.') || !name.startsWith('.')),
  );
  return found.length === 0 ? [text] : found.map((name) => asPath(ahead + name));
}

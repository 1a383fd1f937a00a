import { posix } from 'node:path';
import { FilesError } from './served-files.ts';

/** As Linux counts them. */
const MOST_LINKS = 40;

/** The names of a path. */
export function partsOf(path: string): string[] {
  if (path.includes('\0')) throw new FilesError('SSH_FX_INVALID_FILENAME', 'a zero byte in a path');
  return path.split('/').filter((part) => part !== '');
}

/**
 * The path behind all symbolic links, the last one too when `follow`. `linkAt` tells the target of the link at a
 * path, and undefined for anything else. Absolute targets begin at the served root, and `..` stops there; behind a
 * link `..` is the folder above its target, as everywhere.
 */
export function resolveLinks(
  path: string,
  follow: boolean,
  linkAt: (path: string) => string | undefined,
): string {
  let links = 0;
  let at = '/';
  const ahead = partsOf(path).reverse();
  while (ahead.length > 0) {
    const part = ahead.pop()!;
    if (part === '.') continue;
    if (part === '..') {
      at = posix.dirname(at);
      continue;
    }
    const next = posix.join(at, part);
    const target = follow || ahead.length > 0 ? linkAt(next) : undefined;
    if (target === undefined) at = next;
    else {
      if (++links > MOST_LINKS) throw new FilesError('SSH_FX_LINK_LOOP', 'too many levels of symbolic links');
      if (target.startsWith('/')) at = '/';
      ahead.push(...partsOf(target).reverse());
    }
  }
  return at;
}

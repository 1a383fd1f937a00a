import { posix } from 'node:path';

/** How remote names are read. */
export interface PathRules {
  /** A backslash is an ordinary character. */
  readonly backslash: boolean;
  readonly normalize: boolean;
}

/** A name as the server is to see it: absolute, or as it stands where there is no folder to start from. */
export function remoteName(name: string, folder: string, rules: PathRules): string {
  const plain = rules.backslash ? name : name.replaceAll('\\', '/');
  if (plain.startsWith('/') || folder === '') return plain;
  return plain === '' ? folder : `${folder.replace(/\/$/, '')}/${plain}`;
}

/** A folder as `remotePath` shows it. */
export function shownFolder(path: string, rules: PathRules): string {
  if (!rules.normalize || path === '') return path;
  const normal = posix.normalize(path);
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal;
}

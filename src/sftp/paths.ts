import { posix } from 'node:path';

/** What becomes of a remote path before it is sent; shared by the sessions of one road, so that `folder` counts for all. */
export interface PathRules {
  /** Where relative paths begin; undefined for where the server begins. */
  folder?: string | undefined;
  /** Take out `.`, `..`, double and trailing slashes, by the letters alone. */
  readonly normalize?: boolean | undefined;
  /** A backslash separates folders, as a slash does, and is not part of a name. */
  readonly backslashSeparates?: boolean | undefined;
  /** Ask the server for the absolute form of a folder that is changed to. Default true. */
  readonly askServer?: boolean | undefined;
}

/** The path as it is sent: absolute ones and those below the server's own start stay what they are, unless told otherwise. */
export function remotePath(path: string, { folder, normalize, backslashSeparates }: PathRules): string {
  const slashed = backslashSeparates === true ? path.replaceAll('\\', '/') : path;
  const whole = folder === undefined || slashed.startsWith('/') ? slashed : below(folder, slashed);
  return normalize === true ? normalized(whole) : whole;
}

function below(folder: string, path: string): string {
  if (path === '' || path === '.') return folder;
  return folder.endsWith('/') ? folder + path : `${folder}/${path}`;
}

function normalized(path: string): string {
  if (path === '') return '';
  const plain = posix.normalize(path);
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain;
}

import { accessSync, constants, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { CODES, compatError } from './errors.ts';

/** What is at a local path: `d`, `-`, or false; anything else is a bad path, and what the system refuses has its code. */
export function localType(method: string, path: string): 'd' | '-' | false {
  let stats: Stats | undefined;
  try {
    stats = statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code = CODES.badPath } = error as NodeJS.ErrnoException;
    throw compatError(method, `Bad path: ${path}: ${reason(error)}`, code, error);
  }
  if (stats === undefined) return false;
  if (stats.isDirectory()) return 'd';
  if (stats.isFile()) return '-';
  throw compatError(method, `Bad path: ${path}: target must be a file or directory`, CODES.badPath);
}

/** Why a local path cannot be read, or undefined. */
export function unreadable(path: string): string | undefined {
  return denied(path, constants.R_OK);
}

/** Why a local file cannot be written or made, or undefined. */
export function unwritable(path: string): string | undefined {
  const why = denied(path, constants.W_OK);
  if (why !== 'not exist') return why;
  const folder = dirname(path);
  const above = denied(folder, constants.W_OK);
  if (above !== undefined) return `${folder}: ${above}`;
  return statSync(folder).isDirectory() ? undefined : `${folder}: not a directory`;
}

function denied(path: string, mode: number): string | undefined {
  try {
    accessSync(path, mode);
    return undefined;
  } catch (error) {
    return reason(error);
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'not exist';
  if (code === 'EACCES') return 'permission denied';
  return code === 'ENOTDIR' ? 'parent not a directory' : message;
}

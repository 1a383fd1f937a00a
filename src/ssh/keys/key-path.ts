import { WherryError } from '../../base/errors.ts';

/** Whether a text is the path of a key file rather than a key: one line, not long, that begins as no key does. */
export function looksLikePath(text: string): boolean {
  return text.length < 1024 && !/-----|[\r\n]|^\s*[{<]|^[\w+/=-]{128,}$|pin-value=/.test(text);
}

/** INVALID_ARGUMENT for a key file that cannot be read. What is no path may be the key itself, and is not repeated. */
export function cannotRead(what: string, path: string, error: unknown): WherryError {
  const errno = (error as NodeJS.ErrnoException).code ?? 'unknown';
  if (!looksLikePath(path)) {
    const text = `cannot read the ${what}: what was given looks like its contents, where a path is wanted`;
    return new WherryError('INVALID_ARGUMENT', text, { errno });
  }
  const text = `cannot read the ${what} ${path}: ${errno}`;
  return new WherryError('INVALID_ARGUMENT', text, { localPath: path, errno }, error);
}

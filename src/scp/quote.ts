import { WherryError } from '../base/errors.ts';

/**
 * A path as one word of a POSIX shell: nothing in it is expanded. A leading dash is not taken for an option. A
 * leading `~/` is left to the path's own meaning, so say it relative instead.
 */
export function quote(path: string): string {
  if (path.includes('\0'))
    throw new WherryError('INVALID_ARGUMENT', 'a path must not contain a NUL character');
  const safe = path === '' ? '.' : path.startsWith('-') ? `./${path}` : path;
  return `'${safe.replaceAll("'", `'\\''`)}'`;
}

/** The command a server runs for us: `-t` takes files, `-f` gives them. */
export function scpCommand(
  mode: 'to' | 'from',
  path: string,
  options: { recursive: boolean; preserve: boolean; intoFolder?: boolean },
): string {
  const flags = [
    mode === 'to' ? '-t' : '-f',
    ...(options.recursive ? ['-r'] : []),
    ...(options.preserve ? ['-p'] : []),
    ...(options.intoFolder ? ['-d'] : []),
  ];
  return `scp ${flags.join(' ')} ${quote(path)}`;
}

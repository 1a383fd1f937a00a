import { WherryError } from './errors.ts';
import { pathPattern } from './path-pattern.ts';

/**
 * Patterns for paths relative to a folder, with `/`: `*`, `?`, `[…]`, `{a,b}`, and `**` for any number of folders. One
 * without a slash is matched against the last name of a path, wherever that lies. Names that begin with a dot are
 * matched like others.
 */
export interface PathPatterns {
  /** Only files that one of them matches. Default: all. Folders are walked anyway. */
  readonly include?: string | readonly string[] | undefined;
  /** Not what one of them matches; of a folder, nothing below it either. */
  readonly exclude?: string | readonly string[] | undefined;
}

export interface PathFilter {
  /** Whether a file of this relative path is wanted. */
  file(path: string): boolean;
  /** Whether a folder is looked into. */
  folder(path: string): boolean;
}

const LONGEST_PATTERN = 4096;
const ALL: PathFilter = { file: () => true, folder: () => true };

/** Makes the filter. Patterns that are empty or longer than 4096 characters are INVALID_ARGUMENT. */
export function pathFilter({ include, exclude }: PathPatterns): PathFilter {
  if (include === undefined && exclude === undefined) return ALL;
  const matcher = (
    patterns: string | readonly string[] | undefined,
  ): ((path: string) => boolean) | undefined => {
    if (patterns === undefined) return undefined;
    const all = (typeof patterns === 'string' ? [patterns] : patterns).map((pattern) => {
      if (pattern === '' || pattern.length > LONGEST_PATTERN)
        throw new WherryError('INVALID_ARGUMENT', 'a pattern has 1 to 4096 characters');
      const matches = pathPattern(pattern.replace(/^\/+|\/+$/g, ''));
      return pattern.includes('/')
        ? matches
        : (path: string) => matches(path.slice(path.lastIndexOf('/') + 1));
    });
    return (path) => all.some((matches) => matches(path));
  };
  const wanted = matcher(include);
  const refused = matcher(exclude);
  return {
    file: (path) => !(refused?.(path) ?? false) && (wanted?.(path) ?? true),
    folder: (path) => !(refused?.(path) ?? false),
  };
}

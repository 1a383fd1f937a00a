import { open, readFile, rm, stat } from 'node:fs/promises';
import { toHex } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { randomBytes } from '../../base/random.ts';
import { renameOver } from '../../base/rename-over.ts';
import { fingerprint } from '../keys/fingerprint.ts';
import { defaultKnownHostsPath, expandHome } from './known-hosts-file.ts';
import { hostTarget, type KnownHostsEntry, matchesHost, parseKnownHostsLine } from './known-hosts-line.ts';

/** A line of a known_hosts file. */
export interface KnownHost {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly marker: KnownHostsEntry['marker'];
  /** Names and patterns as they stand; undefined where they are hashed. */
  readonly names: readonly string[] | undefined;
  readonly keyType: string;
  /** `SHA256:` and base64. */
  readonly fingerprint: string;
  readonly comment: string;
}

/** Which lines are meant. */
export interface KnownHostsQuery {
  /** Default ~/.ssh/known_hosts. */
  readonly path?: string | undefined;
  /** Only lines that cover this host. */
  readonly host?: string | undefined;
  /** Of `host`. Default 22. */
  readonly port?: number | undefined;
}

/**
 * The lines of a known_hosts file, or those that cover a host, hashed names included. A file that is not there has
 * none; one that cannot be read is INVALID_ARGUMENT. Lines that cannot be used are left out.
 *
 * @example
 * ```ts
 * import { listKnownHosts } from 'wherry';
 *
 * for (const { names, keyType, fingerprint } of await listKnownHosts({ path: knownHostsFile }))
 *   console.log(names, keyType, fingerprint);
 * ```
 */
export async function listKnownHosts({ path, host, port = 22 }: KnownHostsQuery = {}): Promise<KnownHost[]> {
  const file = expandHome(path ?? defaultKnownHostsPath());
  const found: KnownHost[] = [];
  for (const [i, row] of (await linesOf(file)).entries()) {
    const entry = parseKnownHostsLine(row.replace(/\r$/, ''));
    if (entry.kind !== 'entry') continue;
    if (host !== undefined && !matchesHost(entry.names, hostTarget(host, port))) continue;
    const { marker, names, keyType, blob, comment } = entry;
    found.push({
      path: file,
      line: i + 1,
      marker,
      names: names.kind === 'patterns' ? names.patterns : undefined,
      keyType,
      fingerprint: fingerprint(blob),
      comment,
    });
  }
  return found;
}

/**
 * Takes a host out of a known_hosts file, so that its next key is a new one: lines for it alone go, in a line with more
 * names only its name does. Lines that cover it by a pattern stay, and so does everything else, byte for byte. Returns
 * how many lines were changed. INVALID_ARGUMENT when the file cannot be read or written.
 *
 * @example
 * ```ts
 * import { removeKnownHost } from 'wherry';
 *
 * console.log(await removeKnownHost({ path: knownHostsFile, host: 'old.example' })); // 0
 * ```
 */
export async function removeKnownHost({
  path,
  host,
  port = 22,
}: KnownHostsQuery & { readonly host: string }): Promise<number> {
  const file = expandHome(path ?? defaultKnownHostsPath());
  const target = hostTarget(host, port);
  const before = await linesOf(file);
  const after = before.flatMap((row) => withoutHost(row, target));
  const changed = before.length - after.length + after.filter((row) => !before.includes(row)).length;
  if (changed > 0) await replaceFile(file, after.join('\n'));
  return changed;
}

function withoutHost(row: string, target: string): string[] {
  const entry = parseKnownHostsLine(row.replace(/\r$/, ''));
  if (entry.kind !== 'entry') return [row];
  if (entry.names.kind === 'hashed') return matchesHost(entry.names, target) ? [] : [row];
  const { patterns } = entry.names;
  if (!patterns.includes(target)) return [row];
  const others = patterns.filter((pattern) => pattern !== target);
  if (others.length === 0) return [];
  // The names are the first field, behind a marker the second one.
  return [row.replace(/^(\s*(?:@\S+[ \t]+)?)\S+/, (_, ahead: string) => ahead + others.join(','))];
}

async function linesOf(file: string): Promise<string[]> {
  try {
    return (await readFile(file, 'utf8')).split('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError('read', file, error);
  }
}

/** A new file takes the place of the old one, with its permissions, when it is whole. */
async function replaceFile(file: string, text: string): Promise<void> {
  const temporary = `${file}.${toHex(randomBytes(6))}`;
  try {
    const { mode } = await stat(file);
    {
      await using handle = await open(temporary, 'wx', mode & 0o777);
      await handle.writeFile(text);
      await handle.sync();
    }
    await renameOver(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError('write', file, error);
  }
}

function fileError(verb: 'read' | 'write', path: string, cause: unknown): WherryError {
  const errno = (cause as NodeJS.ErrnoException).code;
  const details = { localPath: path, ...(errno === undefined ? {} : { errno }) };
  return new WherryError(
    'INVALID_ARGUMENT',
    `cannot ${verb} ${path}: ${errno ?? String(cause)}`,
    details,
    cause,
  );
}

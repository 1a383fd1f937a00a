import { mkdir, open, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fromUtf8, view } from '../../base/bytes.ts';
import { WherryError } from '../../base/errors.ts';
import { type KnownHostsEntry, matchesHost, parseKnownHostsLine } from './known-hosts-line.ts';

/** An entry and where it stands. */
export interface LocatedEntry extends KnownHostsEntry {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
}

export interface Lookup {
  /** The lines that cover the host, markers included, in the order of the files. */
  readonly entries: readonly LocatedEntry[];
  /** Lines that could not be used, in words. */
  readonly notes: readonly string[];
}

/** `~/.ssh/known_hosts`. */
export function defaultKnownHostsPath(): string {
  return join(homedir(), '.ssh', 'known_hosts');
}

/** A leading `~/` replaced by the home folder. */
export function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
}

/** What the files say about a host, given as `hostTarget` makes it. A file that is not there says nothing. */
export async function lookUpHost(paths: readonly string[], target: string): Promise<Lookup> {
  const entries: LocatedEntry[] = [];
  const notes: string[] = [];
  for (const path of paths) {
    const text = await readIfThere(path);
    for (const [i, row] of text.split('\n').entries()) {
      const parsed = parseKnownHostsLine(row.endsWith('\r') ? row.slice(0, -1) : row);
      if (parsed.kind === 'ignored') notes.push(`${path}:${i + 1} ignored: ${parsed.why}`);
      if (parsed.kind !== 'entry' || !matchesHost(parsed.names, target)) continue;
      entries.push({ ...parsed, path, line: i + 1 });
    }
  }
  return { entries, notes };
}

/**
 * Adds a line to the file, which is made (0600, its folder 0700) when it is not there. One write at the end of
 * the file: lines of other processes stay whole. A last line without a line end gets one first.
 */
export async function appendLine(path: string, line: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await using file = await open(path, 'a+', 0o600);
    const { size } = await file.stat();
    const last = new Uint8Array(1).fill(10);
    if (size > 0) await file.read(last, 0, 1, size - 1);
    const bytes = fromUtf8(`${last[0] === 10 ? '' : '\n'}${line}\n`);
    const { bytesWritten } = await file.write(view(bytes));
    if (bytesWritten !== bytes.length) throw new Error(`${bytesWritten} of ${bytes.length} bytes written`);
  } catch (error) {
    throw fileError(`cannot record the host key in ${path}`, path, error);
  }
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw fileError(`cannot read the known hosts of ${path}`, path, error);
  }
}

function fileError(text: string, path: string, cause: unknown): WherryError {
  const errno = (cause as NodeJS.ErrnoException).code;
  const details = { localPath: path, ...(errno === undefined ? {} : { errno }) };
  return new WherryError('INVALID_ARGUMENT', `${text}: ${errno ?? String(cause)}`, details, cause);
}

import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Sftp } from '../../index.ts';
import { expandHome } from '../expand-home.ts';
import { printable } from '../printable.ts';
import { quoteWord, splitWords } from './words.ts';

/** How long a listing is good enough for the next Tab, and how long Tab waits for one. */
const FRESH_MS = 3000;
const PATIENCE_MS = 3000;
const MOST_NAMES = 5000;

interface Named {
  readonly name: string;
  readonly folder: boolean;
}

/** What completing needs to know. */
export interface CompleterOptions {
  readonly sftp: Sftp;
  /** Commands, with what their arguments are. */
  readonly commands: ReadonlyMap<string, 'remote' | 'local' | 'none' | 'put' | 'get'>;
  resolve(path: string): string;
}

/** Completes commands, and paths of the server or of this machine, as readline asks: the choices, and what they replace. */
export class Completer {
  readonly #options: CompleterOptions;
  readonly #listings = new Map<string, { at: number; names: readonly Named[] }>();

  constructor(options: CompleterOptions) {
    this.#options = options;
  }

  async complete(line: string): Promise<[choices: string[], replaced: string]> {
    const words = splitWords(line);
    if (words === undefined) return [[], line];
    const typed = /(?:\\.|[^\s\\])*$/s.exec(line)![0];
    const done = typed === '' ? words : words.slice(0, -1);
    const { commands } = this.#options;
    if (done.length === 0) {
      const choices = [...commands.keys()].filter((name) => name.startsWith(typed));
      return [choices.map((name) => `${name} `), typed];
    }
    const word = typed === '' ? '' : words.at(-1)!.text;
    const side = this.#side(done[0]!.text, done.length);
    if (side === 'none') return [[], typed];
    const slash = word.lastIndexOf('/') + 1;
    const folder = word.slice(0, slash);
    const names = side === 'local' ? await localNames(folder) : await this.#remoteNames(folder);
    const start = word.slice(slash);
    // readline writes them as they are: what a terminal would obey is left out, nobody could type it either.
    const fitting = names.filter(
      ({ name }) =>
        name.startsWith(start) &&
        (start.startsWith('.') || !name.startsWith('.')) &&
        printable(name) === name,
    );
    const choices = fitting.map(
      ({ name, folder: isFolder }) => quoteWord(folder + name) + (isFolder ? '/' : ' '),
    );
    return [choices, typed];
  }

  #side(command: string, index: number): 'remote' | 'local' | 'none' {
    const kind = this.#options.commands.get(command) ?? 'none';
    if (kind === 'put') return index === 1 ? 'local' : 'remote';
    if (kind === 'get') return index === 1 ? 'remote' : 'local';
    return kind;
  }

  async #remoteNames(folder: string): Promise<readonly Named[]> {
    const path = this.#options.resolve(folder);
    const known = this.#listings.get(path);
    if (known !== undefined && performance.now() - known.at < FRESH_MS) return known.names;
    const names: Named[] = [];
    try {
      const signal = AbortSignal.timeout(PATIENCE_MS);
      for await (const { name, type } of this.#options.sftp.list(path, { signal })) {
        names.push({ name, folder: type === 'directory' });
        if (names.length >= MOST_NAMES) break;
      }
    } catch {
      return []; // No such folder, or too slow: there is nothing to offer.
    }
    this.#listings.set(path, { at: performance.now(), names });
    return names;
  }
}

async function localNames(folder: string): Promise<readonly Named[]> {
  const path = folder === '' ? '.' : expandHome(folder === '/' ? '/' : dirname(`${folder}x`));
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries.map((entry) => ({ name: entry.name, folder: entry.isDirectory() }));
}

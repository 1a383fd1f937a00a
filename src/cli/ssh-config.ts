import { spawnSync } from 'node:child_process';
import { type Stats, statSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, isAbsolute, join } from 'node:path';
import type SshConfig from 'ssh-config';
import { currentUser } from './environment.ts';
import { expandHome } from './expand-home.ts';
import { matchesPatterns } from './pattern-list.ts';
import { UsageError } from './usage-error.ts';

/** What a file says about one host: keywords in lower case, with their values in order. The first one counts. */
export type ConfigValues = ReadonlyMap<string, readonly string[]>;

/** Whom the file is asked about. */
export interface ConfigSubject {
  /** As it was written: what `Host` looks at. */
  readonly host: string;
  readonly user: string | undefined;
}

/** What a file can make us do beside reading it. */
export interface ConfigWorld {
  /** The files of an Include, with their text; `pattern` is absolute. */
  included(pattern: string): Promise<readonly (readonly [path: string, text: string])[]>;
  /** Whether the command of `Match exec` ends well. */
  holds(command: string): boolean;
}

type ConfigLine = SshConfig[number];

/** As OpenSSH: files within files. */
const DEEPEST_INCLUDE = 16;
/** Keywords of which every occurrence counts. */
const REPEATABLE = new Set(['identityfile', 'certificatefile']);
/** Keywords whose value is the rest of the line as it stands. */
const COMMANDS = new Set(['proxycommand', 'knownhostscommand']);

/**
 * Reads an OpenSSH client configuration (ssh_config(5)) and what it includes. Without `file` that is ~/.ssh/config,
 * which may be missing, and must not be writable by others.
 */
export async function readSshConfig(subject: ConfigSubject, file: string | undefined): Promise<ConfigValues> {
  const path = file ?? join(homedir(), '.ssh', 'config');
  const text = await readConfigFile(path, file === undefined);
  if (text === undefined) {
    if (file !== undefined) throw new UsageError(`there is no configuration file ${file}`);
    return new Map();
  }
  return await readSshConfigText(text, path, subject, thisMachine(file === undefined));
}

/** Loaded once. */
let library: Promise<typeof import('ssh-config')> | undefined;

/** The same of a text; `path` is what errors call it. */
export async function readSshConfigText(
  text: string,
  path: string,
  subject: ConfigSubject,
  world: ConfigWorld,
): Promise<ConfigValues> {
  library ??= import('ssh-config');
  const { parse } = await library;
  return await new Walk(subject, parse, world).run(text, path);
}

function thisMachine(guarded: boolean): ConfigWorld {
  return {
    async included(pattern) {
      const texts = (await filesLike(pattern)).map(
        async (file) => [file, await readConfigFile(file, guarded)] as const,
      );
      return (await Promise.all(texts)).flatMap(([file, text]) => (text === undefined ? [] : [[file, text]]));
    },
    holds: (command) => spawnSync(command, { shell: true, stdio: 'ignore' }).status === 0,
  };
}

async function readConfigFile(path: string, guarded: boolean): Promise<string | undefined> {
  let stats: Stats;
  try {
    stats = statSync(path);
    if (stats.isDirectory()) return undefined;
    const others = process.platform !== 'win32' && (stats.mode & 0o022) !== 0;
    if (guarded && others) {
      throw new UsageError(`${path} can be written by others: chmod go-w ${path}, or use --no-config`);
    }
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new UsageError(`cannot read the configuration ${path}: ${code}`);
  }
}

class Walk {
  readonly #subject: ConfigSubject;
  readonly #parse: (text: string) => SshConfig;
  readonly #world: ConfigWorld;
  readonly #values = new Map<string, string[]>();

  constructor(subject: ConfigSubject, parse: (text: string) => SshConfig, world: ConfigWorld) {
    this.#subject = subject;
    this.#parse = parse;
    this.#world = world;
  }

  async run(text: string, path: string): Promise<ConfigValues> {
    await this.#lines(this.#parsed(text, path), path, 0);
    return this.#values;
  }

  #parsed(text: string, path: string): SshConfig {
    try {
      return this.#parse(text);
    } catch (error) {
      throw new UsageError(`cannot read the configuration ${path}: ${(error as Error).message}`);
    }
  }

  async #lines(lines: SshConfig, path: string, depth: number): Promise<void> {
    for (const line of lines) {
      if (!('param' in line)) continue;
      const keyword = line.param.toLowerCase();
      const values = valuesOf(line, keyword);
      if (keyword === 'host') {
        if (matchesPatterns(values, this.#subject.host)) await this.#section(line, path, depth);
      } else if (keyword === 'match') {
        if (this.#matches(values)) await this.#section(line, path, depth);
      } else if (keyword === 'include') await this.#include(values, path, depth);
      else if (REPEATABLE.has(keyword))
        this.#values.set(keyword, [...(this.#values.get(keyword) ?? []), ...values]);
      else if (!this.#values.has(keyword)) this.#values.set(keyword, values);
    }
  }

  async #section(line: ConfigLine, path: string, depth: number): Promise<void> {
    if ('config' in line) await this.#lines(line.config, path, depth);
  }

  /** Files by name, `*` and `?`, below ~/.ssh where the path is relative; in the order of their names. */
  async #include(patterns: readonly string[], from: string, depth: number): Promise<void> {
    if (depth >= DEEPEST_INCLUDE) throw new UsageError(`${from}: too many files include one another`);
    for (const pattern of patterns) {
      const expanded = expandHome(pattern);
      const path = isAbsolute(expanded) ? expanded : join(homedir(), '.ssh', expanded);
      for (const [file, text] of await this.#world.included(path))
        await this.#lines(this.#parsed(text, file), file, depth + 1);
    }
  }

  /** The criteria of a Match line, which must all hold; `exec` is run only when those before it do. */
  #matches(words: readonly string[]): boolean {
    for (let i = 0; i < words.length; i++) {
      const negated = words[i]!.startsWith('!');
      const [, name = '', inline] = /^!?([^=]*)(?:=(.*))?$/s.exec(words[i]!.toLowerCase()) ?? [];
      if (name === 'all') {
        if (negated) return false;
        continue;
      }
      const takesNone = name === 'canonical' || name === 'final';
      const argument = takesNone ? '' : (inline ?? words[++i] ?? '');
      if (this.#criterion(name, argument) === negated) return false;
    }
    return true;
  }

  #criterion(name: string, argument: string): boolean {
    const patterns = argument.split(',');
    switch (name) {
      case 'host':
        return matchesPatterns(patterns, this.#hostName());
      case 'originalhost':
        return matchesPatterns(patterns, this.#subject.host);
      case 'user':
        return matchesPatterns(
          patterns,
          this.#subject.user ?? this.#values.get('user')?.[0] ?? currentUser(),
        );
      case 'localuser':
        return matchesPatterns(patterns, currentUser());
      case 'exec':
        return this.#world.holds(this.#tokens(argument));
      default:
        return false; // canonical, final, tagged, localnetwork: nothing here can make them true.
    }
  }

  #hostName(): string {
    const given = this.#values.get('hostname')?.[0];
    return given === undefined ? this.#subject.host : given.replaceAll('%h', this.#subject.host);
  }

  #tokens(command: string): string {
    const { host, user } = this.#subject;
    const values: Record<string, string> = {
      '%': '%',
      h: this.#hostName(),
      n: host,
      p: this.#values.get('port')?.[0] ?? '22',
      r: user ?? this.#values.get('user')?.[0] ?? currentUser(),
      u: currentUser(),
      d: homedir(),
    };
    return command.replace(/%([%hnprud])/g, (_, token: string) => values[token]!);
  }
}

function valuesOf(line: ConfigLine, keyword: string): string[] {
  if (!('value' in line)) return [];
  const { value } = line;
  if (typeof value === 'string') return [value];
  if (!COMMANDS.has(keyword)) return value.map(({ val }) => val);
  const words = value.map(({ val, separator, quoted }) => `${separator}${quoted ? `"${val}"` : val}`);
  return [words.join('').trim()];
}

async function filesLike(path: string): Promise<string[]> {
  const [folder, pattern] = [dirname(path), basename(path)];
  if (!/[*?]/.test(pattern)) return [path];
  const names = await readdir(folder).catch(() => []);
  const visible = names.filter((name) => pattern.startsWith('.') || !name.startsWith('.'));
  return visible
    .filter((name) => matchesPatterns([pattern], name))
    .sort()
    .map((name) => join(folder, name));
}

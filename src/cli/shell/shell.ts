import { Command, CommanderError } from 'commander';
import { type Connection, openSftp, type Sftp } from '../../index.ts';
import { addArguments } from '../arguments.ts';
import type { CommandContext, CommandRow, CommandTable, ShellSession } from '../commands.ts';
import { explain } from '../explain.ts';
import { type CliOptions, CONNECTING } from '../options.ts';
import { locateBySftp } from '../place.ts';
import { printable } from '../printable.ts';
import { pathInFolder } from '../remote-folder.ts';
import { withConnection } from '../session.ts';
import type { RemoteUrl } from '../url.ts';
import { UsageError } from '../usage-error.ts';
import { BUILTINS } from './builtins.ts';
import { expandLocal, expandRemote } from './expand.ts';
import { readLines } from './lines.ts';
import { splitWords, type Word } from './words.ts';

/** Commands without a path mean the folder the shell is in. */
const HERE: ReadonlySet<string> = new Set(['ls', 'tree', 'df']);

/** `wherry shell URL`. */
export async function shell(context: CommandContext): Promise<void> {
  const url = locateBySftp(context, context.args[0] ?? '');
  await withConnection(url, context, async (ssh) => {
    await using sftp = await openSftp(ssh, { signal: context.signal });
    const home = await sftp.realpath('.', { signal: context.signal });
    const one = new Shell(context, ssh, sftp, url, home);
    if (url.path !== '.') await one.changeFolder(url.path);
    await one.run();
  });
}

/** A session at a prompt, or over lines of a pipe: then the first line that fails ends it. */
export class Shell implements ShellSession {
  readonly ssh: Connection;
  readonly sftp: Sftp;
  readonly url: RemoteUrl;
  readonly #context: CommandContext;
  readonly #home: string;
  #folder: string;
  #left = false;

  constructor(context: CommandContext, ssh: Connection, sftp: Sftp, url: RemoteUrl, home: string) {
    this.#context = context;
    this.ssh = ssh;
    this.sftp = sftp;
    this.url = url;
    this.#home = home;
    this.#folder = home;
  }

  get folder(): string {
    return this.#folder;
  }

  get commands(): CommandTable {
    return this.#context.commands;
  }

  /** The options the shell was started with. */
  get options(): CliOptions {
    return this.#context.options;
  }

  resolve(path: string): string {
    if (path === '' || path === '.') return this.#folder;
    if (path.startsWith('/')) return path;
    if (path === '~' || path.startsWith('~/')) return pathInFolder(this.#home, path.slice(2) || '.');
    return pathInFolder(this.#folder, path);
  }

  async changeFolder(path: string): Promise<void> {
    const { signal } = this.#context;
    const folder = path === '' ? this.#home : await this.sftp.realpath(this.resolve(path), { signal });
    // realpath is content with what is not there; a listing is not.
    for await (const _ of this.sftp.list(folder, { signal })) break;
    this.#folder = folder;
  }

  say(text: string): void {
    this.#context.stdout.write(`${printable(text)}\n`);
  }

  leave(): void {
    this.#left = true;
  }

  async run(): Promise<void> {
    const terminal = process.stdin.isTTY === true;
    const { report, signal } = this.#context;
    for await (const { text, aborted } of readLines(this, terminal, signal)) {
      const line = text.trim();
      if (line === '' || line.startsWith('#')) continue;
      try {
        await this.#line(line, AbortSignal.any([signal, aborted]));
      } catch (error) {
        if (!terminal || signal.aborted || this.ssh.closed) throw error;
        const interruption = aborted.aborted ? 'interrupted' : undefined;
        report.failed(explain(error, this.options, { interruption, inShell: true }));
      }
      if (this.#left) return;
    }
  }

  async #line(line: string, signal: AbortSignal): Promise<void> {
    const words = splitWords(line);
    if (words === undefined) throw new UsageError('a quote is not closed');
    const [first, ...rest] = words;
    const name = first!.text === 'quit' || first!.text === 'bye' ? 'exit' : first!.text;
    if (Object.hasOwn(BUILTINS, name)) {
      await BUILTINS[name]!.run(
        this,
        rest.map(({ text }) => text),
      );
      return;
    }
    const row = Object.hasOwn(this.commands, name) ? this.commands[name] : undefined;
    if (row?.remote !== true) throw new UsageError(`there is no command ${printable(name)}; help lists them`);
    const { args, options } = this.#parse(name, row, await this.#expand(name, rest, signal));
    const command = await row.load();
    await command({ ...this.#context, args, options, signal, shell: this });
    this.#context.stdout.finishLine();
    await this.#context.stdout.flush();
  }

  /** Patterns become names: of this machine for what is put, of the server for everything else. */
  async #expand(name: string, words: readonly Word[], signal: AbortSignal): Promise<string[]> {
    const operands = words.filter(({ text }) => !text.startsWith('-'));
    const texts: string[] = [];
    for (const word of words) {
      const local = name === 'put' ? word === operands[0] : name === 'get' && word !== operands[0];
      if (!word.pattern || word.text.startsWith('-')) texts.push(word.text);
      else if (local) texts.push(...(await expandLocal(word.text)));
      else {
        const found = await expandRemote(word.text, (path) => this.resolve(path), this.sftp, signal);
        // The second one would be the local file that is written.
        if (name === 'get' && found.length > 1)
          throw new UsageError(`get fetches one file or folder, and ${found.length} fit ${word.text}`);
        texts.push(...found);
      }
    }
    if (operands.length === 0 && HERE.has(name)) texts.push('.');
    // What is put without a place goes to the folder the shell is in.
    if (name === 'put' && operands.length === 1) texts.push('');
    return texts;
  }

  #parse(
    name: string,
    row: CommandRow,
    texts: readonly string[],
  ): { args: readonly string[]; options: CliOptions } {
    const command = new Command(name)
      .exitOverride()
      .helpOption(false)
      .configureOutput({ writeErr: () => {} });
    addArguments(
      command,
      row,
      row.options.filter((key) => !CONNECTING.includes(key)),
    );
    try {
      command.parse([...texts], { from: 'user' });
    } catch (error) {
      if (error instanceof CommanderError) throw new UsageError(error.message.replace(/^error: /, ''));
      throw error;
    }
    return { args: command.args, options: { ...this.options, ...command.opts<CliOptions>() } };
  }
}

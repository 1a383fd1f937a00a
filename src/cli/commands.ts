import type { CliOptions } from './options.ts';
import type { Output } from './output.ts';
import type { Report } from './report.ts';

/** What a command works with. */
export interface CommandContext {
  readonly args: readonly string[];
  readonly options: CliOptions;
  readonly report: Report;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Fires when the person, or a broken output, wants an end. */
  readonly signal: AbortSignal;
}

export type CommandName = 'get' | 'put' | 'ls' | 'run' | 'executions' | 'connectors';

export type Command = (context: CommandContext) => Promise<void>;

/** One command: how it is called, what it says of itself, and where its code is, loaded when it runs. */
export interface CommandRow {
  readonly usage: string;
  readonly args: readonly (readonly [name: string, doc: string])[];
  readonly doc: string;
  readonly options: readonly (keyof CliOptions)[];
  load(): Promise<Command>;
}

/** What every command that connects by a URL takes. */
const CONNECTING: readonly (keyof CliOptions)[] = [
  'identity',
  'passphraseEnv',
  'passwordEnv',
  'knownHosts',
  'hostKey',
  'acceptNew',
  'cipher',
  'timeout',
];
const COPYING: readonly (keyof CliOptions)[] = [
  ...CONNECTING,
  'recursive',
  'preserve',
  'quiet',
  'json',
  'verbose',
];

const URL_DOC =
  'sftp:// or scp://[user@]host[:port]/absolute/path, or …/~/path for one below the home folder';

export const COMMANDS: Readonly<Record<CommandName, CommandRow>> = {
  get: {
    usage: '[options] <url> [local]',
    args: [
      ['<url>', URL_DOC],
      ['[local]', 'file, folder, or - for stdout (default: the current folder)'],
    ],
    doc: 'fetch a file, or with -r a folder',
    options: COPYING,
    load: async () => (await import('./get.ts')).get,
  },
  put: {
    usage: '[options] <local...> <url>',
    // One list for commander, which takes a variadic argument at the end only; put.ts splits the URL off.
    args: [['<local...>', `files, folders with -r, or - for stdin; last the URL: ${URL_DOC}`]],
    doc: 'send files, or with -r folders',
    options: COPYING,
    load: async () => (await import('./put.ts')).put,
  },
  ls: {
    usage: '[options] <url>',
    args: [['<url>', URL_DOC]],
    doc: 'list a folder',
    options: [...CONNECTING, 'quiet', 'json', 'verbose'],
    load: async () => (await import('./ls.ts')).ls,
  },
  run: {
    usage: '[options] <file>',
    args: [['<file>', 'a flow (.ts, .js) or a connection (.yaml, .json)']],
    doc: 'run a flow or a connection, and keep a record of it',
    options: ['input', 'inputFile', 'store', 'quiet', 'json'],
    load: async () => (await import('./run.ts')).run,
  },
  executions: {
    usage: '[options] [id]',
    args: [['[id]', 'one execution, with its log']],
    doc: 'list what ran, the newest first',
    options: ['store', 'json'],
    load: async () => (await import('./executions.ts')).executions,
  },
  connectors: {
    usage: '[schema <name>]',
    args: [
      ['[what]', 'schema prints the JSON Schema of a connector type; alone it lists the types'],
      ['[name]', 'SCP or SFTP'],
    ],
    doc: 'list connector types, or print the schema of one',
    options: [],
    load: async () => (await import('./connectors.ts')).connectors,
  },
};

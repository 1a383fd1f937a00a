import type { Connection, Sftp } from '../index.ts';
import { type CliOptions, CONNECTING, REPORTING } from './options.ts';
import type { Output } from './output.ts';
import type { Report } from './report.ts';
import type { RemoteUrl } from './url.ts';

/** The session a command finds in the shell, where no URL is given. */
export interface ShellSession {
  readonly ssh: Connection;
  readonly sftp: Sftp;
  /** The server; its path is where the session began. */
  readonly url: RemoteUrl;
  /** A path as typed, from the folder the shell is in. */
  resolve(path: string): string;
}

/** What a command works with. */
export interface CommandContext {
  readonly args: readonly string[];
  readonly options: CliOptions;
  readonly report: Report;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Fires when the person, or a broken output, wants an end. */
  readonly signal: AbortSignal;
  /** The table of commands, for those that are about commands. */
  readonly commands: CommandTable;
  /** In the shell only. */
  readonly shell?: ShellSession | undefined;
}

export type CommandName =
  | 'get'
  | 'put'
  | 'ls'
  | 'tree'
  | 'cat'
  | 'stat'
  | 'df'
  | 'rm'
  | 'mv'
  | 'mkdir'
  | 'rmdir'
  | 'ln'
  | 'chmod'
  | 'cp'
  | 'hash'
  | 'sync'
  | 'tail'
  | 'shell'
  | 'known-hosts'
  | 'key'
  | 'run'
  | 'executions'
  | 'connectors'
  | 'completion'
  | 'manual';

export type Command = (context: CommandContext) => Promise<void>;

/** One command: how it is called, what it says of itself, and where its code is, loaded when it runs. */
export interface CommandRow {
  readonly usage: string;
  readonly args: readonly (readonly [name: string, doc: string])[];
  readonly doc: string;
  readonly options: readonly (keyof CliOptions)[];
  /** Takes URLs, and paths in the shell. */
  readonly remote?: boolean;
  load(): Promise<Command>;
}

const COPYING: readonly (keyof CliOptions)[] = [...CONNECTING, 'recursive', 'preserve', ...REPORTING];

const URL_DOC =
  'sftp:// or scp://[user@]host[:port]/absolute/path, or …/~/path for one below the home folder';
const SFTP_DOC = 'sftp://[user@]host[:port]/path';
const URLS_ARG = ['<url...>', SFTP_DOC] as const;

export type CommandTable = Readonly<Record<string, CommandRow>>;

export const COMMANDS: Readonly<Record<CommandName, CommandRow>> = {
  get: {
    usage: '[options] <url> [local]',
    args: [
      ['<url>', URL_DOC],
      ['[local]', 'file, folder, or - for stdout (default: the current folder)'],
    ],
    doc: 'fetch a file, or with -r a folder',
    options: COPYING,
    remote: true,
    load: async () => (await import('./get.ts')).get,
  },
  put: {
    usage: '[options] <local...> <url>',
    // One list for commander, which takes a variadic argument at the end only; put.ts splits the URL off.
    args: [['<local...>', `files, folders with -r, or - for stdin; last the URL: ${URL_DOC}`]],
    doc: 'send files, or with -r folders',
    options: [...CONNECTING, 'recursive', 'preserve', 'atomic', ...REPORTING],
    remote: true,
    load: async () => (await import('./put.ts')).put,
  },
  ls: {
    usage: '[options] <url>',
    args: [['<url>', URL_DOC]],
    doc: 'list a folder',
    options: [...CONNECTING, ...REPORTING],
    remote: true,
    load: async () => (await import('./ls.ts')).ls,
  },
  tree: {
    usage: '[options] <url>',
    args: [['<url>', SFTP_DOC]],
    doc: 'show a folder with all below it',
    options: [...CONNECTING, 'depth', ...REPORTING],
    remote: true,
    load: async () => (await import('./tree.ts')).tree,
  },
  cat: {
    usage: '[options] <url...>',
    args: [URLS_ARG],
    doc: 'write files to stdout',
    options: [...CONNECTING, ...REPORTING],
    remote: true,
    load: async () => (await import('./cat.ts')).cat,
  },
  stat: {
    usage: '[options] <url...>',
    args: [URLS_ARG],
    doc: 'tell what the server says about files',
    options: [...CONNECTING, ...REPORTING],
    remote: true,
    load: async () => (await import('./stat.ts')).stat,
  },
  df: {
    usage: '[options] <url...>',
    args: [URLS_ARG],
    doc: 'tell the space on the file system of a path',
    options: [...CONNECTING, ...REPORTING],
    remote: true,
    load: async () => (await import('./df.ts')).df,
  },
  rm: {
    usage: '[options] <url...>',
    args: [URLS_ARG],
    doc: 'remove files, or with -r folders',
    options: [...CONNECTING, 'recursive', 'force', ...REPORTING],
    remote: true,
    load: async () => (await import('./rm.ts')).rm,
  },
  mv: {
    usage: '[options] <url> <target>',
    args: [
      ['<url>', SFTP_DOC],
      ['<target>', 'a URL or path on the same server; into it where it is a folder'],
    ],
    doc: 'rename or move; with -f over what is there',
    options: [...CONNECTING, 'force', ...REPORTING],
    remote: true,
    load: async () => (await import('./mv.ts')).mv,
  },
  mkdir: {
    usage: '[options] <url...>',
    args: [URLS_ARG],
    doc: 'make folders',
    options: [...CONNECTING, 'parents', ...REPORTING],
    remote: true,
    load: async () => (await import('./mkdir.ts')).mkdir,
  },
  rmdir: {
    usage: '[options] <url...>',
    args: [URLS_ARG],
    doc: 'remove empty folders',
    options: [...CONNECTING, ...REPORTING],
    remote: true,
    load: async () => (await import('./rm.ts')).rmdir,
  },
  ln: {
    usage: '[options] <target> <url>',
    args: [
      ['<target>', 'what the link is to: a path on the server, kept as it is with -s'],
      ['<url>', 'where the link goes'],
    ],
    doc: 'make a hard link, or with -s a symbolic one',
    options: [...CONNECTING, 'symbolic', ...REPORTING],
    remote: true,
    load: async () => (await import('./ln.ts')).ln,
  },
  chmod: {
    usage: '[options] <mode> <url...>',
    args: [['<mode>', 'octal as 644, or symbols as u+x,go-w'], URLS_ARG],
    doc: 'set permissions',
    options: [...CONNECTING, 'recursive', ...REPORTING],
    remote: true,
    load: async () => (await import('./chmod.ts')).chmod,
  },
  cp: {
    usage: '[options] <url> <target>',
    args: [
      ['<url>', SFTP_DOC],
      ['<target>', 'a URL or path on the same server; into it where it is a folder'],
    ],
    doc: 'copy a file on the server, by the server',
    options: [...CONNECTING, ...REPORTING],
    remote: true,
    load: async () => (await import('./cp.ts')).cp,
  },
  hash: {
    usage: '[options] <url...>',
    args: [URLS_ARG],
    doc: 'tell the hash of files, by the server where it can, else by reading them',
    options: [...CONNECTING, 'algorithm', ...REPORTING],
    remote: true,
    load: async () => (await import('./hash.ts')).hash,
  },
  sync: {
    usage: '[options] <from> <to>',
    args: [
      ['<from>', `a local folder, or ${SFTP_DOC}`],
      ['<to>', 'the other one of the two: what is made like it'],
    ],
    doc: 'make a folder like another one, by moving what is new or changed',
    options: [
      ...CONNECTING,
      ...(['delete', 'dryRun', 'compare', 'include', 'exclude', 'preserve'] as const),
      ...REPORTING,
    ],
    load: async () => (await import('./sync.ts')).sync,
  },
  tail: {
    usage: '[options] <url>',
    args: [['<url>', SFTP_DOC]],
    doc: 'write the end of a file to stdout',
    options: [...CONNECTING, 'follow', 'lines', ...REPORTING],
    remote: true,
    load: async () => (await import('./tail.ts')).tail,
  },
  shell: {
    usage: '[options] <url>',
    args: [['<url>', SFTP_DOC]],
    doc: 'work on a server line by line',
    options: [...CONNECTING, ...REPORTING],
    load: async () => (await import('./shell/shell.ts')).shell,
  },
  'known-hosts': {
    usage: 'list [host] | add <url> | remove <host> | scan <host...>',
    args: [
      ['<what>', 'list shows lines, add connects and records a key, remove takes lines out, scan shows keys'],
      ['[host...]', 'host or host:port; for add a URL'],
    ],
    doc: 'show and change which host keys are trusted',
    options: ['knownHosts', 'hostKey', 'timeout', ...REPORTING],
    load: async () => (await import('./known-hosts.ts')).knownHostsCommand,
  },
  key: {
    usage: 'inspect <file...> | convert <file> [target] | generate <file>',
    args: [
      [
        '<what>',
        'inspect shows what is in key files, convert writes another format, generate makes a new key',
      ],
      ['[file...]', 'key files and certificates of any format; the target of convert may be - for stdout'],
    ],
    doc: 'show, convert and make keys',
    options: [
      'passphraseEnv',
      'newPassphraseEnv',
      'plain',
      'public',
      'to',
      'type',
      'bits',
      'comment',
      ...REPORTING,
    ],
    load: async () => (await import('./key.ts')).keyCommand,
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
  completion: {
    usage: '<shell>',
    args: [['<shell>', 'bash, zsh or fish']],
    doc: 'print the completions for a shell, to be loaded by it',
    options: [],
    load: async () => (await import('./completion.ts')).completion,
  },
  manual: {
    usage: '',
    args: [],
    doc: 'print the manual page, as for man -l -',
    options: [],
    load: async () => (await import('./manual.ts')).manual,
  },
};

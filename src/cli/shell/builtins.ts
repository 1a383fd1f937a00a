import { readdir } from 'node:fs/promises';
import type { CommandRow } from '../commands.ts';
import { expandHome } from '../expand-home.ts';
import { printable } from '../printable.ts';
import { UsageError } from '../usage-error.ts';
import type { Shell } from './shell.ts';

/** A command that only the shell has. */
export interface Builtin {
  readonly usage: string;
  readonly doc: string;
  readonly argument: 'remote' | 'local' | 'none';
  run(shell: Shell, args: readonly string[]): Promise<void> | void;
}

export const BUILTINS: Readonly<Record<string, Builtin>> = {
  cd: {
    usage: '[folder]',
    doc: 'go to a folder of the server, or back to where you began',
    argument: 'remote',
    run: (shell, [path = '']) => shell.changeFolder(path),
  },
  pwd: {
    usage: '',
    doc: 'tell the folder of the server',
    argument: 'none',
    run: (shell) => shell.say(shell.folder),
  },
  lcd: {
    usage: '[folder]',
    doc: 'go to a folder of this machine',
    argument: 'local',
    run: (_shell, [path = '~']) => changeLocalFolder(path),
  },
  lpwd: {
    usage: '',
    doc: 'tell the folder of this machine',
    argument: 'none',
    run: (shell) => shell.say(process.cwd()),
  },
  lls: {
    usage: '[folder]',
    doc: 'list a folder of this machine',
    argument: 'local',
    run: async (shell, [path = '.']) => {
      const entries = await readdir(expandHome(path), { withFileTypes: true });
      for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
        shell.say(entry.name + (entry.isDirectory() ? '/' : ''));
    },
  },
  help: { usage: '', doc: 'this list', argument: 'none', run: (shell) => help(shell) },
  exit: { usage: '', doc: 'end the session', argument: 'none', run: (shell) => shell.leave() },
};

function help(shell: Shell): void {
  const remote = Object.entries(shell.commands).filter(([, row]) => row.remote);
  const rows = [
    ...remote.map(([name, row]) => [`${name} ${shellUsage(row)}`, row.doc] as const),
    ...Object.entries(BUILTINS).map(([name, { usage, doc }]) => [`${name} ${usage}`, doc] as const),
  ];
  for (const [usage, doc] of rows) shell.say(`  ${usage.trimEnd().padEnd(36)} ${doc}`);
}

/** A command's usage with paths for URLs. */
export function shellUsage({ usage }: CommandRow): string {
  return usage.replace('<local...> <url>', '<local> [path]').replace(/url/g, 'path');
}

function changeLocalFolder(path: string): void {
  try {
    process.chdir(expandHome(path));
  } catch (error) {
    throw new UsageError(`cannot go to ${printable(path)}: ${(error as NodeJS.ErrnoException).code}`);
  }
}

import { createInterface, type Interface } from 'node:readline';
import type { CommandTable } from '../commands.ts';
import { printable } from '../printable.ts';
import { BUILTINS } from './builtins.ts';
import { Completer } from './completer.ts';
import { readHistory, writeHistory } from './history.ts';
import type { Shell } from './shell.ts';

/** A line, and the signal of the person who wants what it does to end. */
export interface ShellLine {
  readonly text: string;
  readonly aborted: AbortSignal;
}

/** The lines of stdin: at a terminal with a prompt, history and completion. */
export async function* readLines(
  shell: Shell,
  terminal: boolean,
  signal: AbortSignal,
): AsyncGenerator<ShellLine, void, void> {
  if (!terminal) {
    const never = new AbortController().signal;
    for await (const text of createInterface({ input: process.stdin })) yield { text, aborted: never };
    return;
  }
  const completer = new Completer({
    sftp: shell.sftp,
    commands: completions(shell.commands),
    resolve: (path) => shell.resolve(path),
  });
  const history = await readHistory();
  const reader = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: true,
    history,
    historySize: 1000,
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      completer.complete(line).then(
        (result) => done(null, result),
        () => done(null, [[], line]),
      );
    },
  });
  let lines: string[] = history;
  reader.on('history', (all: string[]) => {
    lines = all;
  });
  try {
    yield* prompted(reader, shell, signal);
  } finally {
    reader.close();
    await writeHistory(lines);
  }
}

async function* prompted(
  reader: Interface,
  shell: Shell,
  signal: AbortSignal,
): AsyncGenerator<ShellLine, void, void> {
  let busy: AbortController | undefined;
  // At the prompt Ctrl-C drops the line; while a command runs it ends the command.
  reader.on('SIGINT', () => {
    if (busy !== undefined) busy.abort();
    else {
      process.stderr.write('\n');
      reader.write(null, { ctrl: true, name: 'e' });
      reader.write(null, { ctrl: true, name: 'u' });
      reader.prompt();
    }
  });
  for (;;) {
    const text = await nextLine(reader, `wherry ${printable(shell.folder)}> `, signal, shell);
    if (text === undefined) return;
    busy = new AbortController();
    yield { text, aborted: busy.signal };
    busy = undefined;
  }
}

/** The line a person types; undefined at the end of the input, or of the connection. */
function nextLine(
  reader: Interface,
  prompt: string,
  signal: AbortSignal,
  shell: Shell,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const settle = (text: string | undefined): void => {
      reader.off('line', settle);
      reader.off('close', close);
      signal.removeEventListener('abort', close);
      resolve(text);
    };
    const close = (): void => settle(undefined);
    reader.once('line', settle);
    reader.once('close', close);
    signal.addEventListener('abort', close, { once: true });
    shell.ssh.onClosed(close);
    reader.setPrompt(prompt);
    reader.prompt();
  });
}

function completions(
  commands: CommandTable,
): ReadonlyMap<string, 'remote' | 'local' | 'none' | 'put' | 'get'> {
  const remote = Object.entries(commands).filter(([, row]) => row.remote);
  return new Map<string, 'remote' | 'local' | 'none' | 'put' | 'get'>([
    ...remote.map(([name]) => [name, name === 'put' || name === 'get' ? name : 'remote'] as const),
    ...Object.entries(BUILTINS).map(([name, { argument }]) => [name, argument] as const),
  ]);
}

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { printable } from './printable.ts';
import { UsageError } from './usage-error.ts';

/** Asks a person at a terminal. */
export interface Person {
  /** What is typed, shown or not. Rejects when the person interrupts. */
  ask(question: string, shown: boolean): Promise<string>;
}

/** The person in front of us: undefined where stdin or stderr is no terminal, for nothing is ever asked of a pipe. */
export function personAtTerminal(signal: AbortSignal): Person | undefined {
  if (process.stdin.isTTY !== true || process.stderr.isTTY !== true) return undefined;
  return { ask: (question, shown) => ask(question, shown, signal) };
}

function ask(question: string, shown: boolean, signal: AbortSignal): Promise<string> {
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  // First, for it turns the terminal's echo off: who sees the question may type at once.
  const reader = createInterface({
    input: process.stdin,
    output: shown ? process.stderr : hidden,
    terminal: true,
    historySize: 0,
  });
  process.stderr.write(printable(question));
  // readline writes the question again when a line is edited, so it must know it where it shows the line.
  if (shown) reader.setPrompt(printable(question));
  return new Promise((resolve, reject) => {
    const settle = (work: () => void): void => {
      signal.removeEventListener('abort', stop);
      reader.off('close', ended);
      reader.close();
      if (!shown) process.stderr.write('\n');
      work();
    };
    const stop = (): void => settle(() => reject(signal.reason));
    const ended = (): void => settle(() => reject(new UsageError('the question was not answered')));
    signal.addEventListener('abort', stop, { once: true });
    reader.once('line', (line) => settle(() => resolve(line)));
    // In this mode the terminal sends no signals: we pass them on.
    reader.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    reader.once('close', ended);
  });
}

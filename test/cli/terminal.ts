/** The command line at a terminal: script(1) makes one. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { commandLine } from '../support/command-line.ts';
import type { Desk } from './wherry.ts';

const LIMIT_MS = 30_000;
/** Whether one can be made here. */
export const hasTerminals: boolean =
  process.platform === 'linux' && spawnSync('script', ['--version']).error === undefined;

/** A command at a terminal: what it shows, and what is typed. */
export class Terminal implements AsyncDisposable {
  shown = '';
  /** All of it, from the beginning. */
  all = '';
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;

  constructor(desk: Desk, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    const quoted = [process.execPath, ...commandLine(), ...args].map((word) => `'${word}'`).join(' ');
    this.#child = spawn('script', ['-qefc', quoted, '/dev/null'], {
      cwd: desk.folder,
      env: { PATH: process.env.PATH ?? '', HOME: desk.home, TERM: 'xterm', SHELL: '/bin/sh', ...env },
      stdio: 'pipe',
    });
    this.#closed = once(this.#child, 'close');
    this.#child.stdin!.on('error', () => {});
    for (const stream of [this.#child.stdout!, this.#child.stderr!])
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.shown += text;
        this.all += text;
      });
  }

  /** Waits until a text is shown, forgets what came before it, and types. */
  async on(text: RegExp, typed: string): Promise<void> {
    for (const late = performance.now() + LIMIT_MS; ; ) {
      const found = text.exec(this.shown);
      if (found !== null) {
        this.shown = this.shown.slice(found.index + found[0].length);
        break;
      }
      assert.ok(performance.now() < late, `${text} is not in ${this.shown}`);
      await sleep(20);
    }
    this.#child.stdin!.write(typed);
  }

  async end(): Promise<number | null> {
    const late = setTimeout(() => this.#child.kill('SIGKILL'), LIMIT_MS);
    await this.#closed;
    clearTimeout(late);
    return this.#child.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#closed;
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { WherryError } from '../base/errors.ts';
import { sanitize } from '../base/text.ts';
import type { ByteStream, StreamHandlers } from './byte-stream.ts';

/** What is left of the command's standard error, for a message. */
const STDERR_CHARS = 500;
/** A command that has closed its standard output, or was told to end, gets so long to do it by itself. */
const GRACE_MS = 1000;

/** What `%h`, `%p` and `%r` stand for. */
export interface CommandTokens {
  readonly host: string;
  readonly port: number;
  readonly username: string;
}

/**
 * Runs a command whose standard input and output are the stream, as OpenSSH's ProxyCommand. A text goes to the shell,
 * as `exec` and the text, so what is put in for a token must mean nothing to a shell; a list is run as it is. Fails with
 * PROXY_FAILED when the command cannot be started.
 */
export function commandStream(
  command: string | readonly string[],
  tokens: CommandTokens,
): Promise<ByteStream> {
  return new Promise((resolve, reject) => {
    const child = start(command, tokens);
    child.once('error', (error) => {
      const text = `the proxy command cannot be run: ${(error as NodeJS.ErrnoException).code ?? error.message}`;
      reject(new WherryError('PROXY_FAILED', text, { phase: 'proxy' }, error));
    });
    child.once('spawn', () => resolve(new CommandStream(child, tokens.host, tokens.port)));
  });
}

function start(command: string | readonly string[], tokens: CommandTokens): ChildProcess {
  const stdio = ['pipe', 'pipe', 'pipe'] as const;
  if (typeof command !== 'string') {
    for (const word of command) checkNoOption(word, tokens);
    const [program = '', ...args] = command.map((word) => expand(word, tokens));
    return spawn(program, args, { stdio: [...stdio], windowsHide: true });
  }
  for (const value of [tokens.host, tokens.username]) checkHarmless(value, command);
  const text = expand(command, tokens);
  if (process.platform === 'win32') return spawn(text, { stdio: [...stdio], shell: true, windowsHide: true });
  return spawn('/bin/sh', ['-c', `exec ${text}`], { stdio: [...stdio] });
}

function expand(text: string, { host, port, username }: CommandTokens): string {
  const values: Readonly<Record<string, string>> = {
    h: host,
    n: host,
    p: String(port),
    r: username,
    '%': '%',
  };
  return text.replace(/%(.?)/g, (token, letter: string) => {
    const value = values[letter];
    if (value === undefined)
      throw new WherryError('INVALID_ARGUMENT', `${token} in the proxy command: %h, %p, %r and %% are known`);
    return value;
  });
}

/** Names that a shell, or the command's options, could take for something else are refused, as in OpenSSH 9.6. */
function checkHarmless(value: string, command: string): void {
  const isUsed = /%[hnr]/.test(command.replaceAll('%%', ''));
  if (!isUsed || /^[\p{L}\p{N}_.:@%+=,/][\p{L}\p{N}_.:@%+=,/-]*$/u.test(value)) return;
  const text = `${sanitize(value, 80)} cannot be put into a proxy command for the shell: give the command as a list`;
  throw new WherryError('INVALID_ARGUMENT', text);
}

/** Nor may one begin a word of a list: the program would take it for an option. */
function checkNoOption(word: string, { host, username }: CommandTokens): void {
  const [, letter] = /^%([hnr])/.exec(word) ?? [];
  const value = letter === 'r' ? username : host;
  if (letter === undefined || !value.startsWith('-')) return;
  throw new WherryError('INVALID_ARGUMENT', `${sanitize(value, 80)} would be an option of the proxy command`);
}

class CommandStream implements ByteStream {
  readonly host: string;
  readonly port: number;
  readonly #child: ChildProcess;
  #stderr = '';
  #closed: { error: Error | undefined } | undefined;
  #ending = false;
  #handlers: StreamHandlers | undefined;

  constructor(child: ChildProcess, host: string, port: number) {
    this.#child = child;
    this.host = host;
    this.port = port;
    child.stdin!.on('error', () => {});
    child.stderr!.on('data', (chunk: Buffer) => {
      this.#stderr = `${this.#stderr}${chunk}`.slice(-STDERR_CHARS);
    });
    child.once('close', (code, signal) => this.#onClose(code, signal));
  }

  start(handlers: StreamHandlers): void {
    this.#handlers = handlers;
    this.#child.stdout!.on('data', (chunk: Buffer) => handlers.data(chunk));
    // How the command ended says more than that its output has: it is waited for.
    this.#child.stdout!.once('end', () => this.#killAfter(GRACE_MS));
    if (this.#closed !== undefined) handlers.close(this.#closed.error);
  }

  write(bytes: Uint8Array, done: () => void): void {
    this.#child.stdin!.write(bytes, done);
  }

  pause(): void {
    this.#child.stdout!.pause();
  }

  resume(): void {
    this.#child.stdout!.resume();
  }

  end(): void {
    this.#ending = true;
    this.#child.stdin!.end();
  }

  destroy(): void {
    this.#ending = true;
    this.#child.stdin!.destroy();
    this.#child.kill('SIGTERM');
    this.#killAfter(GRACE_MS, 'SIGKILL');
    this.#child.stdout!.destroy();
    this.#child.stderr!.destroy();
  }

  #killAfter(ms: number, signal: NodeJS.Signals = 'SIGTERM'): void {
    const timer = setTimeout(() => this.#child.kill(signal), ms);
    timer.unref();
    this.#child.once('exit', () => clearTimeout(timer));
  }

  #onClose(code: number | null, signal: NodeJS.Signals | null): void {
    const failed = !this.#ending && code !== 0;
    const words = sanitize(this.#stderr.trim(), STDERR_CHARS);
    const how = code === null ? `by ${signal}` : `with exit code ${code}`;
    const text = `the proxy command ended ${how}${words === '' ? '' : `: ${words}`}`;
    const error = failed ? new WherryError('PROXY_FAILED', text, { phase: 'proxy' }) : undefined;
    this.#closed = { error };
    this.#handlers?.close(error);
  }
}

/** Runs one command to its end, with a time limit, and says what it printed when it fails. */
import { spawn } from 'node:child_process';

export interface RunOptions {
  /** Milliseconds; default 30 000. */
  timeout?: number;
  cwd?: string;
  env?: Record<string, string>;
  input?: string;
  /** Resolve with the exit code instead of throwing on a non-zero one. */
  allowFailure?: boolean;
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { timeout = 30_000, cwd, env, input, allowFailure = false } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: 'pipe',
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    });
    let stdout = '';
    let stderr = '';
    let timedOut = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    // SIGTERM first: apt and dpkg clean up after themselves on it.
    const soft = setTimeout(() => {
      timedOut = true;
      child.kill('SIGTERM');
    }, timeout);
    const hard = setTimeout(() => child.kill('SIGKILL'), timeout + 10_000);
    const settle = (): void => {
      clearTimeout(soft);
      clearTimeout(hard);
    };
    child.on('error', (error) => {
      settle();
      reject(new Error(`${command}: ${error.message}`, { cause: error }));
    });
    child.on('close', (exitCode) => {
      settle();
      const code = exitCode ?? -1;
      if (timedOut)
        reject(new Error(`${command} ${args.join(' ')}: no end after ${timeout} ms${tail(stderr)}`));
      else if (code !== 0 && !allowFailure)
        reject(new Error(`${command} ${args.join(' ')}: exit code ${code}${tail(stderr || stdout)}`));
      else resolve({ code, stdout, stderr });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
}

/** The last lines of a text, to hang below an error message. */
export function tail(text: string, lines = 15): string {
  const last = text.trimEnd().split('\n').slice(-lines).join('\n  ');
  return last === '' ? '' : `\n  ${last}`;
}

/** Runs the command line in a home folder of its own, so that nothing of this machine's ~/.ssh is used. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine } from '../support/command-line.ts';
import { getFixtures, knownHostsLines } from '../support/servers/fixtures.ts';
import type { ServerInfo } from '../support/servers/server.ts';

const LIMIT_MS = 30_000;

export interface RunOptions {
  env?: Record<string, string>;
  /** For stdin, which is empty without it. */
  input?: string | Buffer;
}

export interface Ran {
  code: number | null;
  stdout: Buffer;
  stderr: string;
  /** Both outputs, for what must be in none. */
  all: string;
  /** The lines of stdout as JSON objects. */
  objects: Record<string, unknown>[];
}

/** A folder to work in, with a home in it. */
export class Desk {
  readonly folder: string;
  readonly home: string;

  constructor(folder: string) {
    this.folder = folder;
    this.home = join(folder, 'home');
  }

  path(...parts: string[]): string {
    return join(this.folder, ...parts);
  }

  /** What lies in the folder besides the home, hidden files included. */
  async files(): Promise<string[]> {
    return (await readdir(this.folder)).filter((name) => name !== 'home').sort();
  }

  start(args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    const child = spawn(process.execPath, [...commandLine(), ...args], {
      cwd: this.folder,
      env: { PATH: process.env.PATH ?? '', HOME: this.home, TMPDIR: tmpdir(), ...env },
      stdio: 'pipe',
    });
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    child.once('close', () => clearTimeout(limit));
    child.stdin?.on('error', () => {});
    return child;
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const child = this.start(args, options.env);
    child.stdin?.end(options.input ?? '');
    return await outcome(child);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

export async function makeDesk(): Promise<Desk> {
  const desk = new Desk(await mkdtemp(join(tmpdir(), 'wherry-cli-')));
  await mkdir(join(desk.home, '.ssh'), { recursive: true, mode: 0o700 });
  return desk;
}

/** Everything a process said, when it has ended. */
export function outcome(child: ChildProcess): Promise<Ran> {
  const out: Buffer[] = [];
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      const stdout = Buffer.concat(out);
      const text = stdout.toString('utf8');
      resolve({
        code,
        stdout,
        stderr,
        all: text + stderr,
        get objects() {
          return text
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line) as Record<string, unknown>);
        },
      });
    });
  });
}

export function urlOf(server: ServerInfo, path: string): string {
  return `sftp://${server.user}@${server.host}:${server.port}${encodeURI(path)}`;
}

/** Options to get in with: a key the server takes, and its host keys as known. */
export async function accessTo(server: ServerInfo, desk: Desk): Promise<string[]> {
  const fixtures = await getFixtures();
  await writeFile(desk.path('home', 'known'), knownHostsLines(server));
  return ['-i', fixtures.userKeys.ed25519.files.openssh, '--known-hosts', desk.path('home', 'known')];
}

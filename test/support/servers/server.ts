/** What every real server has in common: how it is described, started on a free loopback port, awaited and ended. */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyType } from './fixtures.ts';
import { isAlive, killDescendants, killTree, killTreeNow } from './process-tree.ts';
import { tail } from './run.ts';

export interface HostKeyInfo {
  /** Ed448 is none of the fixtures': ssh-keygen makes no such keys. */
  type: KeyType | 'ed448';
  /** Key algorithm, such as `ssh-ed25519`. */
  algorithm: string;
  /** `SHA256:...` as ssh-keygen prints it. */
  fingerprint: string;
  /** `algorithm base64`, as a known_hosts line has it behind the host. */
  publicLine: string;
}

/** Everything a test needs to know about a running server; plain JSON. */
export interface ServerInfo {
  name: string;
  /** As the server greets: the text behind `SSH-2.0-`. */
  software: string;
  version: string;
  host: '127.0.0.1';
  port: number;
  /** Process id of the listener. */
  pid: number;
  user: string;
  /** Absent when there is no password login (the harness is not root, or the server cannot). */
  password?: string;
  keyboardInteractive: boolean;
  /** Home of `user`, where an SFTP session starts. */
  home: string;
  hostKeys: HostKeyInfo[];
  /** Types of the user keys (see Fixtures) the server lets in. */
  userKeyTypes: KeyType[];
  logFile: string;
}

export interface RealServer extends ServerInfo {
  /** Ends the server and all its connections; a second call does nothing. */
  stop(): Promise<void>;
  /** Kills the processes of all connections, the listener stays; gives how many processes that were. */
  killConnections(): Promise<number>;
  /** What the server has logged so far. */
  log(): string;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What makes a RealServer out of a ServerInfo. */
export type ServerControls = Pick<
  RealServer,
  'stop' | 'killConnections' | 'log' | typeof Symbol.asyncDispose
>;

export interface Listener {
  pid: number;
  port: number;
  greeting: string;
  controls: ServerControls;
}

export interface LaunchOptions {
  name: string;
  /** In a folder of the server's own, which goes when it is stopped. */
  logFile: string;
  env?: Record<string, string>;
  /** Milliseconds until the port has to greet; default 15 000. */
  timeout?: number;
  /** Without it a free port is picked, and another one when somebody else was faster. */
  port?: number;
  /** What listens there greets nobody, such as a proxy: that it takes a connection is enough. */
  silent?: boolean;
  command: (port: number) => [program: string, ...args: string[]];
}

/** Starts a server that stays in the foreground, and waits until its port greets with an `SSH-` line. */
export async function launch(options: LaunchOptions): Promise<Listener> {
  for (let attempt = 1; ; attempt++) {
    const port = options.port ?? (await freePort());
    try {
      return await launchOn(port, options);
    } catch (error) {
      const taken = /address already in use|EADDRINUSE|address used/i.test(String(error));
      if (!taken || options.port !== undefined || attempt === 4) throw error;
    }
  }
}

async function launchOn(port: number, options: LaunchOptions): Promise<Listener> {
  const { name, logFile, env, timeout = 15_000 } = options;
  const [program, ...args] = [...dyingWithUs(), ...options.command(port)] as [string, ...string[]];
  const logStart = readLog(logFile).length;
  const output = openSync(logFile, 'a', 0o600);
  // A session of its own: Ctrl-C in the terminal must reach the test runner only, which then stops the server.
  const child = spawn(program, args, {
    detached: true,
    stdio: ['ignore', output, output],
    env: { ...process.env, ...env },
  });
  closeSync(output);
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  child.unref();
  let last: string | undefined;
  const log = (): string => last ?? readLog(logFile).slice(logStart);
  const pid = child.pid;
  if (pid === undefined) {
    await sleep(0);
    throw new Error(`${name}: ${program} did not start: ${failure?.message ?? 'unknown reason'}`);
  }
  running.add(pid);
  const stop = async (): Promise<void> => {
    if (!running.delete(pid)) return;
    await killTree(pid);
  };
  try {
    const greeting = await waitForGreeting(port, Date.now() + timeout, () => isAlive(pid), options.silent);
    const killConnections = (): Promise<number> => killDescendants(pid);
    const stopForGood = async (): Promise<void> => {
      await stop();
      last ??= log();
      await rm(dirname(logFile), { recursive: true, force: true });
    };
    const controls = { stop: stopForGood, killConnections, log, [Symbol.asyncDispose]: stopForGood };
    return { pid, port, greeting, controls };
  } catch (error) {
    await stop();
    throw new Error(`${name}: ${(error as Error).message}; its log:${tail(log()) || ' (empty)'}`);
  }
}

const running = new Set<number>();
process.on('exit', () => {
  for (const pid of running) killTreeNow(pid);
});

let dyingPrefix: string[] | undefined;

/** On Linux the kernel ends the server when we die without a chance to do it (setpriv is in util-linux). */
function dyingWithUs(): string[] {
  if (dyingPrefix) return dyingPrefix;
  const prefix = ['setpriv', '--pdeathsig', 'KILL'];
  const works = spawnSync(prefix[0]!, [...prefix.slice(1), 'true'], { stdio: 'ignore' }).status === 0;
  dyingPrefix = works ? prefix : [];
  return dyingPrefix;
}

function readLog(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** A loopback port nobody listens on, below the range the kernel hands out for outgoing connections. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await canListen(port)) return port;
  }
  throw new Error('no free port on 127.0.0.1');
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** Connects again and again until the port says `SSH-...`; gives that line. */
export async function waitForGreeting(
  port: number,
  deadline: number,
  alive: () => boolean = () => true,
  silent = false,
): Promise<string> {
  for (;;) {
    const line = await greetingOf(port, silent);
    if (line !== undefined) return line;
    if (!alive()) throw new Error('the process ended before its port greeted');
    if (Date.now() > deadline) throw new Error(`port ${port} did not greet in time`);
    await sleep(25);
  }
}

function greetingOf(port: number, silent: boolean): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ port, host: '127.0.0.1' });
    const finish = (line?: string): void => {
      resolve(line);
      socket.destroy();
    };
    if (silent) socket.once('connect', () => finish(''));
    socket.setTimeout(2_000, () => finish());
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += chunk;
      const line = /^(SSH-[^\r\n]*)\r?\n/m.exec(text)?.[1];
      if (line !== undefined) finish(line);
    });
    socket.on('error', () => finish());
    socket.on('close', () => finish());
  });
}

/** `OpenSSH_9.2p1 Debian-2` out of `SSH-2.0-OpenSSH_9.2p1 Debian-2`. */
export function softwareOf(greeting: string): string {
  return greeting.replace(/^SSH-[^-]*-/, '');
}

/** `SHA256:...` of an `algorithm base64` line, as ssh-keygen -l prints it. */
export function fingerprintOf(publicLine: string): string {
  const blob = Buffer.from(publicLine.split(' ')[1] ?? '', 'base64');
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;
}

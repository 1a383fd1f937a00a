/** A leak of each kind, and how it is reported. None of them keeps the process that has it from ending. */
import { spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LOCKS_VARIABLE } from '../servers/lock.ts';

/** What the groups of a file share. */
export interface Shared {
  readonly port: number;
  readonly folder: string;
}

export interface Leak {
  readonly what: string;
  leak(shared: Shared): unknown;
  readonly report: RegExp;
}

const nothing = (): void => {};
const signal: AbortSignal = new AbortController().signal;

export const LEAKS: readonly Leak[] = [
  {
    what: 'a timer',
    leak: () => setTimeout(nothing, 61_000).unref(),
    report: /1 timer \(61000 ms\)/,
  },
  {
    what: 'a clock',
    leak: () => setInterval(nothing, 62_000).unref(),
    report: /1 timer \(62000 ms\)/,
  },
  {
    what: 'a wait',
    leak: () => void sleep(63_000, undefined, { ref: false }),
    report: /1 timer \(63000 ms\)/,
  },
  {
    what: 'a socket',
    leak: ({ port }) =>
      new Promise<void>((resolve) => {
        const socket = connect(port, '127.0.0.1', () => {
          socket.unref();
          resolve();
        });
      }),
    report: /\d descriptor of a socket/,
  },
  {
    what: 'a server',
    leak: () =>
      new Promise<void>((resolve) => {
        const server = createServer().listen(0, '127.0.0.1', resolve);
        server.unref();
      }),
    report: /1 descriptor of a socket/,
  },
  {
    what: 'a file',
    leak: () => openSync(process.execPath, 'r'),
    report: /1 open file \/.*node/,
  },
  {
    what: 'a listener of the process',
    leak: () => process.on('SIGUSR2', nothing),
    report: /1 listener for SIGUSR2 of the process/,
  },
  {
    what: 'a listener of a signal',
    leak: () => signal.addEventListener('abort', nothing),
    report: /1 listener of an AbortSignal/,
  },
  {
    what: 'a program',
    leak: () => spawn('sleep', ['3'], { stdio: 'ignore', detached: true }).unref(),
    report: /1 program \d+ \(sleep 3\)/,
  },
  {
    what: 'a temporary file',
    leak: () => writeFileSync(join(tmpdir(), 'wherry-left'), ''),
    report: /1 temporary \/.*\/wherry-left/,
  },
  {
    what: 'a temporary folder anywhere',
    leak: () => mkdtempSync(join(process.env[LOCKS_VARIABLE]!, 'wherry-left-')),
    report: /1 temporary \/.*\/wherry-left-/,
  },
  {
    what: 'a part in a folder that stays',
    leak: ({ folder }) => writeFileSync(join(folder, 'file.wherry-part'), ''),
    report: /1 unfinished \/.*\/file\.wherry-part/,
  },
  {
    what: 'a file beside its target in a folder that goes',
    leak: () => {
      const folder = mkdtempSync(join(tmpdir(), 'wherry-gone-'));
      writeFileSync(join(folder, '.file.0123456789ab.wherry-tmp'), '');
      rmSync(folder, { recursive: true });
    },
    report: /unfinished \/.*\/\.file\.0123456789ab\.wherry-tmp/,
  },
  {
    what: 'a journal',
    leak: ({ folder }) => writeFileSync(join(folder, 'journal'), ''),
    report: /1 unfinished \/.*\/journal/,
  },
];

/** What is held all the same by those that behave. */
export const CLEAN = ['what is shared', 'what is put off to the end', 'what closes a moment later'] as const;

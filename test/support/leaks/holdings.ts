/** What this process holds: how many of each kind. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type AddressInfo, Server, Socket } from 'node:net';
import { temporaries, unfinishedIn } from './folders.ts';
import { liveListeners } from './signals.ts';
import { liveTimers } from './timers.ts';

export type Holdings = ReadonlyMap<string, number>;

/** What node:test itself holds while tests run, what timers.ts counts, and the thread pool's work, which ends by itself. */
const IGNORED = new Set([
  ...['TTYWrap', 'Timeout', 'Immediate', 'TickObject'],
  ...['FSReqPromise', 'FSReqCallback', 'CloseReq'],
]);

/** The compiler of tsx starts with the first source that is not in its cache, and stays. */
const COMPILER = /[/]esbuild /;
const COMPILER_HOLDS = [
  ['PipeWrap', 2],
  ['descriptor of a socket', 2],
  ['descriptor of a pipe', 2],
] as const;

export function holdings(): Holdings {
  const counts = new Map<string, number>();
  const add = (name: string, count = 1): void => {
    if (count !== 0) counts.set(name, (counts.get(name) ?? 0) + count);
  };
  for (const name of process.getActiveResourcesInfo()) if (!IGNORED.has(name)) add(name);
  for (const link of descriptors()) add(link);
  for (const [pid, command] of children())
    if (!COMPILER.test(command)) add(`program ${pid}`);
    else for (const [name, count] of COMPILER_HOLDS) add(name, -count);
  for (const event of process.eventNames())
    add(`listener for ${String(event)} of the process`, process.listenerCount(event as string));
  add('timer', liveTimers().length);
  add('listener of an AbortSignal', liveListeners());
  const folders = temporaries();
  for (const path of folders) add(`temporary ${path}`);
  for (const path of unfinishedIn(...folders)) add(`unfinished ${path}`);
  return counts;
}

/** What there is more of than before. */
export function grown(before: Holdings): string[] {
  return [...holdings()].flatMap(([name, count]) => {
    const more = count - (before.get(name) ?? 0);
    return more > 0 ? [`${more} ${name}${details(name, more)}`] : [];
  });
}

/** Open files by their path, sockets and pipes. Only Linux tells. */
function descriptors(): string[] {
  return listed('/proc/self/fd').flatMap((fd) => {
    const link = readLink(`/proc/self/fd/${fd}`);
    const [, kind] = /^(socket|pipe):/.exec(link) ?? [];
    if (kind !== undefined) return [`descriptor of a ${kind}`];
    return link.startsWith('/') && !/^\/(dev\/(null|urandom|pts)|proc\/)/.test(link)
      ? [`open file ${link}`]
      : [];
  });
}

/** Programs started by this process; one that has ended has no command line any more. Only Linux tells. */
function children(): [pid: string, command: string][] {
  const pids = listed('/proc/self/task').flatMap((thread) =>
    textOf(`/proc/self/task/${thread}/children`).split(' '),
  );
  return pids
    .map((pid): [string, string] => [pid, pid === '' ? '' : commandOf(Number(pid))])
    .filter(([, command]) => command !== '');
}

/** The command line of a process, and nothing when it has ended. */
export function commandOf(pid: number): string {
  return textOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim().slice(0, 200);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return ''; // Gone, or another system.
  }
}

function details(name: string, count: number): string {
  const known = detailsOf(name).slice(-count);
  return known.length > 0 ? ` (${known.join(', ')})` : '';
}

function detailsOf(name: string): string[] {
  const [, pid] = /^program (\d+)$/.exec(name) ?? [];
  if (pid !== undefined) return [commandOf(Number(pid))];
  if (name === 'timer') return liveTimers().map((ms) => `${ms} ms`);
  const handles = (process as { _getActiveHandles?(): unknown[] })._getActiveHandles?.() ?? [];
  if (name === 'TCPSocketWrap')
    return handles
      .filter((one) => one instanceof Socket)
      .filter(({ remotePort }) => remotePort !== undefined)
      .map(({ localPort, remotePort }) => `port ${localPort} to ${remotePort}`);
  if (name === 'TCPServerWrap')
    return handles
      .filter((one) => one instanceof Server)
      .map((server) => `port ${(server.address() as AddressInfo | null)?.port}`);
  return [];
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // The one that listed them.
  }
}

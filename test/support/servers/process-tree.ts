/**
 * Ends processes by id, and only those below a process we started. sshd puts each connection in a session of its own
 * (setsid), so a signal to a process group would miss them: they are found by their parent's id instead.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Living (not zombie) processes below `pid`, parents first; `pid` itself is not among them. */
export function descendantsOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const [child, parent] of processTable()) {
    const siblings = children.get(parent);
    if (siblings) siblings.push(child);
    else children.set(parent, [child]);
  }
  const found: number[] = [];
  const queue = [pid];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const below = children.get(next) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

/** SIGKILLs everything below `pid`, but not `pid`; gives how many there were. */
export async function killDescendants(pid: number): Promise<number> {
  const victims = freeze([], () => descendantsOf(pid));
  for (const victim of victims) signal(victim, 'SIGKILL');
  await gone(victims);
  return victims.length;
}

/** SIGKILLs `pid` and everything below it. */
export async function killTree(pid: number): Promise<void> {
  if (!isAlive(pid)) return;
  const victims = killTreeNow(pid);
  await gone(victims);
}

/** The same without waiting for the end, for a process 'exit' handler. */
export function killTreeNow(pid: number): number[] {
  const victims = freeze([pid], () => descendantsOf(pid));
  for (const victim of victims) signal(victim, 'SIGKILL');
  return victims;
}

export function isAlive(pid: number): boolean {
  const state = procStat(pid);
  if (state !== undefined) return state.state !== 'Z';
  if (process.platform === 'linux') return false;
  return signal(pid, 0);
}

/** Stops processes until no new one appears, so that none can fork away between the look and the kill. */
function freeze(roots: readonly number[], look: () => number[]): number[] {
  const seen = new Set<number>();
  for (let fresh = [...roots, ...look()]; fresh.length > 0; fresh = look().filter((pid) => !seen.has(pid))) {
    for (const pid of fresh) {
      seen.add(pid);
      signal(pid, 'SIGSTOP');
    }
  }
  return [...seen];
}

async function gone(pids: readonly number[]): Promise<void> {
  for (let turn = 0; turn < 100 && pids.some(isAlive); turn++) await sleep(10);
}

function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

function processTable(): [pid: number, parent: number][] {
  const table: [number, number][] = [];
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    const text = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
    return text
      .trim()
      .split('\n')
      .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  }
  for (const name of names) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const stat = procStat(pid);
    if (stat && stat.state !== 'Z') table.push([pid, stat.parent]);
  }
  return table;
}

function procStat(pid: number): { state: string; parent: number } | undefined {
  try {
    // "pid (name) state ppid ...": the name may hold blanks and parentheses, so start behind its last one.
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state = '', parent = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state, parent: Number(parent) };
  } catch {
    return undefined;
  }
}

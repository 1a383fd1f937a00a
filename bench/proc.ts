/** What Linux tells of processes and of the whole machine; elsewhere nothing is known, and said. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processor time is told in hundredths of a second. */
const TICK = 0.01;
const LOOK_MS = 300;
/** Of all processors: below it the machine counts as quiet. */
const QUIET = 0.1;

/** Processes below `pid`, those below them included. */
export function processesBelow(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...processesBelow(child)]);
}

/** The most memory a process has had, in bytes. */
export function peakOf(pid: number): number | undefined {
  const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Seconds of processor time a process has had: fields 14 and 15 of its stat line. */
export function secondsOf(pid: number): number | undefined {
  const text = read(`/proc/${pid}/stat`);
  const [user, system] = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return user === undefined || system === undefined ? undefined : (user + system) * TICK;
}

/** Seconds of processor time of all processes, and what the host took; interrupts are left out, ours are among them. */
export function busySeconds(): number | undefined {
  const line = read('/proc/stat').split('\n')[0]!;
  if (line === '') return undefined;
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = line.trim().split(/\s+/).slice(1).map(Number);
  return (user + nice + system + steal) * TICK;
}

/** Waits, but no longer than `limit` seconds, until nobody is busy. */
export async function quietMoment(limit: number): Promise<void> {
  const until = performance.now() + limit * 1000;
  while (performance.now() < until) {
    const before = busySeconds();
    await sleep(LOOK_MS);
    const after = busySeconds();
    if (before === undefined || after === undefined) return;
    if ((after - before) / (LOOK_MS / 1000) / cpus().length < QUIET) return;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

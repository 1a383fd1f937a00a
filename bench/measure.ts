/**
 * Runs one client process and tells its wall time, processor time and peak memory, with nothing that has to be
 * installed: a POSIX shell's `times` gives the processor time of the whole tree it waited for; the rest is read from
 * /proc every now and then until the end, which may miss the last moment. (Node clients report their own peak.)
 */
import { spawn } from 'node:child_process';
import { cpus } from 'node:os';
import { busySeconds, peakOf, processesBelow, secondsOf } from './proc.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** For its standard input. */
  readonly input?: string;
}

export interface Measured {
  /** Seconds from start to end of the process. */
  readonly wall: number;
  /** Seconds of user and system time, its children included. */
  readonly cpu: number;
  /** Seconds of the server's processes; this and the next two are undefined where it cannot be told. */
  readonly serverCpu: number | undefined;
  /** Share of the machine that neither the client nor the server had while it ran. */
  readonly others: number | undefined;
  /** Bytes; the sum over its processes. */
  readonly peak: number | undefined;
  readonly stdout: string;
}

const POLL_MS = 50;
const TIME_LIMIT_MS = 300_000;
const WITH_TIMES = '"$@"; code=$?; times >&2; exit $code';

/** `serverPid` is the server's first process, whose children serve the connections. */
export function measure({ program, args, input = '' }: Command, serverPid: number): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const busyBefore = busySeconds();
    const began = performance.now();
    const child = spawn('sh', ['-c', WITH_TIMES, 'sh', program, ...args], { stdio: 'pipe' });
    const peaks = new Map<number, number>();
    const served = new Map<number, number>();
    const poll = setInterval(() => {
      note(peaks, processesBelow(child.pid!), peakOf);
      note(served, processesBelow(serverPid), secondsOf);
    }, POLL_MS);
    const limit = setTimeout(() => {
      for (const pid of processesBelow(child.pid!)) process.kill(pid, 'SIGTERM');
    }, TIME_LIMIT_MS);
    let stdout = '';
    let stderr = '';
    let wall = 0;
    let busyAfter: number | undefined;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('error', reject);
    child.on('exit', () => {
      wall = (performance.now() - began) / 1000;
      busyAfter = busySeconds();
      clearInterval(poll);
      clearTimeout(limit);
    });
    child.on('close', (code) => {
      if (code !== 0) {
        reject(new Error(`${program} ${args.join(' ')}: exit code ${code}\n${stdout}${stderr}`));
        return;
      }
      const cpu = childTimes(stderr);
      const serverCpu = sum(served);
      let others: number | undefined;
      if (busyBefore !== undefined && busyAfter !== undefined && serverCpu !== undefined)
        others = Math.max(0, busyAfter - busyBefore - cpu - serverCpu) / wall / cpus().length;
      resolve({ wall, cpu, serverCpu, others, peak: sum(peaks), stdout });
    });
  });
}

/** The last line of `times`: user and system time of the shell's children, as in `0m1.230000s 0m0.450000s`. */
function childTimes(text: string): number {
  const pairs = [...text.matchAll(/(\d+)m([\d.]+)s (\d+)m([\d.]+)s/g)];
  const [, minutes, seconds, sysMinutes, sysSeconds] = (pairs.at(-1) ?? []).map(Number);
  return minutes! * 60 + seconds! + sysMinutes! * 60 + sysSeconds!;
}

/** Keeps the newest value of every process: what has ended keeps its last. */
function note(
  values: Map<number, number>,
  pids: readonly number[],
  look: (pid: number) => number | undefined,
): void {
  for (const pid of pids) {
    const value = look(pid);
    if (value !== undefined) values.set(pid, value);
  }
}

function sum(values: ReadonlyMap<number, number>): number | undefined {
  return values.size === 0 ? undefined : [...values.values()].reduce((total, one) => total + one, 0);
}

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { isRunning } from '../store/staging.ts';

/** Which process runs something. Ids are used again, so that its start belongs to it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the words of the system; empty where the system does not tell. */
  readonly started: string;
  readonly host: string;
}

let own: Promise<ProcessIdentity> | undefined;

export function ownIdentity(): Promise<ProcessIdentity> {
  own ??= startOf(process.pid).then((started) => ({ pid: process.pid, started, host: hostname() }));
  return own;
}

/** Whether that process is still there. On another machine nobody can tell: it is believed to be. */
export async function isAlive({ pid, started, host }: ProcessIdentity): Promise<boolean> {
  if (host !== hostname()) return true;
  if (!isRunning(pid)) return false;
  const now = await startOf(pid);
  return started === '' || now === '' || now === started;
}

async function startOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return await linuxStart(pid);
  if (process.platform === 'win32') return '';
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.trim();
}

/** Clock ticks since boot, and which boot that was (proc(5)). A zombie has ended. */
async function linuxStart(pid: number): Promise<string> {
  try {
    const text = await readFile(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in parentheses, may hold spaces and parentheses.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'latin1').catch(() => '');
    return fields[0] === 'Z' ? 'ended' : `${fields[19]} ${boot.trim()}`;
  } catch {
    return '';
  }
}

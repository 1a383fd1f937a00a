import { readFileSync } from 'node:fs';

/**
 * Seconds of processor time of this thread: what Linux says; elsewhere Node's own count where it has one, else those of
 * the whole process.
 */
export function threadCpuSeconds(): number {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ', 1)[0]) / 1e9;
  } catch {
    const { user, system } = (
      (process as { threadCpuUsage?: () => NodeJS.CpuUsage }).threadCpuUsage ?? process.cpuUsage
    ).call(process);
    return (user + system) / 1e6;
  }
}

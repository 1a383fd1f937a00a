/** What a result was measured on. */
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { run } from '../test/support/servers/run.ts';

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly openssl: string;
  readonly ssh: string;
  readonly load: number;
}

export async function describeMachine(): Promise<Machine> {
  const { stderr } = await run('ssh', ['-V'], { allowFailure: true });
  return {
    date: new Date().toISOString().slice(0, 16),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: `${type()} ${release()}`,
    node: process.version,
    openssl: process.versions.openssl ?? 'unknown',
    ssh: stderr.trim(),
    load: loadavg()[0] ?? 0,
  };
}

export function machineLines(machine: Machine): string[] {
  return [
    `${machine.date} UTC, load ${machine.load.toFixed(2)} at the start`,
    `${machine.cores} cores ${machine.cpu}, ${machine.memoryGb} GB, ${machine.kernel}`,
    `Node ${machine.node} (OpenSSL ${machine.openssl}), ${machine.ssh}`,
  ];
}

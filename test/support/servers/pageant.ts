/** PuTTY's agent on Unix: an agent of other make than OpenSSH's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OnDemand } from './on-demand.ts';
import { run } from './run.ts';

export const PAGEANT: OnDemand = {
  name: 'pageant',
  doc: "PuTTY's agent, a second implementation of the agent protocol",
  packages: ['putty', 'openssh-client'],
  needsRoot: false,
};

export interface RunningPageant extends AsyncDisposable {
  readonly socket: string;
  add(...files: string[]): Promise<void>;
  removeAll(): Promise<void>;
}

export async function startPageant(): Promise<RunningPageant> {
  const dir = await mkdtemp(join(tmpdir(), 'wherry-pageant-'));
  const socket = join(dir, 'agent');
  // Without --debug it forks, and its process is nobody's child then. It logs what it is asked, which nobody reads.
  const child = spawn('pageant', ['--debug', '--symlink', socket], { stdio: 'ignore' });
  const ended = once(child, 'close');
  for (let i = 0; i < 200 && !existsSync(socket) && child.exitCode === null; i++) await sleep(50);
  const env = { SSH_AUTH_SOCK: socket };
  return {
    socket,
    add: async (...files) => void (await run('pageant', ['-a', ...files], { env })),
    removeAll: async () => void (await run('pageant', ['-D'], { env })),
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
      await rm(dir, { recursive: true, force: true });
    },
  };
}

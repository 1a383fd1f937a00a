/** Installs Debian packages that are missing, when this is root on Debian; no service is started by it. */
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { withLock } from './lock.ts';
import { run } from './run.ts';

const POLICY_FILE = '/usr/sbin/policy-rc.d';
const MINUTE = 60_000;

/** Bounds for a mirror that does not answer, and for another apt on this machine. */
export const APT_LIMITS: readonly string[] = [
  '-o',
  'Acquire::http::Timeout=20',
  '-o',
  'Acquire::https::Timeout=20',
  '-o',
  'Acquire::Retries=2',
  '-o',
  'DPkg::Lock::Timeout=180',
];

export const APT_ENV: Record<string, string> = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };

export function isDebian(): boolean {
  return existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get');
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The version of an installed package, undefined when it is not installed (or this is not Debian). */
export async function packageVersion(name: string): Promise<string | undefined> {
  if (!isDebian()) return undefined;
  const format = '$' + '{db:Status-Status} $' + '{Version}';
  const { stdout } = await run('dpkg-query', ['-W', '-f', format, name], { allowFailure: true });
  const [status, version] = stdout.trim().split(' ');
  return status === 'installed' ? version : undefined;
}

export async function missingPackages(names: readonly string[]): Promise<string[]> {
  const missing: string[] = [];
  for (const name of new Set(names)) if ((await packageVersion(name)) === undefined) missing.push(name);
  return missing;
}

/**
 * Makes sure of `names`; gives one line per package that was installed or upgraded. Throws with apt's own words when it
 * cannot be done, and with the missing names when this is not root on Debian.
 */
export async function ensurePackages(
  names: readonly string[],
  log: (line: string) => void = () => {},
): Promise<string[]> {
  if ((await missingPackages(names)).length === 0) return [];
  return await withLock('apt', async () => {
    const missing = await missingPackages(names);
    if (missing.length === 0) return [];
    if (!isDebian()) throw new Error(`not Debian: cannot install ${missing.join(', ')}`);
    if (!isRoot()) throw new Error(`not root: cannot install ${missing.join(', ')}`);
    log(`apt: ${missing.join(', ')} missing, installing`);
    await run('apt-get', [...APT_LIMITS, '-q', 'update'], { timeout: 3 * MINUTE, env: APT_ENV });
    const done = await withoutServices(() => install(missing));
    for (const line of done) log(`apt: ${line}`);
    return done;
  });
}

async function install(names: readonly string[]): Promise<string[]> {
  const args = [...APT_LIMITS, '-q', '-y', '--no-install-recommends', 'install', ...names];
  const { stdout } = await run('apt-get', args, { timeout: 8 * MINUTE, env: APT_ENV });
  const done: string[] = [];
  for (const [, name, version, old] of stdout.matchAll(/^Unpacking (\S+) \((\S+)\)(?: over \((\S+)\))?/gm))
    done.push(old === undefined ? `installed ${name} ${version}` : `upgraded ${name} ${old} -> ${version}`);
  return done;
}

/** policy-rc.d with exit code 101 keeps packages from starting their services; ours is taken away again. */
async function withoutServices<T>(work: () => Promise<T>): Promise<T> {
  if (existsSync(POLICY_FILE)) return await work();
  await writeFile(POLICY_FILE, '#!/bin/sh\nexit 101\n', { mode: 0o755, flag: 'wx' });
  try {
    return await work();
  } finally {
    await rm(POLICY_FILE, { force: true });
  }
}

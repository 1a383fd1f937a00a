/** The clients from npm: installed in fixed versions into the project's cache folder, at the first use. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../test/support/servers/run.ts';

export const cacheFolder: string = fileURLToPath(new URL('../.cache/bench/', import.meta.url));

const PACKAGES: Readonly<Record<string, string>> = { ssh2: '1.17.0', 'ssh2-sftp-client': '12.1.1' };

/** Gives the folder they are in. Without install scripts and optional parts, so without ssh2's native ones. */
export async function installPackages(log: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder, 'peers');
  const manifest = JSON.stringify({ private: true, dependencies: PACKAGES }, undefined, 2);
  const file = join(folder, 'package.json');
  const complete = Object.keys(PACKAGES).every((name) => existsSync(join(folder, 'node_modules', name)));
  if (complete && (await readFile(file, 'utf8')) === manifest) return folder;
  const names = Object.entries(PACKAGES).map(([name, version]) => `${name}@${version}`);
  log(`installing ${names.join(' and ')} into .cache/bench/peers`);
  await mkdir(folder, { recursive: true });
  await writeFile(file, manifest);
  const flags = ['--ignore-scripts', '--omit=optional', '--no-audit', '--no-fund', '--no-package-lock'];
  await run('npm', ['install', ...flags], { cwd: folder, timeout: 180_000 });
  return folder;
}

/** The versions as installed, for the record. */
export function packageVersions(): string {
  return Object.entries(PACKAGES)
    .map(([name, version]) => `${name} ${version} (JavaScript only: no native add-on)`)
    .join(', ');
}

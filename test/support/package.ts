/** The package as users get it: built, packed by npm and installed into a project of its own, once for each state of the sources. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { copyFile, cp, mkdir, mkdtemp, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isCi } from './servers/environment.ts';
import { withLock } from './servers/lock.ts';
import { projectRoot } from './servers/paths.ts';
import { run } from './servers/run.ts';

const LIMIT_MS = 240_000;
const DAY_MS = 86_400_000;
const PACKED = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];

export interface InstalledPackage {
  /** A project that has installed it; modules in folders below find `wherry`. */
  readonly project: string;
  /** The package in there. */
  readonly root: string;
}

/** Builds and installs it, unless the same sources were installed before. */
export async function installedPackage(): Promise<InstalledPackage> {
  // Outside of the project, for Node looks for packages in the folders above as well.
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'wherry-tests', 'package');
  const project = join(cache, stateOfSources());
  await withLock('package', async () => {
    if (existsSync(project)) return;
    await mkdir(cache, { recursive: true });
    await removeOld(cache);
    const work = await mkdtemp(join(cache, 'work-'));
    await install(await pack(join(work, 'source')), join(work, 'project'));
    await rename(join(work, 'project'), project);
    await rm(work, { recursive: true });
  });
  return { project, root: join(project, 'node_modules', 'wherry') };
}

/** A folder for the programs of one test, inside the project. */
export async function programFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join((await installedPackage()).project, 'program-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

async function pack(folder: string): Promise<string> {
  const dist = join(folder, 'dist');
  await mkdir(folder, { recursive: true });
  for (const name of PACKED) await copyFile(join(projectRoot, name), join(folder, name));
  const node = (...args: string[]): Promise<unknown> =>
    run(process.execPath, args, { cwd: projectRoot, timeout: LIMIT_MS });
  const built = join(projectRoot, 'dist');
  if (isCi() && existsSync(join(built, 'man'))) {
    // CI has built it from the same sources a step before.
    await cp(built, dist, { recursive: true });
  } else {
    await node('node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', dist);
    await node('--import', 'tsx', 'scripts/bundle-cli.ts', dist);
    await node('--import', 'tsx', 'scripts/write-manual.ts', dist);
  }
  await run('npm', ['pack', '--silent'], { cwd: folder, timeout: LIMIT_MS });
  return join(folder, (await readdir(folder)).find((name) => name.endsWith('.tgz'))!);
}

/** What was made more than a day ago. */
async function removeOld(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const { mtimeMs } = await stat(join(cache, name));
    if (Date.now() - mtimeMs > DAY_MS) await rm(join(cache, name), { recursive: true, force: true });
  }
}

/** As `npm install wherry` does it. Optional peers are not installed by that. */
async function install(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"private":true,"type":"module"}');
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--no-save'];
  await run('npm', ['install', ...flags, archive], { cwd: folder, timeout: LIMIT_MS });
}

function stateOfSources(): string {
  const hash = createHash('sha256');
  const names = readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join('src', name));
  const scripts = [
    'scripts/bundle-cli.ts',
    'scripts/write-manual.ts',
    'tsconfig.json',
    'tsconfig.build.json',
  ];
  for (const name of [...names.sort(), ...scripts, ...PACKED])
    hash.update(name).update(readFileSync(join(projectRoot, name)));
  return hash.digest('hex').slice(0, 16);
}

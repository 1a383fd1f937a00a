/**
 * Debian packages of another suite, fetched from the mirror in the machine's own apt sources and unpacked into a folder.
 * Nothing of them is installed, so the system stays what it is.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { APT_ENV, APT_LIMITS, isRoot } from './apt.ts';
import { run } from './run.ts';

/** The code name of this Debian, such as `bookworm`. */
export async function debianRelease(): Promise<string> {
  const release = /^VERSION_CODENAME="?([\w-]+)/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (release === undefined) throw new Error('/etc/os-release names no release');
  return release;
}

/** Puts the contents of `packages` into the folder `tree`, whole or not at all. */
export async function fetchUnpacked(
  tree: string,
  suite: string,
  packages: readonly string[],
  log: (line: string) => void,
): Promise<void> {
  const work = await mkdtemp(`${tree}-`);
  try {
    const options = await privateApt(work, suite);
    const bounds = { timeout: 180_000, env: APT_ENV, cwd: work };
    await run('apt-get', [...APT_LIMITS, ...options, '-q', 'update'], bounds);
    await run('apt-get', [...APT_LIMITS, ...options, '-q', 'download', ...packages], bounds);
    const unpacked = join(work, 'tree');
    for (const file of (await readdir(work)).filter((name) => name.endsWith('.deb'))) {
      await run('dpkg', ['-x', join(work, file), unpacked]);
      log(`apt: fetched ${decodeURIComponent(file)} (unpacked into .cache/servers, not installed)`);
    }
    await rm(tree, { recursive: true, force: true });
    await rename(unpacked, tree);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Options for an apt that knows only that suite, and keeps its lists apart from the system's. */
async function privateApt(work: string, suite: string): Promise<string[]> {
  for (const folder of ['lists/partial', 'cache/archives/partial'])
    await mkdir(join(work, folder), { recursive: true });
  await writeFile(join(work, 'status'), '');
  await writeFile(join(work, 'sources.list'), await sourceLine(suite));
  const settings = {
    'Dir::Etc::SourceList': join(work, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State': work,
    'Dir::State::status': join(work, 'status'),
    'Dir::Cache': join(work, 'cache'),
    ...(isRoot() ? { 'APT::Sandbox::User': 'root' } : {}),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
}

interface SourceRow {
  uri: string;
  /** Code name and suite, as in `trixie` and `stable`. */
  names: string[];
  component: string;
  /** `file:number` */
  entry: string;
}

/** What the machine's apt sources hold; apt answers in the same words whichever way they are written. */
async function sourceRows(...more: string[]): Promise<SourceRow[]> {
  const fields = ['REPO_URI', 'CODENAME', 'RELEASE', 'COMPONENT', 'SOURCESENTRY'];
  const format = fields.map((name) => `$(${name})`).join('|');
  const { stdout } = await run('apt-get', [
    'indextargets',
    ...more,
    '--format',
    format,
    'Created-By: Packages',
  ]);
  return stdout.split('\n').map((line) => {
    const [uri = '', codename = '', suite = '', component = '', entry = ''] = line.split('|');
    return { uri, names: [codename, suite], component, entry };
  });
}

/** The machine's own source for its release, pointed at another suite. */
async function sourceLine(suite: string): Promise<string> {
  const release = await debianRelease();
  const ofRelease = (row: SourceRow): boolean => row.component === 'main' && row.names.includes(release);
  // With no lists fetched yet only the second form answers; with `stable` in the sources only the first one matches.
  const rows = [...(await sourceRows()), ...(await sourceRows('--no-release-info'))];
  const { uri, entry } = rows.find(ofRelease) ?? {};
  if (!uri) throw new Error(`the apt sources have no component main of ${release}`);
  const file = entry?.replace(/:\d+$/, '');
  const source = file?.startsWith('/') ? await readFile(file, 'utf8') : '';
  const key = /^Signed-By:\s*(\/\S+)|\bsigned-by=(\/[^\s\]]+)/im.exec(source);
  const keyring = key ? `[signed-by=${key[1] ?? key[2]}] ` : '';
  return `deb ${keyring}${uri} ${suite} main\n`;
}

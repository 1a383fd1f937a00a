/**
 * An sshd of OpenSSH 10 or newer, for the post-quantum key exchange mlkem768x25519-sha256. Where the system's own is
 * older, the backport of the same Debian release is fetched from the mirror in the machine's apt sources and unpacked
 * into the cache folder. Nothing of it is installed, so the system's sshd stays what it is.
 */
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { APT_ENV, APT_LIMITS, isDebian, isRoot } from './apt.ts';
import { withLock } from './lock.ts';
import { atLeast, describeSshd, findSshd, queryAlgorithms, type SshdProgram } from './openssh.ts';
import { serverCache } from './paths.ts';
import { run } from './run.ts';

const PACKAGES = ['openssh-server', 'openssh-client', 'openssh-sftp-server'] as const;
const KEX = 'mlkem768x25519-sha256';

let found: Promise<SshdProgram> | undefined;

/** Finds or fetches it; throws with the reason when there is none to be had. */
export function findOpenssh10(log: (line: string) => void = () => {}): Promise<SshdProgram> {
  found ??= locate(log);
  return found;
}

async function locate(log: (line: string) => void): Promise<SshdProgram> {
  const system = await findSshd();
  if (system && atLeast(system, 10, 0)) return system;
  const tree = join(serverCache, `openssh10-${process.arch}`);
  const cached = await fromTree(tree);
  if (cached) return cached;
  if (!isDebian())
    throw new Error('the system has no OpenSSH 10, and it is not Debian, so none can be fetched');
  await mkdir(serverCache, { recursive: true });
  return await withLock('openssh10', async () => {
    const other = await fromTree(tree);
    if (other) return other;
    await fetchTree(tree, log);
    const fetched = await fromTree(tree);
    if (!fetched) throw new Error('the fetched sshd does not run here (a shared library is missing?)');
    return fetched;
  });
}

async function fromTree(tree: string): Promise<SshdProgram | undefined> {
  const parts = join(tree, 'usr/lib/openssh');
  const config = [
    `SshdSessionPath ${join(parts, 'sshd-session')}`,
    `SshdAuthPath ${join(parts, 'sshd-auth')}`,
  ];
  try {
    const program = await describeSshd(join(tree, 'usr/sbin/sshd'), join(tree, 'usr/bin/ssh'), config);
    if (!program || !atLeast(program, 10, 0)) return undefined;
    return (await queryAlgorithms(program, 'kex')).includes(KEX) ? program : undefined;
  } catch {
    return undefined;
  }
}

async function fetchTree(tree: string, log: (line: string) => void): Promise<void> {
  const work = await mkdtemp(`${tree}-`);
  try {
    const options = await privateApt(work);
    const bounds = { timeout: 180_000, env: APT_ENV, cwd: work };
    await run('apt-get', [...APT_LIMITS, ...options, '-q', 'update'], bounds);
    await run('apt-get', [...APT_LIMITS, ...options, '-q', 'download', ...PACKAGES], bounds);
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

/** Options for an apt that knows only the backports, and keeps its lists apart from the system's. */
async function privateApt(work: string): Promise<string[]> {
  for (const folder of ['lists/partial', 'cache/archives/partial'])
    await mkdir(join(work, folder), { recursive: true });
  await writeFile(join(work, 'status'), '');
  await writeFile(join(work, 'sources.list'), await backportsLine());
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

/** The machine's own source for its release, pointed at that release's backports. */
async function backportsLine(): Promise<string> {
  const release = /^VERSION_CODENAME="?([\w-]+)/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1];
  if (release === undefined) throw new Error('/etc/os-release names no release');
  const ofRelease = (row: SourceRow): boolean => row.component === 'main' && row.names.includes(release);
  // With no lists fetched yet only the second form answers; with `stable` in the sources only the first one matches.
  const rows = [...(await sourceRows()), ...(await sourceRows('--no-release-info'))];
  const { uri, entry } = rows.find(ofRelease) ?? {};
  if (!uri) throw new Error(`the apt sources have no component main of ${release}`);
  const file = entry?.replace(/:\d+$/, '');
  const source = file?.startsWith('/') ? await readFile(file, 'utf8') : '';
  const key = /^Signed-By:\s*(\/\S+)|\bsigned-by=(\/[^\s\]]+)/im.exec(source);
  const keyring = key ? `[signed-by=${key[1] ?? key[2]}] ` : '';
  return `deb ${keyring}${uri} ${release}-backports main\n`;
}

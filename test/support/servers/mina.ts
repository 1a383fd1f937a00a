/**
 * Starts Apache MINA SSHD: SSH and SFTP in Java, SFTP 3 to 6 with the widest set of extensions. Its jars come from a
 * newer Debian and are unpacked into the cache folder, together with a compiler for the one class that starts it.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePackages, isDebian } from './apt.ts';
import { type Fixtures, getFixtures, type KeyType } from './fixtures.ts';
import { withLock } from './lock.ts';
import type { OnDemand } from './on-demand.ts';
import { projectRoot, serverCache } from './paths.ts';
import { run } from './run.ts';
import { launch, type RealServer, softwareOf } from './server.ts';
import { fetchUnpacked } from './unpacked.ts';

export const MINA: OnDemand = {
  name: 'mina',
  doc: 'Apache MINA SSHD: SFTP 3 to 6, locks, both hash extensions, ACLs',
  packages: ['openssh-client'],
  needsRoot: false,
};

/** The release that has it, and what it needs to run; ecj compiles without a JDK. */
const SUITE = 'trixie';
const PACKAGES = [
  ...['libmina-sshd-java', 'libslf4j-java', 'libeddsa-java'],
  ...['libbcprov-java', 'libbcpkix-java', 'libbcutil-java', 'libecj-java'],
] as const;
const JARS = [
  ...['sshd-common', 'sshd-core', 'sshd-sftp', 'sshd-scp', 'slf4j-api', 'slf4j-nop'],
  ...['bcprov', 'bcpkix', 'bcutil', 'eddsa'],
] as const;
const SOURCE = join(projectRoot, 'test/support/servers/mina/MinaServer.java');

export interface MinaOptions {
  name?: string;
  hostKeys?: readonly KeyType[];
  port?: number;
  fixtures?: Fixtures;
}

/** It runs as ourselves and starts in a fresh folder; any user key and a random password let in. */
export async function startMina(options: MinaOptions = {}): Promise<RealServer> {
  const { name = 'mina' } = options;
  const fixtures = options.fixtures ?? (await getFixtures());
  const classPath = await findMina();
  const dir = await mkdtemp(join(fixtures.dir, `${name}-`));
  const home = join(dir, 'home');
  await mkdir(home);
  const types = options.hostKeys ?? ['rsa', 'ecdsa256', 'ed25519'];
  const hostKeys = types.flatMap((type) => fixtures.hostKeys[type] ?? []);
  const password = randomBytes(12).toString('base64url');
  const user = 'mina';
  const logFile = join(dir, 'log');
  const listener = await launch({
    name,
    logFile,
    timeout: 60_000,
    command: (port) => [
      ...(['env', '-C', home, 'java', '-Xmx256m', '-cp', classPath] as const),
      ...['MinaServer', String(port), fixtures.authorizedKeys, user, password],
      ...hostKeys.map(({ file }) => file),
    ],
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const software = softwareOf(listener.greeting);
  return {
    name,
    software,
    version: software.replace(/^APACHE-SSHD-/, ''),
    host: '127.0.0.1',
    port: listener.port,
    pid: listener.pid,
    user,
    password,
    keyboardInteractive: true,
    home,
    hostKeys: hostKeys.map(({ file: _, ...key }) => key),
    userKeyTypes: (Object.keys(fixtures.userKeys) as KeyType[]).filter((type) => type !== 'dsa'),
    logFile,
    ...listener.controls,
  };
}

let found: Promise<string> | undefined;

/** The class path; what is missing is fetched and compiled. */
function findMina(): Promise<string> {
  found ??= locate();
  return found;
}

async function locate(): Promise<string> {
  const java = await run('java', ['-version']).catch(() => undefined);
  if (java === undefined) await ensurePackages(['default-jre-headless']);
  const tree = join(serverCache, 'mina');
  const jars = join(tree, 'usr/share/java');
  const classes = join(tree, 'classes');
  const classPath = [classes, ...JARS.map((name) => join(jars, `${name}.jar`))].join(':');
  await mkdir(serverCache, { recursive: true });
  await withLock('mina', async () => {
    if (!existsSync(join(jars, 'sshd-core.jar'))) {
      if (!isDebian()) throw new Error('its jars are fetched on Debian only');
      await fetchUnpacked(tree, SUITE, PACKAGES, () => {});
    }
    await mkdir(classes, { recursive: true });
    const source = join(classes, 'MinaServer.java');
    const upToDate = await run('cmp', ['-s', SOURCE, source], { allowFailure: true });
    if (upToDate.code === 0 && existsSync(join(classes, 'MinaServer.class'))) return;
    const compiler = ['-cp', join(jars, 'ecj.jar'), 'org.eclipse.jdt.internal.compiler.batch.Main'];
    await run('java', [...compiler, '-11', '-nowarn', '-cp', classPath, '-d', classes, SOURCE], {
      timeout: 60_000,
    });
    await copyFile(SOURCE, source);
  });
  return classPath;
}

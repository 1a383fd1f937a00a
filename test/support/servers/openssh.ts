/**
 * Starts OpenSSH's sshd on a loopback port, with whatever settings a test needs. As root it lets the test account in by
 * password, PAM keyboard-interactive and public key; otherwise only ourselves, by public key.
 */
import { accessSync, constants } from 'node:fs';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { type Account, getAccount } from './account.ts';
import { isRoot } from './apt.ts';
import { type Fixtures, getFixtures, type KeyType } from './fixtures.ts';
import { run } from './run.ts';
import { launch, type RealServer, softwareOf } from './server.ts';

/** An sshd and the ssh of the same build. */
export interface SshdProgram {
  sshd: string;
  ssh: string;
  major: number;
  minor: number;
  /** Config lines this build needs to find its own parts. */
  config: readonly string[];
}

export interface SshdOptions {
  /** In error messages; default `openssh`. */
  name?: string;
  /** Default: every type but dsa. */
  hostKeys?: readonly KeyType[];
  kex?: readonly string[];
  ciphers?: readonly string[];
  macs?: readonly string[];
  hostKeyAlgorithms?: readonly string[];
  pubkeyAlgorithms?: readonly string[];
  /** Everything this build has, insecure ones, ssh-dss and compression included; the lists above go before it. */
  allAlgorithms?: boolean;
  /** As in `publickey,password publickey,keyboard-interactive`. */
  authenticationMethods?: string;
  /** The sftp subsystem's command, false for none; default `internal-sftp`. */
  subsystem?: string | false;
  /** As in `1M 60`. */
  rekeyLimit?: string;
  /** Default `VERBOSE`. */
  logLevel?: string;
  /** More lines for sshd_config. They win over the harness's own; `Match` blocks go last. */
  config?: readonly string[];
  port?: number;
  env?: Record<string, string>;
  /** Default: the system's (findSshd). */
  program?: SshdProgram;
  account?: Account;
  fixtures?: Fixtures;
}

export async function startSshd(options: SshdOptions = {}): Promise<RealServer> {
  const program = options.program ?? (await findSshd());
  if (!program) throw new Error('no sshd on this machine (package openssh-server)');
  const fixtures = options.fixtures ?? (await getFixtures());
  const account = options.account ?? (await getAccount());
  const name = options.name ?? 'openssh';
  if (isRoot()) await mkdir('/run/sshd', { recursive: true, mode: 0o755 });
  const dir = await mkdtemp(join(fixtures.dir, `${name}-`));
  const lists = await algorithmLists(program, options);
  const hostKeys = hostKeyTypes(program, options).flatMap((type) => fixtures.hostKeys[type] ?? []);
  const config = sshdConfig({
    program,
    account,
    options,
    lists,
    hostKeyFiles: hostKeys.map((key) => key.file),
    authorizedKeys: fixtures.authorizedKeys,
  });
  // The port is not in the file: it comes on the command line, a new one for every attempt.
  const configFile = join(dir, 'sshd_config');
  await writeFile(configFile, `${config.join('\n')}\n`, { mode: 0o600 });
  const logFile = join(dir, 'log');
  const listener = await launch({
    name,
    logFile,
    command: (port) => [program.sshd, '-D', '-e', '-f', configFile, '-p', String(port)],
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const software = softwareOf(listener.greeting);
  const withPassword = account.password !== undefined;
  return {
    name,
    software,
    version: /OpenSSH_(\S+)/.exec(software)?.[1] ?? software,
    host: '127.0.0.1',
    port: listener.port,
    pid: listener.pid,
    user: account.user,
    ...(account.password === undefined ? {} : { password: account.password }),
    keyboardInteractive: withPassword,
    home: account.home,
    hostKeys: hostKeys.map(({ file: _, ...key }) => key),
    userKeyTypes: (Object.keys(fixtures.userKeys) as KeyType[]).filter(
      (type) => type !== 'dsa' || (options.allAlgorithms === true && program.major < 10),
    ),
    logFile,
    ...listener.controls,
  };
}

interface ConfigParts {
  program: SshdProgram;
  account: Account;
  options: SshdOptions;
  lists: string[];
  hostKeyFiles: string[];
  authorizedKeys: string;
}

function sshdConfig({
  program,
  account,
  options,
  lists,
  hostKeyFiles,
  authorizedKeys,
}: ConfigParts): string[] {
  const extra = options.config ?? [];
  const firstMatch = extra.findIndex((line) => /^\s*Match\b/i.test(line));
  const before = firstMatch < 0 ? extra : extra.slice(0, firstMatch);
  const blocks = firstMatch < 0 ? [] : extra.slice(firstMatch);
  const withPassword = account.password === undefined ? 'no' : 'yes';
  const { subsystem = 'internal-sftp', authenticationMethods, rekeyLimit, logLevel = 'VERBOSE' } = options;
  // sshd takes the first value it meets, so what the test asked for comes first.
  return [
    ...before,
    ...lists,
    ...(authenticationMethods === undefined ? [] : [`AuthenticationMethods ${authenticationMethods}`]),
    ...(rekeyLimit === undefined ? [] : [`RekeyLimit ${rekeyLimit}`]),
    `LogLevel ${logLevel}`,
    ...(subsystem === false || before.some((line) => /^\s*Subsystem\s+sftp\b/i.test(line))
      ? []
      : [`Subsystem sftp ${subsystem}`]),
    ...program.config,
    ...hostKeyFiles.map((file) => `HostKey ${file}`),
    'ListenAddress 127.0.0.1',
    'PidFile none',
    `AuthorizedKeysFile ${authorizedKeys}`,
    'StrictModes no',
    `UsePAM ${withPassword}`,
    `PasswordAuthentication ${withPassword}`,
    `KbdInteractiveAuthentication ${withPassword}`,
    'PermitRootLogin prohibit-password',
    'UseDNS no',
    'PrintMotd no',
    'PrintLastLog no',
    'AcceptEnv LANG LC_* WHERRY_*',
    'MaxStartups 200',
    'MaxSessions 100',
    'MaxAuthTries 20',
    // Since 9.8 failed logins earn a source address a waiting time: our tests fail on purpose, all from one address.
    ...(atLeast(program, 9, 8) ? ['PerSourcePenalties no'] : []),
    ...blocks,
  ];
}

function hostKeyTypes(program: SshdProgram, options: SshdOptions): readonly KeyType[] {
  if (options.hostKeys) return options.hostKeys;
  const modern: KeyType[] = ['ed25519', 'rsa', 'ecdsa256', 'ecdsa384', 'ecdsa521'];
  return options.allAlgorithms && program.major < 10 ? [...modern, 'dsa'] : modern;
}

async function algorithmLists(program: SshdProgram, options: SshdOptions): Promise<string[]> {
  const { kex, ciphers, macs, hostKeyAlgorithms, pubkeyAlgorithms, allAlgorithms = false } = options;
  const line = async (
    keyword: string,
    names: readonly string[] | undefined,
    query: string,
  ): Promise<string[]> => {
    if (names) return [`${keyword} ${names.join(',')}`];
    return allAlgorithms ? [`${keyword} ${(await queryAlgorithms(program, query)).join(',')}`] : [];
  };
  return [
    ...(await line('KexAlgorithms', kex, 'kex')),
    ...(await line('Ciphers', ciphers, 'cipher')),
    ...(await line('MACs', macs, 'mac')),
    ...(await line('HostKeyAlgorithms', hostKeyAlgorithms, 'HostKeyAlgorithms')),
    ...(await line('PubkeyAcceptedAlgorithms', pubkeyAlgorithms, 'PubkeyAcceptedAlgorithms')),
    ...(allAlgorithms ? ['RequiredRSASize 1024', 'Compression yes'] : []),
  ];
}

/** What a build has, in its own order: `kex`, `cipher`, `mac`, `HostKeyAlgorithms`, ... (`ssh -Q`). */
export async function queryAlgorithms(program: SshdProgram, query: string): Promise<string[]> {
  const { stdout } = await run(program.ssh, ['-Q', query]);
  return stdout.trim().split('\n');
}

export function atLeast(program: { major: number; minor: number }, major: number, minor: number): boolean {
  return program.major > major || (program.major === major && program.minor >= minor);
}

let systemSshd: Promise<SshdProgram | undefined> | undefined;

/** The system's sshd, undefined when there is none. */
export function findSshd(): Promise<SshdProgram | undefined> {
  const sshd = sshdPath();
  if (sshd === undefined) return Promise.resolve(undefined);
  systemSshd ??= describeSshd(sshd, 'ssh');
  return systemSshd;
}

/** Where the system's sshd is; it wants to be called by its full path. */
export function sshdPath(): string | undefined {
  const folders = ['/usr/sbin', '/usr/local/sbin', ...(process.env.PATH ?? '').split(delimiter)];
  return folders.map((folder) => join(folder, 'sshd')).find(isExecutable);
}

export async function describeSshd(
  sshd: string,
  ssh: string,
  config: readonly string[] = [],
): Promise<SshdProgram | undefined> {
  // Before 9.2 -V is a wrong option, and the version is in the usage text that answers it.
  const { stdout, stderr } = await run(sshd, ['-V'], { allowFailure: true, cwd: dirname(sshd) });
  const [, major, minor] = /OpenSSH_(\d+)\.(\d+)/.exec(stdout + stderr) ?? [];
  if (major === undefined || minor === undefined) return undefined;
  return { sshd, ssh, major: Number(major), minor: Number(minor), config };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The clients that are compared: how each is started for one transfer, and how much it is given to do. */
import { fileURLToPath } from 'node:url';
import { type BenchCase, type CaseName, KEX } from './cases.ts';
import type { Command } from './measure.ts';
import type { Direction } from './options.ts';

/** Where the server is and how to get in. */
export interface Access {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly keyFile: string;
  readonly fingerprint: string;
  readonly knownHosts: string;
}

/** What Wherry's `connect` is told of the way, besides the server: see roads.ts. */
export interface Way {
  readonly proxy?:
    | { readonly type: string; readonly host: string; readonly port: number }
    | { readonly command: string };
  /** A host that is logged in to as the server is. */
  readonly jump?: { readonly host: string; readonly port: number };
}

/** One transfer of one file. */
export interface Job extends Access {
  readonly direction: Direction;
  readonly local: string;
  readonly remote: string;
  readonly using: BenchCase;
  /** Where Wherry's build and the other clients' packages are. */
  readonly dist: string;
  readonly packages: string;
  readonly way?: Way;
}

export interface Peer {
  readonly doc: string;
  /** Larger files would only take longer. */
  readonly maxSize?: Readonly<Record<Direction, number>>;
  readonly maxRounds?: number;
  /** Of packages.ts. */
  readonly needsPackages: boolean;
  /** The cases it can be measured in; all without it. */
  readonly cases?: readonly CaseName[];
  /** Debian packages it is in. */
  readonly system?: readonly string[];
  command(job: Job): Command;
}

const MIB = 2 ** 20;

/** A client script in clients/; plain JavaScript, so that no loader's start-up is measured. */
function script(name: string, job: Job, more: object = {}): Command {
  const { using, ...rest } = job;
  const told = JSON.stringify({ ...rest, ...more, kex: KEX, cipher: using.cipher, mac: using.mac });
  return {
    program: process.execPath,
    args: [fileURLToPath(new URL(`clients/${name}`, import.meta.url)), told],
  };
}

type Login = Pick<Job, 'using' | 'port' | 'keyFile' | 'knownHosts'>;

/** What OpenSSH's programs are told alike, as lines of a configuration: the algorithms of the case, and how to get in. */
export function openSshSettings({ using, keyFile, knownHosts }: Omit<Login, 'port'>): string[] {
  return [
    'BatchMode=yes',
    'Compression=no',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    `IdentityFile=${keyFile}`,
    'StrictHostKeyChecking=yes',
    'GlobalKnownHostsFile=none',
    `UserKnownHostsFile=${knownHosts}`,
    `KexAlgorithms=${KEX}`,
    `Ciphers=${using.cipher}`,
    ...(using.mac === undefined ? [] : [`MACs=${using.mac}`]),
  ];
}

/** The same as options of `sftp` and `scp`, and nobody's configuration. */
export function openSshOptions({ port, ...login }: Login): string[] {
  return ['-F', 'none', '-P', String(port), ...openSshSettings(login).flatMap((option) => ['-o', option])];
}

function openSshSftp(job: Job): Command {
  const { direction, local, remote, user, host } = job;
  const line = direction === 'get' ? `get ${remote} ${local}` : `put ${local} ${remote}`;
  const args = ['-q', '-b', '-', ...openSshOptions(job), `${user}@${host}`];
  return { program: 'sftp', args, input: `${line}\n` };
}

function openSshScp(job: Job): Command {
  const { direction, local, remote, user, host } = job;
  const there = `${user}@${host}:${remote}`;
  const args = [
    '-O',
    '-q',
    ...openSshOptions(job),
    ...(direction === 'get' ? [there, local] : [local, there]),
  ];
  return { program: 'scp', args };
}

/** lftp runs OpenSSH's ssh for the connection, so it takes its options. */
export function lftp(access: Access, using: BenchCase, line: string): Command {
  const ssh = ['ssh', '-a', '-x', ...openSshOptions({ ...access, using })]
    .map((word) => (word === '-P' ? '-p' : word))
    .join(' ');
  const script = [
    'set cmd:fail-exit yes',
    'set net:max-retries 1',
    'set xfer:clobber yes',
    'set sftp:auto-confirm no',
    `set sftp:connect-program "${ssh}"`,
    `open -u ${access.user}, sftp://${access.host}:${access.port}`,
    line,
  ];
  return { program: 'lftp', args: ['--norc', '-c', script.join('; ')] };
}

/**
 * What rclone is told by flags instead of a configuration. 255k is what its manual recommends with OpenSSH. It chooses
 * aes128-gcm by itself and cannot be told otherwise in Debian's version.
 */
export function rclone(access: Access, args: (remote: string) => string[]): Command {
  const flags = {
    'sftp-host': access.host,
    'sftp-port': String(access.port),
    'sftp-user': access.user,
    'sftp-key-file': access.keyFile,
    'sftp-known-hosts-file': access.knownHosts,
    'sftp-chunk-size': '255k',
    'sftp-set-modtime': 'false',
    'sftp-disable-hashcheck': 'true',
    'sftp-shell-type': 'none',
    config: '/dev/null',
  };
  const told = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  return { program: 'rclone', args: ['-q', ...told, ...args(':sftp:')] };
}

function lftpFile(job: Job): Command {
  const { direction, local, remote } = job;
  const line = direction === 'get' ? `get ${remote} -o ${local}` : `put ${local} -o ${remote}`;
  return lftp(job, job.using, line);
}

function rcloneFile(job: Job): Command {
  const { direction, local, remote } = job;
  return rclone(job, (there) =>
    direction === 'get' ? ['copyto', `${there}${remote}`, local] : ['copyto', local, `${there}${remote}`],
  );
}

export const PEERS: Readonly<Record<string, Peer>> = {
  wherry: {
    doc: 'this project',
    needsPackages: false,
    command: (job) => script('wherry.mjs', job),
  },
  'wherry-client': {
    doc: 'SFTPClient of this project',
    needsPackages: false,
    command: (job) => script('wherry-client.mjs', job),
  },
  'wherry-client-handler': {
    doc: 'SFTPClient of this project, with a handler of its transfer event',
    needsPackages: false,
    command: (job) => script('wherry-client.mjs', job, { handler: true }),
  },
  sftp: {
    doc: "OpenSSH's sftp -b",
    needsPackages: false,
    command: openSshSftp,
  },
  'wherry-scp': {
    doc: 'this project, by the scp protocol',
    needsPackages: false,
    command: (job) => script('wherry.mjs', job, { scp: true }),
  },
  scp: {
    doc: "OpenSSH's scp -O",
    needsPackages: false,
    command: openSshScp,
  },
  lftp: {
    doc: 'lftp, get and put',
    needsPackages: false,
    system: ['lftp', 'openssh-client'],
    command: lftpFile,
  },
  rclone: {
    doc: 'rclone copyto, with the chunk size its manual recommends for OpenSSH',
    needsPackages: false,
    cases: ['gcm'],
    system: ['rclone'],
    command: rcloneFile,
  },
  'ssh2-fast': {
    doc: 'ssh2, fastGet and fastPut',
    maxSize: { get: 256 * MIB, put: 256 * MIB },
    maxRounds: 3,
    needsPackages: true,
    command: (job) => script('ssh2.mjs', job),
  },
  'ssh2-sftp-client-fast': {
    doc: 'ssh2-sftp-client, fastGet and fastPut',
    maxSize: { get: 256 * MIB, put: 256 * MIB },
    maxRounds: 3,
    needsPackages: true,
    command: (job) => script('ssh2-sftp-client.mjs', job, { fast: true }),
  },
  'ssh2-sftp-client': {
    doc: 'ssh2-sftp-client, get and put, which its manual recommends',
    maxSize: { get: 4 * MIB, put: 4 * MIB },
    maxRounds: 2,
    needsPackages: true,
    command: (job) => script('ssh2-sftp-client.mjs', job, { fast: false }),
  },
};

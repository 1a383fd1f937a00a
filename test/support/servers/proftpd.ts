/**
 * Starts ProFTPD with mod_sftp: an SSH and SFTP implementation of its own, SFTP versions 3 to 6, and with OpenSSL's
 * legacy provider the old algorithms.
 */
import { writeFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, getAccount } from './account.ts';
import { packageVersion } from './apt.ts';
import { type Fixtures, getFixtures, type HostKeyFixture, type KeyType } from './fixtures.ts';
import type { OnDemand } from './on-demand.ts';
import { run } from './run.ts';
import { launch, type RealServer, softwareOf } from './server.ts';

export const PROFTPD: OnDemand = {
  name: 'proftpd',
  doc: 'a second SSH and SFTP implementation: SFTP 3 to 6, check-file, copy-file, legacy algorithms',
  packages: ['proftpd-core', 'proftpd-mod-crypto', 'openssh-client'],
  needsRoot: true,
};

/** One that is not installed: the program, the folder of its modules, and those of its libraries. */
export interface ProftpdProgram {
  readonly command: string;
  readonly modules: string;
  readonly libraries: string;
}

export interface ProftpdOptions {
  name?: string;
  /** The highest SFTP version it speaks. */
  sftpVersion?: 3 | 4 | 5 | 6;
  /** Default: every type but dsa. */
  hostKeys?: readonly KeyType[];
  /** SFTPCiphers, SFTPDigests, SFTPKeyExchanges; default what ProFTPD offers by itself. */
  ciphers?: readonly string[];
  digests?: readonly string[];
  keyExchanges?: readonly string[];
  /** As in `delayed`. */
  compression?: string;
  /** Starts it with OpenSSL's legacy provider (blowfish, cast128, ripemd160 ...). */
  legacyProvider?: boolean;
  /** Default: the system's. */
  program?: ProftpdProgram;
  /** More lines for the configuration file. */
  config?: readonly string[];
  port?: number;
  account?: Account;
  fixtures?: Fixtures;
}

/** Lets the test account in by password and by every user key; root only. */
export async function startProftpd(options: ProftpdOptions = {}): Promise<RealServer> {
  const { name = 'proftpd', program } = options;
  const account = options.account ?? (await getAccount());
  const fixtures = options.fixtures ?? (await getFixtures());
  const dir = await mkdtemp(join(fixtures.dir, `${name}-`));
  await chmod(dir, 0o711);
  const types = options.hostKeys ?? ['ed25519', 'rsa', 'ecdsa256', 'ecdsa384', 'ecdsa521'];
  const hostKeys = types.flatMap((type) => fixtures.hostKeys[type] ?? []);
  const keyFiles = await Promise.all(hostKeys.map((key) => hostKeyFile(key, dir)));
  await authorizedKeys(account, fixtures, dir);
  const logFile = join(dir, 'log');
  const configFile = join(dir, 'proftpd.conf');
  const legacy = join(dir, 'openssl.cnf');
  await writeFile(legacy, LEGACY_OPENSSL);
  const listener = await launch({
    name,
    logFile,
    command: (port) => {
      const lines = [...configLines(options, dir, keyFiles), `Port ${port}`];
      writeFileSync(configFile, `${lines.join('\n')}\n`, { mode: 0o600 });
      // -n: stay in the foreground; -q: no warning about that
      return [program?.command ?? 'proftpd', '-n', '-q', '-c', configFile];
    },
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(options.legacyProvider ? { env: { OPENSSL_CONF: legacy } } : {}),
    ...(program === undefined ? {} : { env: { LD_LIBRARY_PATH: program.libraries } }),
  });
  return {
    name,
    software: softwareOf(listener.greeting),
    version: (await packageVersion('proftpd-core')) ?? softwareOf(listener.greeting),
    host: '127.0.0.1',
    port: listener.port,
    pid: listener.pid,
    user: account.user,
    ...(account.password === undefined ? {} : { password: account.password }),
    keyboardInteractive: false,
    home: account.home,
    hostKeys: hostKeys.map(({ file: _, ...key }) => key),
    userKeyTypes: Object.keys(fixtures.userKeys) as KeyType[],
    logFile,
    ...listener.controls,
  };
}

function configLines(options: ProftpdOptions, dir: string, keyFiles: readonly string[]): string[] {
  const list = (directive: string, names: readonly string[] | undefined): string[] =>
    names === undefined ? [] : [`${directive} ${names.join(' ')}`];
  return [
    ...(options.program === undefined ? [] : [`ModulePath ${options.program.modules}`]),
    'LoadModule mod_sftp.c',
    'ServerName "wherry"',
    'ServerType standalone',
    'User nobody',
    'Group nogroup',
    'DefaultAddress 127.0.0.1',
    'SocketBindTight on',
    'UseReverseDNS off',
    'WtmpLog off',
    'TransferLog none',
    `PidFile ${join(dir, 'pid')}`,
    `ScoreboardFile ${join(dir, 'scoreboard')}`,
    `SystemLog ${join(dir, 'system.log')}`,
    'RequireValidShell off',
    'AuthOrder mod_auth_unix.c',
    'AllowOverwrite on',
    'AllowStoreRestart on',
    'MaxInstances 100',
    'SFTPEngine on',
    `SFTPLog ${join(dir, 'sftp.log')}`,
    ...keyFiles.map((file) => `SFTPHostKey ${file}`),
    `SFTPAuthorizedUserKeys file:${join(dir, 'keys', '%u')}`,
    'SFTPAuthMethods publickey password',
    ...(options.compression === undefined ? [] : [`SFTPCompression ${options.compression}`]),
    ...(options.sftpVersion === undefined
      ? []
      : [`SFTPClientMatch ".*" sftpProtocolVersion 3-${options.sftpVersion}`]),
    ...list('SFTPCiphers', options.ciphers),
    ...list('SFTPDigests', options.digests),
    ...list('SFTPKeyExchanges', options.keyExchanges),
    ...(options.config ?? []),
  ];
}

/** It reads Ed25519 keys in OpenSSH's form, all others in PEM. */
async function hostKeyFile({ type, file }: HostKeyFixture, dir: string): Promise<string> {
  const copy = join(dir, `host_${type}`);
  await copyFile(file, copy);
  await chmod(copy, 0o600);
  if (type !== 'ed25519') await run('ssh-keygen', ['-q', '-p', '-m', 'PEM', '-P', '', '-N', '', '-f', copy]);
  return copy;
}

/** One file per user, in RFC 4716 form. */
async function authorizedKeys(account: Account, fixtures: Fixtures, dir: string): Promise<void> {
  const keys = Object.values(fixtures.userKeys).map(({ publicFile }) =>
    run('ssh-keygen', ['-e', '-f', publicFile]),
  );
  const text = (await Promise.all(keys)).map(({ stdout }) => stdout).join('');
  await mkdir(join(dir, 'keys'), { mode: 0o711 });
  await writeFile(join(dir, 'keys', account.user), text, { mode: 0o644 });
}

const LEGACY_OPENSSL = `openssl_conf = openssl_init
[openssl_init]
providers = provider_sect
[provider_sect]
default = default_sect
legacy = legacy_sect
[default_sect]
activate = 1
[legacy_sect]
activate = 1
`;

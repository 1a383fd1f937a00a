/** Starts asyncssh, a server in Python. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Account, getAccount } from './account.ts';
import { isRoot, packageVersion } from './apt.ts';
import { type Fixtures, getFixtures, type KeyType } from './fixtures.ts';
import type { OnDemand } from './on-demand.ts';
import { fingerprintOf, type HostKeyInfo, launch, type RealServer, softwareOf } from './server.ts';

export const ASYNCSSH: OnDemand = {
  name: 'asyncssh',
  doc: 'nearly every algorithm, SFTP 3 to 6, password changes, prompts of any kind, X.509 host keys',
  // libnettle8 has UMAC for it.
  packages: ['python3-asyncssh', 'libnettle8'],
  needsRoot: false,
};

/** Debian's own Python: the packages are for no other. */
const PYTHON = '/usr/bin/python3';
const SCRIPT: string = fileURLToPath(new URL('asyncssh-server.py', import.meta.url));

/** A keyboard-interactive request, and the answers that let in. */
export interface Challenge {
  ask: readonly [name: string, instructions: string, prompts: readonly (readonly [string, boolean])[]];
  answers: readonly string[];
}

/** Algorithm names per kind. */
export interface AsyncsshAlgorithms {
  readonly kex?: readonly string[];
  readonly ciphers?: readonly string[];
  readonly macs?: readonly string[];
  readonly compressions?: readonly string[];
  readonly signatures?: readonly string[];
}

/** What asyncssh.listen calls them. */
const ARGUMENTS: Record<keyof AsyncsshAlgorithms, string> = {
  kex: 'kex_algs',
  ciphers: 'encryption_algs',
  macs: 'mac_algs',
  compressions: 'compression_algs',
  signatures: 'signature_algs',
};

export interface AsyncsshOptions {
  name?: string;
  hostKeys?: readonly (KeyType | 'ed448')[];
  /** `all`: everything the build has, insecure ones included. What is not given is asyncssh's own default. */
  algorithms?: 'all' | AsyncsshAlgorithms;
  /** Highest SFTP version, 3 to 6; default 3. */
  sftpVersion?: 3 | 4 | 5 | 6;
  /** Of the account (or, when not root, any user name); default the account's own where it has one. */
  password?: string;
  /** A password that lets nobody in but asks for a new one of at least 8 characters. */
  expired?: string;
  /** Turns keyboard-interactive on. */
  challenge?: Challenge;
  /** A file of them, instead of the one with all user keys of the fixtures. */
  authorizedKeys?: string;
  /** Private key file and certificate chain, for X.509 host keys (RFC 6187). */
  x509HostKeys?: readonly (readonly [key: string, chain: readonly string[]])[];
  x509TrustedCerts?: readonly string[];
  /** False makes it a server of before strict key exchange. */
  strictKex?: boolean;
  /** More arguments of asyncssh.listen, as in `{ rekey_bytes: 1000000 }`. */
  listen?: Readonly<Record<string, unknown>>;
  env?: Record<string, string>;
  account?: Account;
  fixtures?: Fixtures;
}

export async function startAsyncssh(options: AsyncsshOptions = {}): Promise<RealServer> {
  const { name = 'asyncssh', algorithms = {} } = options;
  const account = options.account ?? (await getAccount());
  const fixtures = options.fixtures ?? (await getFixtures());
  const types = options.hostKeys ?? ['ed25519', 'rsa', 'ecdsa256', 'ecdsa384', 'ecdsa521'];
  const password = options.password ?? account.password;
  const dir = await mkdtemp(join(fixtures.dir, `${name}-`));
  const made: (HostKeyInfo & { file: string })[] = types.includes('ed448') ? [await makeEd448(dir)] : [];
  const hostKeys = [
    ...types.flatMap((type) => (type === 'ed448' ? [] : (fixtures.hostKeys[type] ?? []))),
    ...made,
  ];
  const settings = {
    hostKeys: hostKeys.map((key) => key.file),
    x509HostKeys: options.x509HostKeys ?? [],
    x509TrustedCerts: options.x509TrustedCerts ?? [],
    authorizedKeys: options.authorizedKeys ?? fixtures.authorizedKeys,
    sftpVersion: options.sftpVersion ?? 3,
    user: account.user,
    password: password ?? null,
    expired: options.expired ?? null,
    challenge: options.challenge ?? null,
    strictKex: options.strictKex ?? true,
    home: account.home,
    uid: isRoot() ? account.uid : null,
    gid: isRoot() ? account.gid : null,
    listen: {
      ...algorithmArguments(algorithms),
      ...options.listen,
    },
  };
  const logFile = join(dir, 'log');
  const settingsFile = join(dir, 'settings.json');
  await writeFile(settingsFile, JSON.stringify(settings), { mode: 0o600 });
  const listener = await launch({
    name,
    logFile,
    timeout: 30_000,
    command: (port) => [PYTHON, SCRIPT, settingsFile, String(port)],
    ...(options.env === undefined ? {} : { env: options.env }),
  });
  const software = softwareOf(listener.greeting);
  return {
    name,
    software,
    version: (await packageVersion('python3-asyncssh')) ?? software.replace(/^AsyncSSH_/, ''),
    host: '127.0.0.1',
    port: listener.port,
    pid: listener.pid,
    user: account.user,
    ...(password === undefined ? {} : { password }),
    keyboardInteractive: options.challenge !== undefined,
    home: account.home,
    hostKeys: hostKeys.map(({ file: _, ...key }) => key),
    userKeyTypes: (Object.keys(fixtures.userKeys) as KeyType[]).filter((type) => type !== 'dsa'),
    logFile,
    ...listener.controls,
  };
}

async function makeEd448(dir: string): Promise<HostKeyInfo & { file: string }> {
  const { privateKey, publicKey } = generateKeyPairSync('ed448');
  const file = join(dir, 'ed448');
  await writeFile(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const part = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(0, 0, 0, bytes.length), bytes]);
  const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url');
  const publicLine = `ssh-ed448 ${Buffer.concat([part(Buffer.from('ssh-ed448')), part(raw)]).toString('base64')}`;
  return { type: 'ed448', algorithm: 'ssh-ed448', publicLine, fingerprint: fingerprintOf(publicLine), file };
}

function algorithmArguments(algorithms: 'all' | AsyncsshAlgorithms): Record<string, unknown> {
  const kinds = Object.keys(ARGUMENTS) as (keyof AsyncsshAlgorithms)[];
  if (algorithms === 'all') return Object.fromEntries(kinds.map((kind) => [ARGUMENTS[kind], '*']));
  const given = kinds.filter((kind) => algorithms[kind] !== undefined);
  return Object.fromEntries(given.map((kind) => [ARGUMENTS[kind], algorithms[kind]]));
}

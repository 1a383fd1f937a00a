/** Starts lshd, GNU's server of 2003: old algorithms only, and an SFTP server of its own without a single extension. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectOptions } from '../../../src/index.ts';
import { type Account, getAccount } from './account.ts';
import { packageVersion } from './apt.ts';
import { type Fixtures, getFixtures } from './fixtures.ts';
import type { OnDemand } from './on-demand.ts';
import { run } from './run.ts';
import { fingerprintOf, launch, type RealServer, softwareOf } from './server.ts';

export const LSHD: OnDemand = {
  name: 'lshd',
  doc: 'key exchange with SHA-1, ssh-rsa, ciphers in CBC mode; SFTP 3 without extensions',
  packages: ['lsh-server', 'lsh-utils'],
  // It checks passwords by /etc/shadow.
  needsRoot: true,
};

/** What must be named to reach it: all of it is insecure today. */
export const LSHD_ALGORITHMS: NonNullable<ConnectOptions['algorithms']> = {
  kex: ['diffie-hellman-group14-sha1', 'diffie-hellman-group1-sha1'],
  hostKey: ['ssh-rsa'],
  ciphers: ['aes256-ctr', 'aes256-cbc', '3des-cbc', 'blowfish-cbc', 'cast128-cbc'],
  macs: ['hmac-sha1', 'hmac-md5'],
};

/** Where the connection is cut in the middle of a request, the program reads the end of its input for ever. */
const SFTP_SERVER = 'timeout 60 /usr/lib/lsh-server/sftp-server';

export interface LshdOptions {
  account?: Account;
  fixtures?: Fixtures;
}

export async function startLshd(options: LshdOptions = {}): Promise<RealServer> {
  const account = options.account ?? (await getAccount());
  const fixtures = options.fixtures ?? (await getFixtures());
  const dir = await mkdtemp(join(fixtures.dir, 'lshd-'));
  const [seed, raw, key] = [join(dir, 'seed'), join(dir, 'raw'), join(dir, 'host')];
  const env = { LSH_YARROW_SEED_FILE: seed };
  const shell = (command: string): Promise<unknown> =>
    run('sh', ['-c', command], { env: { ...process.env, ...env } });
  // "Reading keystrokes failed", it says, and leaves a seed all the same.
  await shell(`lsh-make-seed --sloppy -o '${seed}' < /dev/null; test -s '${seed}'`);
  await shell(`lsh-keygen -a rsa -l 2048 > '${raw}' && lsh-writekey -c none -o '${key}' < '${raw}'`);
  await shell(`lsh-export-key < '${key}.pub' > '${dir}/rfc4716'`);
  await writeFile(join(dir, 'line'), (await run('ssh-keygen', ['-i', '-f', join(dir, 'rfc4716')])).stdout);
  const publicLine = (await readFile(join(dir, 'line'), 'utf8')).trim();
  const logFile = join(dir, 'log');
  const listener = await launch({
    name: 'lshd',
    logFile,
    env,
    command: (port) => [
      ...(['lshd', '-p', String(port), '--interface=127.0.0.1', '-h', key] as const),
      ...['--no-tcpwrappers', `--subsystems=sftp=${SFTP_SERVER}`, '-c', 'all', '-z'],
    ],
  });
  const software = softwareOf(listener.greeting);
  return {
    name: 'lshd',
    software,
    version: (await packageVersion('lsh-server')) ?? software,
    host: '127.0.0.1',
    port: listener.port,
    pid: listener.pid,
    user: account.user,
    ...(account.password === undefined ? {} : { password: account.password }),
    keyboardInteractive: false,
    home: account.home,
    hostKeys: [{ type: 'rsa', algorithm: 'ssh-rsa', publicLine, fingerprint: fingerprintOf(publicLine) }],
    userKeyTypes: [],
    logFile,
    ...listener.controls,
  };
}

/** Starts `rclone serve sftp`: Go's x/crypto/ssh and pkg/sftp, SFTP version 3 with next to no extensions. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { packageVersion } from './apt.ts';
import { type Fixtures, getFixtures } from './fixtures.ts';
import type { OnDemand } from './on-demand.ts';
import { launch, type RealServer, softwareOf } from './server.ts';

export const RCLONE: OnDemand = {
  name: 'rclone',
  doc: 'pkg/sftp and x/crypto/ssh of Go: bare SFTP version 3',
  packages: ['rclone', 'openssh-client'],
  needsRoot: false,
};

export interface RcloneOptions {
  name?: string;
  port?: number;
  fixtures?: Fixtures;
}

/** It serves a fresh folder, `home`, which its clients see as `/`. */
export async function startRclone(options: RcloneOptions = {}): Promise<RealServer> {
  const { name = 'rclone' } = options;
  const fixtures = options.fixtures ?? (await getFixtures());
  const dir = await mkdtemp(join(fixtures.dir, `${name}-`));
  const home = join(dir, 'home');
  await mkdir(home);
  const hostKey = fixtures.hostKeys.ed25519;
  const password = randomBytes(12).toString('base64url');
  const user = 'rclone';
  const logFile = join(dir, 'log');
  const listener = await launch({
    name,
    logFile,
    command: (port) => [
      ...(['rclone', 'serve', 'sftp', home, '--addr', `127.0.0.1:${port}`] as const),
      ...['--user', user, '--pass', password, '--authorized-keys', fixtures.authorizedKeys],
      ...[
        '--key',
        hostKey.file,
        '--vfs-cache-mode',
        'off',
        '--dir-cache-time',
        '0s',
        '--config',
        join(dir, 'rclone.conf'),
      ],
      ...['--cache-dir', join(dir, 'cache')],
    ],
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const { file: _, ...shown } = hostKey;
  return {
    name,
    software: softwareOf(listener.greeting),
    version: (await packageVersion('rclone')) ?? softwareOf(listener.greeting),
    host: '127.0.0.1',
    port: listener.port,
    pid: listener.pid,
    user,
    password,
    keyboardInteractive: false,
    home,
    hostKeys: [shown],
    userKeyTypes: ['ed25519', 'rsa', 'ecdsa256', 'ecdsa384', 'ecdsa521'],
    logFile,
    ...listener.controls,
  };
}

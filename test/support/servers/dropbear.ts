/** Starts dropbear: a small SSH server with few algorithms and OpenSSH's sftp-server. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, getAccount } from './account.ts';
import { packageVersion } from './apt.ts';
import { type Fixtures, getFixtures, type KeyType } from './fixtures.ts';
import { addHomeKeys } from './home-keys.ts';
import { run } from './run.ts';
import { launch, type RealServer, softwareOf } from './server.ts';

export interface DropbearOptions {
  name?: string;
  hostKeys?: readonly KeyType[];
  /** More arguments, as in `-t` (password and public key both required) or `-W 65536`. */
  args?: readonly string[];
  port?: number;
  account?: Account;
  fixtures?: Fixtures;
}

/** Root only: its public keys come from ~/.ssh/authorized_keys, and that of a person is not ours to change. */
export async function startDropbear(options: DropbearOptions = {}): Promise<RealServer> {
  const { name = 'dropbear', args = [], port } = options;
  const account = options.account ?? (await getAccount());
  const fixtures = options.fixtures ?? (await getFixtures());
  const types = options.hostKeys ?? ['ed25519', 'rsa', 'ecdsa256'];
  const hostKeys = types.flatMap((type) => fixtures.hostKeys[type] ?? []);
  const dir = await mkdtemp(join(fixtures.dir, `${name}-`));
  for (const { type, file } of hostKeys)
    await run('dropbearconvert', ['openssh', 'dropbear', file, join(dir, type)]);
  const userKeys = Object.values(fixtures.userKeys).filter((key) => key.type !== 'dsa');
  const removeKeys = await addHomeKeys(
    account,
    userKeys.map((key) => key.publicLine),
  );
  try {
    const hostKeyArgs = hostKeys.flatMap(({ type }) => ['-r', join(dir, type)]);
    const logFile = join(dir, 'log');
    const listener = await launch({
      name,
      logFile,
      // -F foreground, -E log to stderr, -m no message of the day, -T login attempts
      command: (at) => [
        'dropbear',
        ...['-F', '-E', '-m', '-T', '20'],
        ...['-P', join(dir, 'pid'), '-p', `127.0.0.1:${at}`],
        ...hostKeyArgs,
        ...args,
      ],
      ...(port === undefined ? {} : { port }),
    });
    const stop = async (): Promise<void> => {
      await listener.controls.stop();
      await removeKeys();
    };
    const software = softwareOf(listener.greeting);
    return {
      name,
      software,
      version: (await packageVersion('dropbear-bin')) ?? software.replace(/^dropbear_/, ''),
      host: '127.0.0.1',
      port: listener.port,
      pid: listener.pid,
      user: account.user,
      ...(account.password === undefined ? {} : { password: account.password }),
      keyboardInteractive: false,
      home: account.home,
      hostKeys: hostKeys.map(({ file: _, ...key }) => key),
      userKeyTypes: userKeys.map((key) => key.type),
      logFile,
      ...listener.controls,
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await removeKeys();
    throw error;
  }
}

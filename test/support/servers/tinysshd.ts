/** Starts tinysshd under tcpserver: Ed25519 keys and chacha20-poly1305 only, no passwords. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { type Account, getAccount } from './account.ts';
import { packageVersion } from './apt.ts';
import { type Fixtures, getFixtures } from './fixtures.ts';
import { addHomeKeys } from './home-keys.ts';
import { run } from './run.ts';
import { fingerprintOf, launch, type RealServer, softwareOf } from './server.ts';

export interface TinysshdOptions {
  name?: string;
  port?: number;
  account?: Account;
  fixtures?: Fixtures;
}

/** Root only, as dropbear is: it knows no other file than ~/.ssh/authorized_keys. */
export async function startTinysshd(options: TinysshdOptions = {}): Promise<RealServer> {
  const { name = 'tinysshd', port } = options;
  const account = options.account ?? (await getAccount());
  const fixtures = options.fixtures ?? (await getFixtures());
  const dir = await mkdtemp(join(fixtures.dir, `${name}-`));
  const keys = join(dir, 'keys');
  await run('tinysshd-makekey', ['-q', keys]);
  const publicLine = (await run('tinysshd-printkey', [keys])).stdout.trim().split(' ').slice(0, 2).join(' ');
  const removeKeys = await addHomeKeys(account, [fixtures.userKeys.ed25519.publicLine]);
  try {
    const logFile = join(dir, 'log');
    const sftp = 'sftp=/usr/lib/openssh/sftp-server';
    const listener = await launch({
      name,
      logFile,
      // -HRDl0: no reverse look-up, no ident, no delay switch, no local name
      command: (at) => [
        ...(['tcpserver', '-HRDl0', '-c', '100', '127.0.0.1', String(at)] as const),
        ...['/usr/sbin/tinysshd', '-v', '-x', sftp, keys],
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
      version: (await packageVersion('tinysshd')) ?? software,
      host: '127.0.0.1',
      port: listener.port,
      pid: listener.pid,
      user: account.user,
      keyboardInteractive: false,
      home: account.home,
      hostKeys: [
        { type: 'ed25519', algorithm: 'ssh-ed25519', publicLine, fingerprint: fingerprintOf(publicLine) },
      ],
      userKeyTypes: ['ed25519'],
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

/** An account for tests that change it: an expired password, files in its home. Made anew, and taken away again. */
import { randomBytes } from 'node:crypto';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from './lock.ts';
import { run } from './run.ts';

export interface OwnAccount extends AsyncDisposable {
  readonly user: string;
  readonly password: string;
  readonly home: string;
  /** The next login must change the password. */
  expire(): Promise<void>;
  /** A file in its home, which it owns. */
  write(name: string, content: string): Promise<void>;
}

/** Needs root. */
export async function makeAccount(): Promise<OwnAccount> {
  const user = `wherry-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(18).toString('base64url');
  const { uid, gid, home } = await withLock('account', async () => {
    await run('useradd', ['--create-home', '--shell', '/bin/sh', user]);
    await run('chpasswd', [], { input: `${user}:${password}\n` });
    const { stdout } = await run('getent', ['passwd', user]);
    const [, , uidText, gidText, , folder] = stdout.trim().split(':');
    return { uid: Number(uidText), gid: Number(gidText), home: folder! };
  });
  return {
    user,
    password,
    home,
    expire: async () => {
      await run('chage', ['-d', '0', user]);
    },
    async write(name, content) {
      const path = join(home, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content, { mode: 0o600 });
      for (const one of [dirname(path), path]) await chown(one, uid, gid);
    },
    async [Symbol.asyncDispose]() {
      await withLock('account', () => run('userdel', ['--force', user], { allowFailure: true }));
      await rm(home, { recursive: true, force: true });
    },
  };
}

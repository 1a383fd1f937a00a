/**
 * Whom the tests log in as. Root makes an account of its own with a random password; anybody else can only be
 * themselves, with public keys.
 */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isRoot } from './apt.ts';
import { readEnvironment } from './environment.ts';
import { withLock } from './lock.ts';
import { run } from './run.ts';

export const TEST_USER = 'wherry-test';

export interface Account {
  user: string;
  home: string;
  uid: number;
  gid: number;
  password?: string;
}

let current: Promise<Account> | undefined;

/** The account of this run: the runner's when a test file asks, else made here when it is not there yet. */
export function getAccount(): Promise<Account> {
  const told = readEnvironment()?.account;
  if (told) return Promise.resolve(told);
  current ??= ensureAccount();
  return current;
}

async function ensureAccount(): Promise<Account> {
  if (!isRoot()) {
    const { username, uid, gid } = userInfo();
    return { user: username, home: homedir(), uid, gid };
  }
  return await withLock('account', async () => {
    let entry = await lookUp();
    if (!entry) {
      await run('useradd', ['--create-home', '--shell', '/bin/sh', TEST_USER]);
      entry = await lookUp();
      if (!entry) throw new Error(`useradd made no account ${TEST_USER}`);
    }
    return { ...entry, password: await password(entry.home) };
  });
}

async function lookUp(): Promise<Account | undefined> {
  const { stdout } = await run('getent', ['passwd', TEST_USER], { allowFailure: true });
  const [user, , uid, gid, , home] = stdout.trim().split(':');
  if (!user || !home) return undefined;
  return { user, home, uid: Number(uid), gid: Number(gid) };
}

/** One password for all runs on this machine, so that two runs at a time do not lock each other out. */
async function password(home: string): Promise<string> {
  const file = join(home, '.wherry-test-password');
  const known = await readFile(file, 'utf8').catch(() => '');
  const secret = known.trim() || randomBytes(18).toString('base64url');
  if (known === '') await writeFile(file, `${secret}\n`, { mode: 0o600 });
  await run('chpasswd', [], { input: `${TEST_USER}:${secret}\n` });
  return secret;
}

import { chown } from 'node:fs/promises';
import { getAccount } from '../../support/servers/account.ts';
import { isRoot } from '../../support/servers/apt.ts';

/** Lets the account that logs in write there. */
export async function chownToAccount(path: string): Promise<void> {
  if (!isRoot()) return;
  const { uid, gid } = await getAccount();
  await chown(path, uid, gid);
}

/** A FIDO security key in software, from OpenSSH's own tests: keys on it are made and used without a person. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { withLock } from './lock.ts';
import type { OnDemand } from './on-demand.ts';
import { serverCache } from './paths.ts';
import { debianRelease, fetchUnpacked } from './unpacked.ts';

export const SECURITY_KEY: OnDemand = {
  name: 'security key in software',
  doc: 'sk-ssh-ed25519 and sk-ecdsa keys, signed with through an ssh-agent',
  packages: ['openssh-client', 'openssh-server'],
  needsRoot: false,
};

/** The middleware library, for `ssh-keygen -w` and `ssh-add -S`. */
export async function securityKeyProvider(): Promise<string> {
  const tree = join(serverCache, 'openssh-tests');
  const file = join(tree, 'usr/lib/openssh/regress/misc/sk-dummy/sk-dummy.so');
  await withLock('openssh-tests', async () => {
    if (!existsSync(file)) await fetchUnpacked(tree, await debianRelease(), ['openssh-tests'], () => {});
  });
  if (!existsSync(file)) throw new Error('no sk-dummy.so in the package openssh-tests');
  return file;
}

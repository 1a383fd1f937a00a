/**
 * The ProFTPD of Debian 11, with the OpenSSL 1.1.1 it was built for: 3des-ctr and arcfour work in it, which later ones
 * refuse or garble. It is fetched from the mirror in the machine's apt sources and unpacked into the cache folder.
 */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDebian } from './apt.ts';
import { withLock } from './lock.ts';
import { serverCache } from './paths.ts';
import type { ProftpdProgram } from './proftpd.ts';
import { fetchUnpacked } from './unpacked.ts';

const PACKAGES = [
  ...['proftpd-core', 'proftpd-mod-crypto', 'libssl1.1', 'libpcre3', 'libhiredis0.14'],
  ...['libmemcached11', 'libmemcachedutil2', 'libhashkit2'],
];
const TRIPLETS: Partial<Record<NodeJS.Architecture, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
};

/** Finds or fetches it; throws with the reason when there is none to be had. */
export async function findProftpd11(): Promise<ProftpdProgram> {
  const triplet = TRIPLETS[process.arch];
  if (!isDebian() || triplet === undefined) throw new Error('only Debian on x64 and arm64 can fetch it');
  const tree = join(serverCache, `proftpd11-${process.arch}`);
  const command = join(tree, 'usr/sbin/proftpd');
  await mkdir(serverCache, { recursive: true });
  await withLock('proftpd11', async () => {
    if (!existsSync(command)) await fetchUnpacked(tree, 'bullseye', PACKAGES, () => {});
  });
  const libraries = ['usr/lib', 'lib'].map((folder) => join(tree, folder, triplet));
  return { command, modules: join(tree, 'usr/lib/proftpd'), libraries: libraries.join(':') };
}

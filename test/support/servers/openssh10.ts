/**
 * An sshd of OpenSSH 10 or newer, for the post-quantum key exchange mlkem768x25519-sha256. Where the system's own is
 * older, the backport of the same Debian release is fetched from the mirror in the machine's apt sources and unpacked
 * into the cache folder. Nothing of it is installed, so the system's sshd stays what it is.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDebian } from './apt.ts';
import { withLock } from './lock.ts';
import { atLeast, describeSshd, findSshd, queryAlgorithms, type SshdProgram } from './openssh.ts';
import { serverCache } from './paths.ts';
import { debianRelease, fetchUnpacked } from './unpacked.ts';

const PACKAGES = ['openssh-server', 'openssh-client', 'openssh-sftp-server'] as const;
const KEX = 'mlkem768x25519-sha256';

let found: Promise<SshdProgram> | undefined;

/** Finds or fetches it; throws with the reason when there is none to be had. */
export function findOpenssh10(log: (line: string) => void = () => {}): Promise<SshdProgram> {
  found ??= locate(log);
  return found;
}

async function locate(log: (line: string) => void): Promise<SshdProgram> {
  const system = await findSshd();
  if (system && atLeast(system, 10, 0)) return system;
  const tree = join(serverCache, `openssh10-${process.arch}`);
  const cached = await fromTree(tree);
  if (cached) return cached;
  if (!isDebian())
    throw new Error('the system has no OpenSSH 10, and it is not Debian, so none can be fetched');
  await mkdir(serverCache, { recursive: true });
  return await withLock('openssh10', async () => {
    const other = await fromTree(tree);
    if (other) return other;
    await fetchUnpacked(tree, `${await debianRelease()}-backports`, PACKAGES, log);
    const fetched = await fromTree(tree);
    if (!fetched) throw new Error('the fetched sshd does not run here (a shared library is missing?)');
    return fetched;
  });
}

async function fromTree(tree: string): Promise<SshdProgram | undefined> {
  const parts = join(tree, 'usr/lib/openssh');
  const config = [
    `SshdSessionPath ${join(parts, 'sshd-session')}`,
    `SshdAuthPath ${join(parts, 'sshd-auth')}`,
  ];
  try {
    const program = await describeSshd(join(tree, 'usr/sbin/sshd'), join(tree, 'usr/bin/ssh'), config);
    if (!program || !atLeast(program, 10, 0)) return undefined;
    return (await queryAlgorithms(program, 'kex')).includes(KEX) ? program : undefined;
  } catch {
    return undefined;
  }
}

/** Green End SFTP server under OpenSSH's sshd: SFTP 3 to 6, written independently of all others. */
import type { OnDemand } from './on-demand.ts';
import { type SshdOptions, startSshd } from './openssh.ts';
import type { RealServer } from './server.ts';

export const GESFTPSERVER: OnDemand = {
  name: 'gesftpserver',
  doc: 'SFTP 3 to 6 by the letter: version-select, text-seek, all attributes',
  packages: ['gesftpserver', 'openssh-server', 'openssh-client'],
  needsRoot: false,
};

const PROGRAM = '/usr/libexec/gesftpserver';

export function startGesftpserver(options: SshdOptions = {}): Promise<RealServer> {
  // It turns names into UTF-8 from the locale's encoding.
  const config = ['SetEnv LC_ALL=C.UTF-8', ...(options.config ?? [])];
  return startSshd({ name: 'gesftpserver', subsystem: PROGRAM, ...options, config });
}

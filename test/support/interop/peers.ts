/** The servers the algorithm rows are proved against, each with everything it has turned on. */

import type { AlgorithmOptions } from '../../../src/index.ts';
import { ASYNCSSH, startAsyncssh } from '../servers/asyncssh.ts';
import { startDropbear } from '../servers/dropbear.ts';
import { LSHD, LSHD_ALGORITHMS, startLshd } from '../servers/lshd.ts';
import type { OnDemand } from '../servers/on-demand.ts';
import { startSshd } from '../servers/openssh.ts';
import { findOpenssh10 } from '../servers/openssh10.ts';
import { PROFTPD, startProftpd } from '../servers/proftpd.ts';
import { findProftpd11 } from '../servers/proftpd11.ts';
import type { RealServer } from '../servers/server.ts';
import { startTinysshd } from '../servers/tinysshd.ts';

export type PeerName =
  | 'openssh'
  | 'openssh10'
  | 'asyncssh'
  | 'proftpd'
  | 'proftpd11'
  | 'dropbear'
  | 'tinysshd'
  | 'lshd';

export interface PeerRow extends OnDemand {
  /** As docs/algorithms.md calls it. */
  readonly title: string;
  /** Logs in by password, and with these where the row under test leaves a choice. */
  readonly algorithms?: AlgorithmOptions;
  start(): Promise<RealServer>;
}

export const PEERS: Record<PeerName, PeerRow> = {
  openssh: {
    name: 'openssh',
    title: 'OpenSSH 9.2',
    doc: "the system's sshd with all its algorithms",
    packages: ['openssh-server', 'openssh-client', 'openssh-sftp-server'],
    needsRoot: false,
    start: () => startSshd({ name: 'interop', allAlgorithms: true }),
  },
  openssh10: {
    name: 'openssh10',
    title: 'OpenSSH 10',
    doc: 'an sshd with mlkem768x25519-sha256',
    packages: ['openssh-server', 'openssh-client'],
    needsRoot: false,
    start: async () => startSshd({ name: 'interop10', program: await findOpenssh10(), allAlgorithms: true }),
  },
  asyncssh: {
    ...ASYNCSSH,
    title: 'asyncssh',
    start: () =>
      startAsyncssh({
        algorithms: 'all',
        hostKeys: ['ed25519', 'rsa', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'dsa', 'ed448'],
      }),
  },
  proftpd: {
    ...PROFTPD,
    title: 'ProFTPD',
    start: () =>
      startProftpd({
        legacyProvider: true,
        compression: 'delayed',
        hostKeys: ['ed25519', 'rsa', 'ecdsa256', 'ecdsa384', 'ecdsa521', 'dsa'],
        ciphers: [
          'aes256-ctr',
          'aes128-ctr',
          'aes256-cbc',
          'aes128-cbc',
          'blowfish-cbc',
          'cast128-cbc',
          '3des-cbc',
        ],
        digests: [
          ...['hmac-sha2-256', 'hmac-sha2-512', 'hmac-sha1', 'hmac-sha1-96', 'hmac-md5', 'hmac-md5-96'],
          ...['hmac-ripemd160', 'umac-64@openssh.com', 'umac-128@openssh.com'],
        ],
        keyExchanges: [
          ...['curve448-sha512', 'curve25519-sha256', 'ecdh-sha2-nistp256', 'diffie-hellman-group18-sha512'],
          ...['diffie-hellman-group14-sha256', 'diffie-hellman-group-exchange-sha256'],
          ...[
            'diffie-hellman-group14-sha1',
            'diffie-hellman-group-exchange-sha1',
            'diffie-hellman-group1-sha1',
          ],
        ],
      }),
  },
  proftpd11: {
    name: 'proftpd11',
    title: 'ProFTPD of Debian 11',
    doc: 'the last one in which 3des-ctr and arcfour work',
    packages: ['openssh-client'],
    needsRoot: true,
    algorithms: {},
    start: async () =>
      startProftpd({
        name: 'interop-proftpd11',
        program: await findProftpd11(),
        hostKeys: ['rsa'],
        ciphers: ['3des-ctr', 'arcfour256', 'arcfour128'],
      }),
  },
  dropbear: {
    name: 'dropbear',
    title: 'Dropbear',
    doc: 'a small second implementation',
    packages: ['dropbear-bin', 'openssh-sftp-server', 'openssh-client'],
    needsRoot: true,
    start: () => startDropbear({ name: 'interop-dropbear' }),
  },
  tinysshd: {
    name: 'tinysshd',
    title: 'TinySSH',
    doc: 'Ed25519 and chacha20-poly1305 only',
    packages: ['tinysshd', 'ucspi-tcp', 'openssh-sftp-server', 'openssh-client'],
    needsRoot: true,
    start: () => startTinysshd({ name: 'interop-tinysshd' }),
  },
  lshd: { ...LSHD, title: 'lshd', algorithms: LSHD_ALGORITHMS, start: () => startLshd() },
};

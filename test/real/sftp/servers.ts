/** The servers of the behaviour table, and what each of them does in its own way. */

import type { AlgorithmOptions } from '../../../src/index.ts';
import { ASYNCSSH, startAsyncssh } from '../../support/servers/asyncssh.ts';
import { GESFTPSERVER, startGesftpserver } from '../../support/servers/gesftpserver.ts';
import { LSHD, LSHD_ALGORITHMS, startLshd } from '../../support/servers/lshd.ts';
import { MINA, startMina } from '../../support/servers/mina.ts';
import type { OnDemand } from '../../support/servers/on-demand.ts';
import { startSshd } from '../../support/servers/openssh.ts';
import { PROFTPD, startProftpd } from '../../support/servers/proftpd.ts';
import { RCLONE, startRclone } from '../../support/servers/rclone.ts';
import type { RealServer } from '../../support/servers/server.ts';

export interface Deviation {
  readonly behaviour: string;
  /** Default: all. */
  readonly versions?: readonly number[];
  /** `fails`: the behaviour does not hold, and the test says when it does one day; `skip`: it is not even tried. */
  readonly outcome: 'fails' | 'skip';
  readonly why: string;
}

export interface ServerRow {
  readonly row: OnDemand;
  readonly start: () => Promise<RealServer>;
  /** Logs in by password with just these algorithms, where the defaults and a key do not do. */
  readonly algorithms?: AlgorithmOptions;
  readonly versions: readonly (3 | 4 | 5 | 6)[];
  /** It shows a folder of its own as `/`. */
  readonly rooted?: boolean;
  readonly deviations: readonly Deviation[];
}

const BAD_NAME = 'a name that is not UTF-8 is fetched, renamed and removed';

const OPENSSH: OnDemand = {
  name: 'openssh',
  doc: 'SFTP version 3 and the extensions of OpenSSH',
  packages: ['openssh-server', 'openssh-client', 'openssh-sftp-server'],
  needsRoot: false,
};

const LSHD_TIMES = 'SETSTAT with times is not supported';
const WHOLE_SECONDS = 'the server keeps whole seconds';
const NO_BAD_NAMES = 'the server knows names only as text of its locale';
const RCLONE_STORE =
  'rclone shows objects of a store: no links, permissions or writes in the middle of a file';

function fails(behaviour: string, why: string, versions?: readonly number[]): Deviation {
  return { behaviour, outcome: 'fails', why, ...(versions === undefined ? {} : { versions }) };
}

export const SERVERS: readonly ServerRow[] = [
  { row: OPENSSH, start: startSshd, versions: [3], deviations: [] },
  {
    row: PROFTPD,
    start: startProftpd,
    versions: [3, 4, 5, 6],
    deviations: [
      fails('a link has its own attributes', 'LSTAT is answered with the attributes of the target'),
      fails('a relative link stays relative', 'LINK makes the target absolute, from the home folder', [6]),
      fails('times are set', 'the access time becomes the time of the request', [4, 5, 6]),
      fails('nanoseconds are kept', WHOLE_SECONDS),
      fails(
        'the hash of a part is computed there',
        'a start and a length together are misread: it is not asked',
      ),
      fails('bytes are locked', 'BLOCK is not supported'),
    ],
  },
  {
    row: GESFTPSERVER,
    start: startGesftpserver,
    versions: [3, 4, 5, 6],
    deviations: [
      fails('nanoseconds are kept', WHOLE_SECONDS),
      fails('bytes are locked', 'BLOCK is not supported'),
      {
        behaviour: BAD_NAME,
        versions: [4, 5, 6],
        outcome: 'skip',
        why: 'a name it cannot turn into UTF-8 ends the server',
      },
    ],
  },
  {
    row: MINA,
    start: startMina,
    versions: [3, 4, 5, 6],
    deviations: [fails(BAD_NAME, NO_BAD_NAMES), fails('nanoseconds are kept', WHOLE_SECONDS)],
  },
  {
    row: ASYNCSSH,
    start: () => startAsyncssh({ sftpVersion: 6 }),
    versions: [3, 4, 5, 6],
    deviations: [
      fails('bytes are locked', 'BLOCK is not supported'),
      fails('the server turns line ends', 'SSH_FXF_TEXT_MODE is refused', [5, 6]),
    ],
  },
  {
    row: LSHD,
    start: startLshd,
    versions: [3],
    algorithms: LSHD_ALGORITHMS,
    deviations: [
      fails('a rename does not replace', 'RENAME replaces'),
      fails('a rename replaces when told to', 'there is no extension at all, posix-rename included'),
      fails('a hard link is the same file', 'there is no extension at all, hardlink included'),
      fails('times are set', LSHD_TIMES),
      fails('attributes written back unchanged change nothing', LSHD_TIMES),
    ],
  },
  {
    row: RCLONE,
    start: startRclone,
    versions: [3],
    rooted: true,
    deviations: [
      ...[
        'an upload replaces, cuts and keeps what is behind a range',
        'a link has its own attributes',
        'a folder is listed with types, without dots',
        'folders are made and go',
        'a folder is made with permissions',
        'a rename does not replace',
        'a symbolic link points where it was told to',
        'a relative link stays relative',
        'a hard link is the same file',
        'permissions are set',
        'times are set',
        'a file is cut',
        'a file that must be new is not replaced',
        'appended bytes come at the end',
      ].map((behaviour) => fails(behaviour, RCLONE_STORE)),
      fails('space is told', 'statvfs is announced and then refused'),
    ],
  },
];

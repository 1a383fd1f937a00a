/** Scenario `roads`: one file through proxies, a jump host and a command, by Wherry and by OpenSSH's sftp in turn. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { getAccount } from '../test/support/servers/account.ts';
import { ensurePackages } from '../test/support/servers/apt.ts';
import { getFixtures } from '../test/support/servers/fixtures.ts';
import { startSshd } from '../test/support/servers/openssh.ts';
import { PROXY_PROGRAMS, type ProxyProgramName } from '../test/support/servers/proxies.ts';
import { CASES, GOAL_ROADS } from './cases.ts';
import type { Direction } from './options.ts';
import { type Job, openSshSettings, PEERS, type Peer, type Way } from './peers.ts';
import type { Entrant, Sample, Session } from './session.ts';
import { spread, summarize, table } from './statistics.ts';

const MIB = 2 ** 20;
/** Larger files would only take longer. */
const MAX_SIZE = 512 * MIB;

/** A way to the server that is open, as each of the two is told it. */
interface OpenRoad {
  readonly way: Way;
  readonly openssh: readonly string[];
  stop(): Promise<void>;
}

interface Road {
  readonly doc: string;
  readonly packages: readonly string[];
  open(session: Session): Promise<OpenRoad>;
}

const NC = 'netcat-openbsd';
const NOTHING = async (): Promise<void> => {};

export const ROADS: Readonly<Record<string, Road>> = {
  // What the road itself costs shows beside it; its goal is that of scenario transfer.
  direct: { doc: 'no proxy', packages: [], open: async () => ({ way: {}, openssh: [], stop: NOTHING }) },
  http: {
    doc: 'HTTP CONNECT through tinyproxy; nc -X connect',
    packages: ['tinyproxy-bin', NC],
    open: (session) => throughProxy(session, 'tinyproxy', 'http', 'connect'),
  },
  socks5: {
    doc: 'SOCKS5 through microsocks; nc -X 5',
    packages: ['microsocks', NC],
    open: (session) => throughProxy(session, 'microsocks', 'socks5', '5'),
  },
  jump: { doc: 'a second sshd; sftp -J', packages: [], open: throughJump },
  command: {
    doc: 'ProxyCommand nc %h %p, both',
    packages: [NC],
    open: async () => ({
      way: { proxy: { command: 'nc %h %p' } },
      openssh: ['-o', 'ProxyCommand=nc %h %p'],
      stop: NOTHING,
    }),
  },
};

async function throughProxy(
  { server }: Session,
  program: ProxyProgramName,
  type: string,
  protocol: string,
): Promise<OpenRoad> {
  const { port, stop } = await PROXY_PROGRAMS[program].start({ server, account: await getAccount() });
  return {
    way: { proxy: { type, host: '127.0.0.1', port } },
    openssh: ['-o', `ProxyCommand=nc -X ${protocol} -x 127.0.0.1:${port} %h %p`],
    stop,
  };
}

async function throughJump({ storage }: Session): Promise<OpenRoad> {
  const fixtures = await getFixtures();
  const hop = await startSshd({ fixtures, name: 'hop', hostKeys: ['ed25519'], logLevel: 'ERROR' });
  const { host, port, user } = hop;
  const line = hop.hostKeys[0]!.publicLine;
  await writeFile(join(storage.folder, KNOWN_HOP), `[${host}]:${port} ${line}\n`);
  return {
    way: { jump: { host, port } },
    openssh: ['-J', `${user}@${host}:${port}`],
    stop: () => hop.stop(),
  };
}

const KNOWN_HOP = 'known_hosts-hop';

export interface RoadResult {
  readonly road: string;
  readonly direction: Direction;
  readonly wherry: readonly Sample[];
  readonly openssh: readonly Sample[];
}

export async function runRoads(session: Session, log: (line: string) => void): Promise<RoadResult[]> {
  const { rounds, directions } = session.options;
  const bytes = Math.min(session.options.size, MAX_SIZE);
  const results: RoadResult[] = [];
  for (const [name, road] of Object.entries(ROADS)) {
    await ensurePackages(road.packages);
    const open = await road.open(session);
    try {
      const pair = await entrants(session, open);
      for (const direction of directions) {
        const samples = pair.map((): Sample[] => []);
        for (let round = 0; round <= rounds; round++) {
          for (const [i, entrant] of pair.entries()) {
            const sample = await session.transfer(entrant, CASES.gcm, direction, bytes, round === 0);
            log(`${name} ${direction} round ${round}: ${entrant.name} ${rate(sample).toFixed(0)} MiB/s`);
            if (round > 0) samples[i]!.push(sample);
          }
        }
        results.push({ road: name, direction, wherry: samples[0]!, openssh: samples[1]! });
      }
    } finally {
      await open.stop();
    }
  }
  console.log(`\n### Roads, ${CASES.gcm.cipher}, ${bytes / MIB} MiB\n\n${report(results, bytes)}`);
  return results;
}

const rate = (sample: Sample): number => sample.bytes / MIB / sample.wall;

/** Wherry and sftp on this road. */
async function entrants(session: Session, { way, openssh }: OpenRoad): Promise<Entrant[]> {
  const config = join(session.storage.folder, 'ssh_config-roads');
  const { keyFile, knownHosts } = session.access;
  const known = `${knownHosts} ${join(session.storage.folder, KNOWN_HOP)}`;
  // A file, because ssh tells the ssh it runs for -J no options of its own.
  await writeFile(
    config,
    `${openSshSettings({ using: CASES.gcm, keyFile, knownHosts: known }).join('\n')}\n`,
  );
  const sftp: Peer = {
    ...PEERS.sftp!,
    command({ direction, local, remote, user, host, port }: Job) {
      const line = direction === 'get' ? `get ${remote} ${local}` : `put ${local} ${remote}`;
      const args = ['-q', '-b', '-', '-F', config, '-P', String(port), ...openssh, `${user}@${host}`];
      return { program: 'sftp', args, input: `${line}\n` };
    },
  };
  const wherry: Peer = { ...PEERS.wherry!, command: (job) => PEERS.wherry!.command({ ...job, way }) };
  const { dist } = session.entrants[0]!;
  return [
    { name: 'wherry', peer: wherry, dist },
    { name: 'sftp', peer: sftp, dist },
  ];
}

function report(results: readonly RoadResult[], bytes: number): string {
  const cpu = (samples: readonly Sample[]): string =>
    spread(
      samples.map((one) => (one.cpu * 1024 * MIB) / bytes),
      2,
    );
  const rows = results.map(({ road, direction, wherry, openssh }) => {
    const ratios = wherry.map((one, round) => rate(one) / rate(openssh[round]!));
    const verdict = summarize(ratios).median >= GOAL_ROADS ? 'reached' : 'missed';
    return [
      `${road} ${direction}: ${ROADS[road]!.doc}`,
      spread(wherry.map(rate)),
      spread(openssh.map(rate)),
      spread(ratios, 2),
      road === 'direct' ? '-' : `>= ${GOAL_ROADS}, ${verdict}`,
      cpu(wherry),
      cpu(openssh),
    ];
  });
  const head = ['road', 'wherry MiB/s', 'sftp MiB/s', 'wherry is x times', 'goal'];
  return table([...head, 'wherry CPU s/GiB', 'sftp CPU s/GiB'], rows);
}

/** Scenario `works`: many small files, long listings, Node streams, many connections, and a long fat road. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CASES, KEX } from './cases.ts';
import type { Command } from './measure.ts';
import { lftp, openSshOptions, rclone } from './peers.ts';
import type { Sample, Session } from './session.ts';
import { spread, table } from './statistics.ts';

const MIB = 2 ** 20;

/** One row of the table: what is done over which road, by whom besides us, and what it is to reach. */
interface Work {
  readonly work: string;
  /** Milliseconds of round trip and Mbit/s of the relay; undefined without one. */
  readonly road?: readonly [roundTrip: number, mbit: number];
  readonly peers?: readonly WorkPeer[];
  /** Empty files, as many as are listed, or a tenth of them; 4 KiB files without it. */
  readonly files?: 'many' | 'tenth';
  readonly goal: string;
}

type WorkPeer = 'sftp' | 'lftp' | 'rclone' | 'ssh2-sftp-client' | 'wherry path to path';

export const WORKS = {
  'small get': {
    work: 'tree get',
    peers: ['sftp', 'lftp', 'rclone', 'ssh2-sftp-client'],
    goal: '>= 2 x sftp -r, >= 1.5 x ssh2-sftp-client',
  },
  'small put': {
    work: 'tree put',
    peers: ['sftp', 'lftp', 'rclone', 'ssh2-sftp-client'],
    goal: '>= 2 x sftp -r, >= 1.5 x ssh2-sftp-client',
  },
  // `sftp -r` takes over 400 s here.
  'small get at 50 ms': { work: 'tree get', road: [50, 0], goal: '<= 8 s' },
  'small put at 50 ms': { work: 'tree put', road: [50, 0], goal: '<= 8 s' },
  'get at 50 ms, 1 Gbit/s': {
    work: 'get',
    road: [50, 1000],
    peers: ['sftp', 'lftp', 'rclone'],
    goal: '>= 90 % of the link, 107 MiB/s; >= 3 x sftp',
  },
  'put at 50 ms, 1 Gbit/s': {
    work: 'put',
    road: [50, 1000],
    peers: ['sftp', 'lftp', 'rclone'],
    goal: '>= 80 % of the link, 95 MiB/s; >= 2.5 x sftp',
  },
  listing: { work: 'list', peers: ['sftp', 'lftp'], goal: '>= 1 x ls -f in sftp' },
  'stream get': { work: 'stream get', peers: ['wherry path to path'], goal: '>= 0.7 x path to path' },
  'stream put': { work: 'stream put', peers: ['wherry path to path'], goal: '>= 0.7 x path to path' },
  connections: { work: 'connections', goal: 'no failure, <= 1.5 MB each' },
  'tree of many': { work: 'tree get', files: 'many', goal: 'peak as for a tenth of it' },
  'tree of a tenth': { work: 'tree get', files: 'tenth', goal: '' },
} as const;
WORKS satisfies Record<string, Work>;

export interface WorkSizes {
  readonly files: number;
  readonly entries: number;
  readonly bytes: number;
  readonly connections: number;
  /** What each of those fetches. */
  readonly connectionBytes: number;
}

/** What a full run does; `--size` under 128 MiB makes a small one of it, to see that all of it runs. */
export function workSizes(size: number): WorkSizes {
  const part = Math.min(1, size / (128 * MIB));
  const count = (whole: number): number => Math.max(10, Math.round(whole * part));
  return {
    files: count(2000),
    entries: count(100_000),
    bytes: Math.min(size, 128 * MIB),
    connections: count(200),
    connectionBytes: Math.min(size, 4 * MIB),
  };
}

export interface WorkResult {
  readonly name: string;
  readonly client: string;
  readonly samples: readonly Sample[];
}

export async function runWorks(session: Session, log: (line: string) => void): Promise<WorkResult[]> {
  const sizes = workSizes(session.options.size);
  const folder = join(session.storage.folder, 'works');
  await mkdir(folder);
  await chmod(folder, 0o777);
  const small = join(folder, 'small');
  const many = join(folder, 'many');
  await fillFolder(small, sizes.files, 4096);
  const tenth = join(folder, 'tenth');
  await fillFolder(many, sizes.entries, 0);
  await fillFolder(tenth, Math.ceil(sizes.entries / 10), 0);
  const sources = {
    many,
    tenth,
    small,
    large: await session.source(sizes.bytes),
    brief: await session.source(sizes.connectionBytes),
  };
  const results: WorkResult[] = [];
  for (const [name, { work, goal, ...more }] of Object.entries(WORKS) as [string, Work][]) {
    const [roundTrip, mbit] = more.road ?? [0, 0];
    await using relay = more.road && (await startRelay(session.access, roundTrip, mbit));
    const access = relay === undefined ? session.access : await through(session, relay.port);
    const source = sources[sourceOf(work, more.files)];
    const target = join(folder, 'target');
    const down = /get|list|connections/.test(work);
    const ends = down ? { local: target, remote: source } : { local: source, remote: target };
    const dist = session.entrants[0]!.dist;
    const told = { ...access, ...ends, count: sizes.connections, dist };
    const clients: Record<string, Command> = { wherry: wherry({ ...told, work }) };
    for (const peer of more.peers ?? []) {
      if (peer !== 'wherry path to path' && !session.options.peers.includes(peer)) continue;
      clients[peer] =
        peer === 'wherry path to path'
          ? wherry({ ...told, work: work.replace('stream ', '') })
          : WORK_PEERS[peer]({ access, ends, work, packages: session.packages });
    }
    const samples: Record<string, Sample[]> = {};
    for (let round = 0; round < session.options.rounds; round++) {
      for (const [client, command] of Object.entries(clients)) {
        await rm(target, { recursive: true, force: true });
        const sample = await session.run(command, sizes.bytes);
        if (work.startsWith('tree')) await countCopies(target, source);
        const setUp = client === 'sftp' ? await session.run(sftp(access, 'nothing', ends), 0) : undefined;
        samples[client] ??= [];
        samples[client].push(
          setUp === undefined ? sample : { ...sample, transfer: sample.wall - setUp.wall },
        );
      }
    }
    for (const [client, all] of Object.entries(samples)) {
      log(`${name}, ${client}: ${all.map(({ wall }) => wall.toFixed(2)).join(' ')} s (goal ${goal})`);
      results.push({ name, client, samples: all });
    }
  }
  await rm(folder, { recursive: true, force: true });
  console.log(
    `\n### Works: ${sizes.files} files of 4 KiB, ${sizes.entries} entries, ${sizes.bytes / MIB} MiB\n`,
  );
  const times = (of: string, client: string, time: (sample: Sample) => number): number[] =>
    results.find((result) => result.name === of && result.client === client)?.samples.map(time) ?? [];
  const ratio = (name: string, client: string, time: (sample: Sample) => number): string => {
    const ours = times(name, 'wherry', time);
    const theirs = times(name, client, time);
    return client === 'wherry' || theirs.length === 0
      ? ''
      : spread(
          theirs.map((one, round) => one / ours[round]!),
          2,
        );
  };
  const whole = ({ wall }: Sample): number => wall;
  const alone = ({ transfer, wall }: Sample): number => transfer ?? wall;
  const row = ({ name, client, samples }: WorkResult): string[] => [
    name,
    client,
    spread(samples.map((sample) => whole(sample) * 1000)),
    ratio(name, client, whole),
    spread(samples.map((sample) => alone(sample) * 1000)),
    samples[0]?.transfer === undefined ? '' : ratio(name, client, alone),
    spread(samples.map(({ peak }) => (peak ?? 0) / 1e6)),
    samples[0]?.idle === undefined
      ? ''
      : spread(
          samples.map(({ idle }) => (idle ?? 0) / 1e6),
          2,
        ),
    WORKS[name as keyof typeof WORKS].goal,
  ];
  console.log(
    table(
      ['work', 'client', 'ms', 'x ours', 'ms without set-up', 'x ours', 'peak MB', 'MB a connection', 'goal'],
      results.map(row),
    ),
  );
  return results;
}

function sourceOf(work: string, files: Work['files']): 'many' | 'tenth' | 'small' | 'large' | 'brief' {
  if (work.startsWith('tree')) return files ?? 'small';
  if (work === 'list') return 'many';
  return work === 'connections' ? 'brief' : 'large';
}

/** The same server behind the relay's port, known by its key there too. */
async function through({ access, storage }: Session, port: number): Promise<Session['access']> {
  const knownHosts = join(storage.folder, 'known_hosts-relay');
  const lines = await readFile(access.knownHosts, 'utf8');
  await writeFile(knownHosts, lines.replaceAll(`]:${access.port} `, `]:${port} `));
  return { ...access, port, knownHosts };
}

async function fillFolder(path: string, count: number, bytes: number): Promise<void> {
  await mkdir(path, { recursive: true });
  const content = Buffer.alloc(bytes, 7);
  for (let i = 0; i < count; i += 100) {
    const names = Array.from({ length: Math.min(100, count - i) }, (_, k) => join(path, `file-${i + k}`));
    await Promise.all(names.map((name) => writeFile(name, content)));
  }
}

function wherry(job: object): Command {
  const told = JSON.stringify({ ...job, kex: KEX, cipher: CASES.gcm.cipher });
  return {
    program: process.execPath,
    args: ['--expose-gc', fileURLToPath(new URL('clients/wherry-work.mjs', import.meta.url)), told],
  };
}

/** Throws unless a folder has as many entries as the one it was copied from. */
async function countCopies(copy: string, source: string): Promise<void> {
  const [expected, actual] = [(await readdir(source)).length, (await readdir(copy)).length];
  if (expected !== actual) throw new Error(`${copy} has ${actual} entries, its source ${expected}`);
}

type Ends = { readonly local: string; readonly remote: string };

/** What OpenSSH's sftp is told for the same. */
const SFTP_LINES: Readonly<Record<string, (ends: Ends) => string>> = {
  get: ({ local, remote }) => `get ${remote} ${local}`,
  put: ({ local, remote }) => `put ${local} ${remote}`,
  'tree get': ({ local, remote }) => `get -r ${remote} ${local}`,
  'tree put': ({ local, remote }) => `mkdir ${remote}\nput -r ${local}/. ${remote}`,
  list: ({ remote }) => `ls -f ${remote}`,
  // What its start, key exchange and login take.
  nothing: () => 'pwd',
};

function sftp(access: Session['access'], work: string, ends: Ends): Command {
  const args = [
    '-q',
    '-b',
    '-',
    ...openSshOptions({ ...access, using: CASES.gcm }),
    `${access.user}@${access.host}`,
  ];
  return { program: 'sftp', args, input: `${SFTP_LINES[work]!(ends)}\n` };
}

interface PeerJob {
  readonly access: Session['access'];
  readonly ends: Ends;
  readonly work: string;
  readonly packages: string;
}

/** How each peer is started for a work that it is compared in. */
const WORK_PEERS: Readonly<Record<Exclude<WorkPeer, 'wherry path to path'>, (job: PeerJob) => Command>> = {
  sftp: ({ access, work, ends }) => sftp(access, work, ends),
  lftp: ({ access, work, ends: { local, remote } }) => {
    const lines: Readonly<Record<string, string>> = {
      get: `get ${remote} -o ${local}`,
      put: `put ${local} -o ${remote}`,
      'tree get': `mirror --parallel=8 ${remote} ${local}`,
      'tree put': `mirror -R --parallel=8 ${local} ${remote}`,
      list: `cls -1 ${remote}/`,
    };
    return lftp(access, CASES.gcm, lines[work]!);
  },
  rclone: ({ access, work, ends: { local, remote } }) =>
    rclone(access, (there) => {
      const [from, to] = work.endsWith('get') ? [`${there}${remote}`, local] : [local, `${there}${remote}`];
      return work.startsWith('tree') ? ['copy', '--transfers=8', from, to] : ['copyto', from, to];
    }),
  'ssh2-sftp-client': ({ access, work, ends, packages }) => {
    const direction = work.endsWith('get') ? 'get' : 'put';
    const job = { ...access, ...ends, direction, tree: true, packages, kex: KEX, cipher: CASES.gcm.cipher };
    return {
      program: process.execPath,
      args: [fileURLToPath(new URL('clients/ssh2-sftp-client.mjs', import.meta.url)), JSON.stringify(job)],
    };
  },
};

async function startRelay(
  { host, port }: Session['access'],
  roundTrip: number,
  mbit: number,
): Promise<{ port: number } & AsyncDisposable> {
  const relay = fileURLToPath(new URL('relay.ts', import.meta.url));
  const args = ['--import', 'tsx', relay, host, String(port), String(roundTrip), String(mbit)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    port: Number(line),
    async [Symbol.asyncDispose]() {
      child.kill();
      await closed;
    },
  };
}

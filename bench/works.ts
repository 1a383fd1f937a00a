/** Scenario `works`: many small files, long listings, Node streams, many connections, and a long fat road. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CASES, KEX } from './cases.ts';
import type { Command } from './measure.ts';
import { openSshOptions } from './peers.ts';
import type { Sample, Session } from './session.ts';
import { spread, table } from './statistics.ts';

const MIB = 2 ** 20;

/** One row of the table: what is done over which road, and what it is to reach. */
interface Work {
  readonly work: string;
  /** Milliseconds of round trip and Mbit/s of the relay; undefined without one. */
  readonly road?: readonly [roundTrip: number, mbit: number];
  readonly goal: string;
}

export const WORKS = {
  'small get': { work: 'tree get', goal: '>= 2 x sftp -r' },
  'small put': { work: 'tree put', goal: '>= 2 x sftp -r' },
  'small get at 50 ms': { work: 'tree get', road: [50, 0], goal: '<= 8 s' },
  'small put at 50 ms': { work: 'tree put', road: [50, 0], goal: '<= 8 s' },
  'get at 50 ms, 1 Gbit/s': { work: 'get', road: [50, 1000], goal: '>= 90 % of the link, 107 MiB/s' },
  'put at 50 ms, 1 Gbit/s': { work: 'put', road: [50, 1000], goal: '>= 80 % of the link, 95 MiB/s' },
  listing: { work: 'list', goal: '>= 1 x ls -f in sftp' },
  'stream get': { work: 'stream get', goal: '>= 0.7 x path to path' },
  'stream put': { work: 'stream put', goal: '>= 0.7 x path to path' },
  connections: { work: 'connections', goal: 'no failure, <= 1.5 MB each' },
} as const;
WORKS satisfies Record<string, Work>;

export interface WorkSizes {
  readonly files: number;
  readonly entries: number;
  readonly bytes: number;
  readonly connections: number;
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
  await fillFolder(many, sizes.entries, 0);
  const large = await session.source(sizes.bytes);
  const results: WorkResult[] = [];
  for (const [name, { work, goal, ...more }] of Object.entries(WORKS) as [string, Work][]) {
    const [roundTrip, mbit] = more.road ?? [0, 0];
    await using relay = more.road && (await startRelay(session.access, roundTrip, mbit));
    const access = relay === undefined ? session.access : await through(session, relay.port);
    const source = work.startsWith('tree') ? small : work === 'list' ? many : large;
    const target = join(folder, 'target');
    const down = /get|list|connections/.test(work);
    const ends = down ? { local: target, remote: source } : { local: source, remote: target };
    const slow = work.startsWith('tree') && more.road !== undefined;
    const clients: Record<string, Command> = {
      wherry: wherry({ ...access, ...ends, work, count: sizes.connections, dist: session.entrants[0]!.dist }),
      ...(slow || !(work in SFTP_LINES) ? {} : { sftp: sftp(access, work, ends) }),
    };
    for (const [client, command] of Object.entries(clients)) {
      const samples: Sample[] = [];
      for (let round = 0; round < session.options.rounds; round++) {
        await rm(target, { recursive: true, force: true });
        samples.push(await session.run(command, sizes.bytes));
      }
      log(`${name}, ${client}: ${samples.map(({ wall }) => wall.toFixed(2)).join(' ')} s (goal ${goal})`);
      results.push({ name, client, samples });
    }
  }
  await rm(folder, { recursive: true, force: true });
  console.log(
    `\n### Works: ${sizes.files} files of 4 KiB, ${sizes.entries} entries, ${sizes.bytes / MIB} MiB\n`,
  );
  const row = ({ name, client, samples }: WorkResult): string[] => [
    name,
    client,
    spread(samples.map(({ wall }) => wall * 1000)),
    spread(samples.map(({ transfer, wall }) => (transfer ?? wall) * 1000)),
    spread(samples.map(({ peak }) => (peak ?? 0) / 1e6)),
    WORKS[name as keyof typeof WORKS].goal,
  ];
  console.log(table(['work', 'client', 'ms', 'ms without set-up', 'peak MB', 'goal'], results.map(row)));
  return results;
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
    args: [fileURLToPath(new URL('clients/wherry-work.mjs', import.meta.url)), told],
  };
}

type Ends = { readonly local: string; readonly remote: string };

/** What OpenSSH's sftp is told for the same. */
const SFTP_LINES: Readonly<Record<string, (ends: Ends) => string>> = {
  get: ({ local, remote }) => `get ${remote} ${local}`,
  put: ({ local, remote }) => `put ${local} ${remote}`,
  'tree get': ({ local, remote }) => `get -r ${remote} ${local}`,
  'tree put': ({ local, remote }) => `mkdir ${remote}\nput -r ${local}/. ${remote}`,
  list: ({ remote }) => `ls -f ${remote}`,
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

/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';
import { CASES, type CaseName } from './cases.ts';
import { PEERS } from './peers.ts';

export type Direction = 'get' | 'put';
export type Scenario = 'transfer' | 'memory' | 'startup' | 'roundtrips' | 'works' | 'roads';

const SCENARIOS: readonly Scenario[] = ['transfer', 'memory', 'startup', 'roundtrips', 'works', 'roads'];

/** Another build of Wherry, to be measured beside the one in the checkout. */
export interface OtherBuild {
  readonly name: string;
  readonly dist: string;
}

export interface BenchOptions {
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly size: number;
  readonly cases: readonly CaseName[];
  readonly directions: readonly Direction[];
  readonly peers: readonly string[];
  readonly dist: string | undefined;
  readonly others: readonly OtherBuild[];
  /** Seconds. */
  readonly wait: number;
  readonly json: string | undefined;
}

const HELP = `npm run bench -- [scenario ...] [options]

Wherry against other SFTP clients, all with the same sshd on loopback and files in memory.

Scenarios (default: transfer; "all" for every one)
  transfer  get and put of one file by every client in turn, round after round
  memory    peak memory of Wherry for a 256 MiB and a 4 GiB file
  startup   from the start of the command line client to its first packet, against node -e 0
  roundtrips  round trips to a ready SFTP session through a delaying relay, OpenSSH's figure beside it
  works     many small files, listings, Node streams, many connections, 50 ms at 1 Gbit/s; less with --size below 128M
  roads     one file through proxies, a jump host and a command, by Wherry and by OpenSSH's sftp in turn

Options
  --rounds N        rounds that count, after one that does not (default 5)
  --size SIZE       bytes of the file, as in 512M or 1G (default 1G); slow clients get less, which is printed
  --cipher LIST     of ${Object.keys(CASES).join(', ')} (default all)
  --only get|put    one direction
  --peer LIST       of ${Object.keys(PEERS).join(', ')} (default all; wherry is always there)
  --dist FOLDER     measure this build of Wherry instead of compiling src/ afresh
  --also NAME=DIST  measure another build of Wherry too; may be given more than once
  --wait SECONDS    before every run wait until nobody else is busy, but no longer than this (default 0)
  --json FILE       write every sample
  --help            this text

ssh2 and ssh2-sftp-client are no dependencies of the project: the first run installs them, in fixed versions and
without install scripts, into .cache/bench/peers.`;

/** Undefined after --help, which is printed here. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string', default: '5' },
      size: { type: 'string', default: '1G' },
      cipher: { type: 'string' },
      only: { type: 'string' },
      peer: { type: 'string' },
      dist: { type: 'string' },
      also: { type: 'string', multiple: true },
      wait: { type: 'string', default: '0' },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return undefined;
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds ${values.rounds}: a count from 1`);
  return {
    scenarios: positionals.includes('all')
      ? SCENARIOS
      : chosen('scenario', positionals.join(','), SCENARIOS, ['transfer']),
    rounds,
    size: parseSize(values.size),
    cases: chosen('--cipher', values.cipher, Object.keys(CASES) as CaseName[]),
    directions: chosen('--only', values.only, ['get', 'put']),
    peers: chosen('--peer', values.peer, Object.keys(PEERS)),
    dist: values.dist,
    others: (values.also ?? []).map(parseBuild),
    wait: Number(values.wait),
    json: values.json,
  };
}

function chosen<T extends string>(
  option: string,
  list: string | undefined,
  known: readonly T[],
  otherwise: readonly T[] = known,
): readonly T[] {
  if (list === undefined || list === '') return otherwise;
  return list.split(',').map((name) => {
    const found = known.find((one) => one === name);
    if (found === undefined) throw new Error(`${option}: ${name} is none of ${known.join(', ')}`);
    return found;
  });
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

function parseSize(text: string): number {
  const [, count, unit = ''] = /^(\d+)([KMG]?)$/.exec(text) ?? [];
  const size = Number(count) * UNITS[unit]!;
  if (!Number.isSafeInteger(size) || size < 1) throw new Error(`--size ${text}: such as 64M or 1G`);
  return size;
}

function parseBuild(text: string): OtherBuild {
  const [, name, dist] = /^([\w.-]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || dist === undefined) throw new Error(`--also ${text}: NAME=FOLDER`);
  return { name, dist };
}

/** Scenario `transfer`: every client in turn, round after round. */
import {
  type BenchCase,
  CASES,
  type CaseName,
  caseTitle,
  FASTEST_PEERS,
  GOAL_CPU,
  GOAL_FASTEST,
  GOAL_SCP,
  GOAL_SSH2_GET,
} from './cases.ts';
import type { Direction } from './options.ts';
import type { Entrant, Sample, Session } from './session.ts';
import { spread, summarize, table } from './statistics.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** What one client did in one case; `samples[i]` is of round i. */
export interface Series {
  readonly name: string;
  readonly bytes: number;
  readonly samples: Sample[];
}

export interface TransferResult {
  readonly case: CaseName;
  readonly direction: Direction;
  readonly series: readonly Series[];
}

/** `keep` gets what there is so far after every case. */
export async function runTransfers(
  session: Session,
  log: (line: string) => void,
  keep: (results: readonly TransferResult[]) => Promise<void>,
): Promise<void> {
  const results: TransferResult[] = [];
  for (const name of session.options.cases) {
    for (const direction of session.options.directions) {
      const series = await runCase(session, name, direction, log);
      results.push({ case: name, direction, series });
      await keep(results);
      console.log(`\n${caseTables(name, direction, series)}`);
    }
  }
  console.log(`\n${goals(results)}`);
}

async function runCase(
  session: Session,
  name: CaseName,
  direction: Direction,
  log: (line: string) => void,
): Promise<Series[]> {
  const { rounds, size } = session.options;
  const entrants = session.entrants.filter(({ peer }) => peer.cases?.includes(name) ?? true);
  const series = entrants.map(({ name: who, peer }) => ({
    name: who,
    bytes: Math.min(size, peer.maxSize?.[direction] ?? size),
    samples: [] as Sample[],
  }));
  const once = async (entrant: Entrant, one: Series, round: number): Promise<void> => {
    const sample = await session.transfer(entrant, CASES[name], direction, one.bytes, round === 0);
    const rate = (one.bytes / MIB / sample.wall).toFixed(0);
    const others = sample.others === undefined ? '' : `, others ${(sample.others * 100).toFixed(0)} %`;
    log(
      `${name} ${direction} ${round === 0 ? 'warm-up' : `round ${round}`}: ${entrant.name} ${rate} MiB/s${others}`,
    );
    if (round > 0) one.samples.push(sample);
  };
  for (let round = 0; round <= rounds; round++) {
    // Another one begins each round: who runs behind whom shows.
    for (const place of entrants.keys()) {
      const i = (place + round) % entrants.length;
      const entrant = entrants[i]!;
      if (round <= (entrant.peer.maxRounds ?? rounds)) await once(entrant, series[i]!, round);
    }
  }
  return series;
}

const rate = (sample: Sample): number => sample.bytes / MIB / sample.wall;

function ratios(ours: Series, theirs: Series): number[] {
  return theirs.samples.map((sample, round) => rate(ours.samples[round]!) / rate(sample));
}

function caseTables(name: CaseName, direction: Direction, series: readonly Series[]): string {
  const ours = series[0]!;
  const rows = series.map((one) => {
    const { samples, bytes } = one;
    /** Of the samples that know it. */
    const column = (of: (sample: Sample) => number | undefined, digits: number): string => {
      const known = samples.map(of).filter((value) => value !== undefined);
      return known.length === 0 ? '-' : spread(known, digits);
    };
    const times = (value: number | undefined, factor: number): number | undefined => value && value * factor;
    return [
      one.name,
      `${samples.length} x ${bytes / MIB}`,
      column(rate, 0),
      one === ours ? '1' : spread(ratios(ours, one), 2),
      column(({ transfer }) => transfer && bytes / MIB / transfer, 0),
      column(({ setup }) => times(setup, 1000), 0),
      column(({ cpu }) => times(cpu, GIB / bytes), 2),
      column(({ serverCpu }) => times(serverCpu, GIB / bytes), 2),
      column(({ peak }) => times(peak, 1e-6), 0),
      column(({ others }) => times(others, 100), 0),
    ];
  });
  const head = [
    ...['client', 'runs x MiB', 'MiB/s', 'wherry is x times', 'transfer alone MiB/s', 'set-up ms'],
    ...['CPU s/GiB', 'server CPU s/GiB', 'peak MB', 'others %'],
  ];
  return `### ${caseTitle(CASES[name])}, ${direction}\n\n${table(head, rows)}`;
}

/** What was to be reached against what was. */
function goals(results: readonly TransferResult[]): string {
  const rows = results.flatMap(({ case: name, direction, series }) => {
    const against = (peer: string, goal: number, client = 'wherry'): string[][] => {
      const ours = series.find((one) => one.name === client);
      const theirs = series.find((one) => one.name === peer);
      if (ours === undefined || theirs === undefined) return [];
      const { median } = summarize(ratios(ours, theirs));
      const verdict = median >= goal ? 'reached' : 'missed';
      return [[`${name} ${direction} ${client} / ${peer}`, `>= ${goal}`, median.toFixed(2), verdict]];
    };
    const row: BenchCase = CASES[name];
    const median = (of: string, value: (sample: Sample) => number): number | undefined => {
      const one = series.find((series) => series.name === of);
      return one && summarize(one.samples.map(value)).median;
    };
    const best = FASTEST_PEERS.map((peer) => ({ peer, rate: median(peer, rate) ?? 0 })).reduce(
      (one, other) => (other.rate > one.rate ? other : one),
    );
    const perGib = (sample: Sample): number => (sample.cpu * GIB) / sample.bytes;
    const [ours, theirs] = [median('wherry', perGib), median('sftp', perGib)];
    const cpu =
      direction === 'get' && ours !== undefined && theirs !== undefined
        ? [
            [
              `${name} get CPU seconds a GiB, wherry / sftp`,
              `<= ${GOAL_CPU}`,
              (ours / theirs).toFixed(2),
              ours / theirs <= GOAL_CPU ? 'reached' : 'missed',
            ],
          ]
        : [];
    return [
      ...(name === 'gcm' && best.rate > 0 ? against(best.peer, GOAL_FASTEST) : []),
      ...cpu,
      ...against('sftp', row.goal),
      ...(direction === 'get' ? against('ssh2-fast', GOAL_SSH2_GET) : []),
      ...against('scp', GOAL_SCP, 'wherry-scp'),
    ];
  });
  return table(['ratio of throughputs', 'goal', 'median', ''], rows);
}

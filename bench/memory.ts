/** Scenario `memory`: what Wherry's process needs at most must not grow with the file. */
import { CASES, GOAL_PEAK_MB } from './cases.ts';
import type { Direction } from './options.ts';
import type { Sample, Session } from './session.ts';
import { spread, table } from './statistics.ts';
import { roomIn } from './storage.ts';

const MIB = 2 ** 20;
const SIZES = [256 * MIB, 4096 * MIB];
const RUNS = 3;
/** Left for the server, the clients and everybody else. */
const RESERVE = 1024 * MIB;

export interface MemoryResult {
  readonly direction: Direction;
  readonly bytes: number;
  readonly samples: readonly Sample[];
}

export async function runMemory(session: Session, log: (line: string) => void): Promise<MemoryResult[]> {
  const results: MemoryResult[] = [];
  const wherry = session.entrants[0]!;
  for (const wanted of SIZES) {
    const bytes = Math.min(wanted, Math.floor((roomIn(session.storage) - RESERVE) / 2 / MIB) * MIB);
    if (bytes < wanted) log(`memory: room for ${bytes / MIB} MiB only`);
    for (const direction of session.options.directions) {
      const samples: Sample[] = [];
      for (let run = 0; run < RUNS; run++) {
        const sample = await session.transfer(wherry, CASES.gcm, direction, bytes, false);
        log(`memory ${direction} ${bytes / MIB} MiB: ${(sample.peak! / 1e6).toFixed(0)} MB`);
        samples.push(sample);
      }
      await session.dropTarget(direction);
      results.push({ direction, bytes, samples });
    }
    await session.dropSource(bytes);
  }
  console.log(`\n### Peak memory of Wherry, ${CASES.gcm.cipher} (goal: under ${GOAL_PEAK_MB} MB)\n`);
  const row = ({ direction, bytes, samples }: MemoryResult): string[] => [
    direction,
    String(bytes / MIB),
    spread(samples.map(({ peak }) => peak! / 1e6)),
    spread(samples.map(({ wall }) => bytes / MIB / wall)),
  ];
  console.log(table(['', 'MiB', 'peak MB', 'MiB/s'], results.map(row)));
  return results;
}

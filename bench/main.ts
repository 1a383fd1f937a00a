/** `npm run bench`: see --help. */
import { writeFile } from 'node:fs/promises';
import { describeMachine, machineLines } from './machine.ts';
import { runMemory } from './memory.ts';
import { readOptions, type Scenario } from './options.ts';
import { packageVersions } from './packages.ts';
import { PEERS } from './peers.ts';
import { runRoads } from './roads.ts';
import { runRoundTrips } from './round-trips.ts';
import { Session } from './session.ts';
import { runStartup } from './startup.ts';
import { runTransfers } from './transfer.ts';
import { runWorks } from './works.ts';

const log = (line: string): void => {
  process.stderr.write(`  ${line}\n`);
};

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return;
  const session = await Session.start(options, log);
  try {
    const machine = await describeMachine();
    const { storage, server, entrants } = session;
    const place = storage.inMemory
      ? 'in memory (tmpfs)'
      : 'in the folder for temporary files, maybe on a disk';
    console.log(
      [
        ...machineLines(machine),
        `server ${server.software} on loopback, internal-sftp; files ${place}`,
        ...entrants.map(
          ({ name, peer }) => `${name}: ${PEERS[name] === peer ? peer.doc : 'another build of Wherry'}`,
        ),
        ...(entrants.some(({ peer }) => peer.needsPackages) ? [packageVersions()] : []),
        'MiB/s and ratios are of whole processes, start and connection included; medians (least–most)',
      ].join('\n'),
    );
    const { scenarios, json } = options;
    const results: Record<string, unknown> = { machine, server: server.software, options };
    /** After every step, so that a run that is cut short is not lost. */
    const keep = async (scenario: Scenario, result: unknown): Promise<void> => {
      results[scenario] = result;
      if (json !== undefined) await writeFile(json, `${JSON.stringify(results, undefined, 2)}\n`);
    };
    if (scenarios.includes('transfer')) await runTransfers(session, log, (so) => keep('transfer', so));
    if (scenarios.includes('memory')) await keep('memory', await runMemory(session, log));
    if (scenarios.includes('roundtrips')) await keep('roundtrips', await runRoundTrips(session));
    if (scenarios.includes('works')) await keep('works', await runWorks(session, log));
    if (scenarios.includes('roads')) await keep('roads', await runRoads(session, log));
    if (scenarios.includes('startup')) await keep('startup', await runStartup(session, log));
  } finally {
    await session.stop();
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});

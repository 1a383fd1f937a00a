/** Scenario `roundtrips`: how often the line is gone up and down before SFTP is ready, through a delaying relay. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Wherry from '../src/index.ts';
import { delayingRelay } from '../test/support/relay/delaying-relay.ts';
import { run } from '../test/support/servers/run.ts';
import { GOAL_ROUND_TRIPS, KEX } from './cases.ts';
import type { Session } from './session.ts';
import { table } from './statistics.ts';

/** Milliseconds in each direction: 50 there and back. */
const LATENCY_MS = 25;

export interface RoundTrips {
  /** Up to a session that can be asked for a file. */
  readonly wherry: number;
  readonly wherryMs: number;
  /** Of a whole `sftp -b` with nothing to do, its REALPATH included. */
  readonly openssh: number;
  readonly opensshMs: number;
}

export async function runRoundTrips(session: Session): Promise<RoundTrips> {
  const wherry = await withWherry(session);
  const openssh = await withOpenSsh(session);
  const verdict = wherry.trips <= GOAL_ROUND_TRIPS ? 'reached' : 'missed';
  const cells = ({ trips, ms }: Counted): string[] => [String(trips), ms.toFixed(0)];
  console.log(`\n### Round trips to a ready SFTP session, ${2 * LATENCY_MS} ms each\n`);
  console.log(
    table(
      ['', 'round trips', 'ms'],
      [
        [`Wherry (goal: at most ${GOAL_ROUND_TRIPS}, ${verdict})`, ...cells(wherry)],
        ["OpenSSH's sftp -b, start to end", ...cells(openssh)],
      ],
    ),
  );
  return { wherry: wherry.trips, wherryMs: wherry.ms, openssh: openssh.trips, opensshMs: openssh.ms };
}

interface Counted {
  readonly trips: number;
  readonly ms: number;
}

async function withWherry({ access, entrants }: Session): Promise<Counted> {
  const main = pathToFileURL(join(entrants[0]!.dist, 'index.js')).href;
  const { connect, fingerprints, openSftp } = (await import(main)) as typeof Wherry;
  const privateKey = await readFile(access.keyFile);
  await using relay = await delayingRelay(access.port, LATENCY_MS);
  const began = performance.now();
  const ssh = await connect({
    host: relay.host,
    port: relay.port,
    username: access.user,
    privateKey,
    trust: fingerprints([access.fingerprint]),
    algorithms: { kex: [KEX] },
  });
  await openSftp(ssh);
  const counted = { trips: relay.heard(), ms: performance.now() - began };
  await ssh.close();
  return counted;
}

async function withOpenSsh({ access, storage }: Session): Promise<Counted> {
  await using relay = await delayingRelay(access.port, LATENCY_MS);
  const knownHosts = join(storage.folder, 'known_hosts-relay');
  const lines = await readFile(access.knownHosts, 'utf8');
  await writeFile(knownHosts, lines.replaceAll(`]:${access.port} `, `]:${relay.port} `));
  const options = [
    'BatchMode=yes',
    'IdentitiesOnly=yes',
    'IdentityAgent=none',
    'GlobalKnownHostsFile=none',
    `UserKnownHostsFile=${knownHosts}`,
    `KexAlgorithms=${KEX}`,
  ];
  const began = performance.now();
  await run('sftp', [
    ...['-q', '-b', '/dev/null', '-F', 'none', '-i', access.keyFile, '-P', String(relay.port)],
    ...options.flatMap((option) => ['-o', option]),
    `${access.user}@${relay.host}`,
  ]);
  return { trips: relay.heard(), ms: performance.now() - began };
}

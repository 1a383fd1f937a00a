/** Scenario `startup`: how long the command line client takes to its first packet, beyond what Node takes to start. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { GOAL_STARTUP_MS } from './cases.ts';
import type { Session } from './session.ts';
import { spread, summarize, table } from './statistics.ts';

const RUNS = 15;

/** All in ms. */
export interface StartupResult {
  readonly node: readonly number[];
  readonly firstPacket: readonly number[];
  readonly more: number;
}

export async function runStartup(
  session: Session,
  log: (line: string) => void,
): Promise<StartupResult | undefined> {
  const main = join(session.entrants[0]!.dist, 'cli', 'main.js');
  if (!existsSync(main)) {
    console.log('\nstartup: skipped, this build has no cli/main.js');
    return undefined;
  }
  const node: number[] = [];
  const firstPacket: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const bare = await processTime(['-e', '0']);
    const packet = await timeToFirstPacket(session, main);
    // The first of each reads the files from disk.
    if (run === 0) continue;
    node.push(bare);
    firstPacket.push(packet);
    log(`startup ${run}: node -e 0 ${bare.toFixed(0)} ms, first packet ${packet.toFixed(0)} ms`);
  }
  const more = summarize(firstPacket).median - summarize(node).median;
  const verdict = more < GOAL_STARTUP_MS ? 'reached' : 'missed';
  console.log('\n### Start-up of the command line client\n');
  console.log(
    table(
      ['', 'ms'],
      [
        ['node -e 0, start to end', spread(node)],
        ['start to first packet', spread(firstPacket)],
        [`difference of medians (goal: under ${GOAL_STARTUP_MS}, ${verdict})`, more.toFixed(0)],
      ],
    ),
  );
  return { node, firstPacket, more };
}

function processTime(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [...args], { stdio: 'ignore' });
    child.on('error', reject);
    child.on('exit', () => resolve(performance.now() - began));
  });
}

/** A listener that takes the time of the first byte, and hangs up. */
async function timeToFirstPacket(session: Session, main: string): Promise<number> {
  const { user, keyFile, knownHosts } = session.access;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `sftp://${user}@127.0.0.1:${port}/file`;
  const target = join(session.storage.folder, 'startup');
  const options = ['-i', keyFile, '--known-hosts', knownHosts, '--quiet'];
  try {
    const began = performance.now();
    const child = spawn(process.execPath, [main, 'get', ...options, url, target], { stdio: 'pipe' });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    let took: number | undefined;
    server.on('connection', (socket) => {
      socket.on('error', () => {});
      socket.once('data', () => {
        took = performance.now() - began;
        socket.destroy();
      });
    });
    await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
    if (took === undefined) throw new Error(`no packet from ${main}: ${said}`);
    return took;
  } finally {
    server.close();
  }
}

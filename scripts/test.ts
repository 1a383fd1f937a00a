/**
 * `npm test [-- filter...]`: runs test/**\/*.test.ts, or the files whose path holds one of the filters. For the folders below
 * it starts real SSH servers first and stops them afterwards, whatever happens in between, and bundles the command line.
 * The last line on stdout is `tests: N passed, N failed, N skipped`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { type BundledCommand, bundleCommand } from '../test/support/command-line.ts';
import { isCi, SERVERS_VARIABLE } from '../test/support/servers/environment.ts';
import { projectRoot } from '../test/support/servers/paths.ts';
import { killTree } from '../test/support/servers/process-tree.ts';
import { SERVER_NAMES, type StartedServers, startServers } from '../test/support/servers/registry.ts';
import { addCounts, type Counts, countsOf, NO_COUNTS } from '../test/support/servers/tap-counts.ts';

const FOLDERS_WITH_SERVERS = ['test/real/', 'test/cli/', 'test/docs/', 'test/runtimes/', 'test/package/'];
const FOLDERS_WITH_COMMAND = ['test/cli/', 'test/hostile/', 'test/secrets/', 'test/server/'];
/** `WHERRY_TEST_MINUTES=60` gives longer forms of tests their time. */
const MINUTES = Number(process.env.WHERRY_TEST_MINUTES ?? 0);
/** Milliseconds for one test file (Node 20 knows no limit per test), and for all of them. */
const FILE_LIMIT = Math.max(5, MINUTES) * 60_000;
const TOTAL_LIMIT = Math.max(40, MINUTES) * 60_000;
const CONCURRENCY = 3;

let stopRequested: NodeJS.Signals | undefined;
let testRun: number | undefined;

process.exitCode = await main(process.argv.slice(2));

async function main(filters: readonly string[]): Promise<number> {
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => interrupt(name));
  const files = selectFiles(filters);
  if (files.length === 0) say(`no test file${filters.length > 0 ? ` matches ${filters.join(', ')}` : ''}`);
  const anyIn = (folders: readonly string[]): boolean =>
    files.some((file) => folders.some((folder) => file.startsWith(folder)));
  let command: BundledCommand | undefined;
  let servers: StartedServers | undefined;
  let counts = NO_COUNTS;
  let trouble: string[] = [];
  try {
    if (anyIn(FOLDERS_WITH_COMMAND)) command = await bundleCommand();
    if (anyIn(FOLDERS_WITH_SERVERS))
      servers = await startServers(SERVER_NAMES, (line) => say(`servers: ${line}`));
    if (files.length > 0 && !stopRequested) ({ counts, trouble } = await runTests(files, servers, command));
  } finally {
    await servers?.stop();
    await command?.[Symbol.asyncDispose]();
  }
  for (const line of trouble) say(line);
  if (servers) sayServers(servers);
  if (stopRequested) say(`stopped by ${stopRequested}`);
  say(`tests: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
  const ran = counts.passed + counts.failed > 0;
  const serverMissing = isCi() && (servers?.missing.length ?? 0) > 0;
  return counts.failed > 0 || !ran || trouble.length > 0 || serverMissing || stopRequested ? 1 : 0;
}

function selectFiles(filters: readonly string[]): string[] {
  return readdirSync(join(projectRoot, 'test'), { recursive: true, encoding: 'utf8' })
    .map((name) => `test/${name.split(sep).join('/')}`)
    .filter((name) => name.endsWith('.test.ts') && !name.startsWith('test/support/'))
    .filter((name) => filters.length === 0 || filters.some((filter) => name.includes(filter)))
    .sort();
}

interface Outcome {
  counts: Counts;
  /** Reasons for a failure that no test reports. */
  trouble: string[];
}

async function runTests(
  files: readonly string[],
  servers: StartedServers | undefined,
  command: BundledCommand | undefined,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'wherry-tests-'));
  const tapFile = join(folder, 'tap');
  try {
    const ended = await spawnRunner(files, tapFile, servers, command);
    const { counts, emptyFiles, complete } = countsOf(readFileSync(tapFile, 'utf8'), files, projectRoot);
    const trouble = emptyFiles.map((file) => `no test in ${file}`);
    if (ended.late) trouble.push(`the tests did not end within ${TOTAL_LIMIT / 60_000} minutes`);
    else if (!complete && !stopRequested) trouble.push('the test runner ended without a summary');
    else if (ended.code !== 0 && counts.failed === 0 && !stopRequested)
      trouble.push(`the test runner ended with exit code ${ended.code}`);
    // A run that broke off has failed even if no single test did.
    return { counts: complete ? counts : addCounts(counts, { passed: 0, failed: 1, skipped: 0 }), trouble };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function spawnRunner(
  files: readonly string[],
  tapFile: string,
  servers: StartedServers | undefined,
  command: BundledCommand | undefined,
): Promise<{ code: number | null; late: boolean }> {
  const env = { ...process.env, ...command?.env };
  delete env.NODE_TEST_CONTEXT;
  delete env[SERVERS_VARIABLE];
  if (servers?.environment) env[SERVERS_VARIABLE] = JSON.stringify(servers.environment);
  const args = [
    ...['tsx', './test/support/leaks/preload.ts', './test/support/poison.ts'].flatMap((file) => [
      '--import',
      file,
    ]),
    '--test',
    ...[`--test-concurrency=${CONCURRENCY}`, `--test-timeout=${FILE_LIMIT}`],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...['--test-reporter=tap', `--test-reporter-destination=${tapFile}`],
    ...files,
  ];
  return new Promise((resolve, reject) => {
    // A group of its own, so that Ctrl-C comes to us only and the order of things at the end is ours.
    const child = spawn(process.execPath, args, { cwd: projectRoot, env, stdio: 'inherit', detached: true });
    testRun = child.pid;
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      endTestRun();
    }, TOTAL_LIMIT);
    const settle = (): void => {
      clearTimeout(timer);
      testRun = undefined;
    };
    child.once('error', (error) => {
      settle();
      reject(error);
    });
    child.once('close', (code) => {
      settle();
      resolve({ code, late });
    });
  });
}

function interrupt(name: NodeJS.Signals): void {
  stopRequested ??= name;
  endTestRun();
}

function endTestRun(): void {
  if (testRun !== undefined) void killTree(testRun);
}

function sayServers({ servers, missing }: StartedServers): void {
  const had = servers.map(({ name, version }) => `${name} (${version})`).sort();
  say(`\nreal servers: ${had.length > 0 ? had.join(', ') : 'none'}`);
  for (const { name, reason } of missing)
    say(`real server ${isCi() ? 'MISSING' : 'skipped'}: ${name}: ${reason}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

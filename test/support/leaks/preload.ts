/**
 * Loaded before each test file (`--import` in scripts/test.ts), so that none can do without it. When a test has ended,
 * its own clean-up included, the process must hold no more handles, descriptors, timers, listeners, programs and
 * temporary files than before it; what closes a moment later is waited for, and what stays fails that test. What may
 * stay is a row of EXCEPTIONS. When a file has ended, nothing of ours may be left in its temporary folder, and no
 * program that it started may go on.
 */
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { after, afterEach, before, beforeEach, type TestContext } from 'node:test';
import { isMainThread } from 'node:worker_threads';
import { LOCKS_VARIABLE } from '../servers/lock.ts';
import { projectRoot } from '../servers/paths.ts';
import { descendantsOf } from '../servers/process-tree.ts';
import { isExcepted } from './exceptions.ts';
import { unfinishedInRemoved, watchFolders } from './folders.ts';
import { commandOf, grown, type Holdings, holdings } from './holdings.ts';
import { isOfTest, watchSignals } from './signals.ts';
import { wait, watchTimers } from './timers.ts';

/** As the runner gives it to `--import`. */
export const PRELOAD = './test/support/leaks/preload.ts';
/** A test of the look itself need not wait long. */
export const GRACE_VARIABLE = 'WHERRY_TEST_GRACE';
/** Milliseconds for what is being closed, on a machine that is busy with others. */
const GRACE_MS = Number(process.env[GRACE_VARIABLE] ?? 5000);
const STEP_MS = 10;

const file = relative(projectRoot, process.argv[1] ?? '')
  .split(sep)
  .join('/');
const isTestFile = file.startsWith('test/') && file.endsWith('.test.ts');
// Not the runner above the files, nor a thread or a program that a test starts with the options it has itself.
if (isTestFile && isMainThread && process.env.NODE_TEST_CONTEXT?.startsWith('child')) watch();

function watch(): void {
  const own = ownTemporaryFolder();
  watchTimers();
  watchSignals();
  watchFolders();
  makeWhatLasts();
  const states = new WeakMap<object, Holdings>();
  beforeEach((context) => {
    isOfTest((context as TestContext).signal);
    unfinishedInRemoved();
    states.set(context, holdings());
  });
  afterEach((context) => {
    const t = context as TestContext;
    // Behind what the test has put off to its end. Node 20 forgets the failure of an `after` of the whole file.
    t.after(async () => {
      const left = await leftBehind(states.get(context)!, t.name);
      if (left.length > 0) throw new Error(`left behind by "${t.name}": ${left.join(', ')}`);
    });
  });
  watchEnd(own);
}

async function leftBehind(state: Holdings, test: string): Promise<string[]> {
  const look = (): string[] => grown(state).filter((what) => !isExcepted(what, file, test));
  let left = look();
  for (let waited = 0, step = 1; left.length > 0 && waited < GRACE_MS; waited += step) {
    step = Math.min(2 * step, STEP_MS);
    await wait(step);
    left = look();
  }
  const removed = unfinishedInRemoved().map((path) => `unfinished ${path}`);
  return [...left, ...removed.filter((what) => !isExcepted(what, file, test))];
}

/** A folder of this process, as the one of all: servers that have changed their user write there too. */
function ownTemporaryFolder(): string {
  process.env[LOCKS_VARIABLE] ??= tmpdir();
  const own = mkdtempSync(join(tmpdir(), 'wherry-test-'));
  chmodSync(own, 0o1777);
  process.env.TMPDIR = own;
  return own;
}

/** Made when they are first used, and kept: the three streams, and libuv's pipe for signals and programs that end. */
function makeWhatLasts(): void {
  void process.stdin.fd;
  void process.stdout.fd;
  void process.stderr.fd;
  const nothing = (): void => {};
  process.on('SIGCONT', nothing).off('SIGCONT', nothing);
}

function watchEnd(own: string): void {
  let state: Holdings | undefined;
  before((root) => {
    isOfTest((root as TestContext).signal);
    state = holdings();
  });
  // What groups of tests have put off to their end is done by then. Programs and their listeners end with the process.
  after((root) => {
    (root as TestContext).after(async () => {
      const left = await leftBehind(state!, '');
      for (const what of left.filter((one) => !/program|of the process|temporary/.test(one)))
        complain(`by ${file}: ${what}`);
    });
  });
  const look = (): void => {
    const left = readdirSync(own).filter((name) => name.startsWith('wherry-'));
    rmSync(own, { recursive: true, force: true });
    if (left.length > 0) complain(`in the temporary folder by ${file}: ${left.join(', ')}`);
    const running = runningChildren();
    if (running.length > 0) complain(`running by ${file}: ${running.join(', ')}`);
  };
  // The exit is the only moment behind every clean-up, and the listeners that clean up are added by then.
  after(() => void process.once('exit', look));
}

function complain(what: string): void {
  process.stderr.write(`left behind ${what}\n`);
  process.exitCode = 1;
}

/** Programs below us that do not end with us; those just killed get a moment. The compiler of tsx is one of tsx's own. */
function runningChildren(): string[] {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; ; waited += STEP_MS) {
    const running = descendantsOf(process.pid)
      .map(commandOf)
      .filter((command) => command !== '' && !command.includes('esbuild'));
    if (running.length === 0 || waited >= GRACE_MS) return running;
    Atomics.wait(pause, 0, 0, STEP_MS);
  }
}

/**
 * Loaded before each test file (`--import`). In FOLDERS, the process must hold no more handles, timers, open files and
 * listeners after a test than before it. What closes a moment later is waited for; what stays fails the
 * next one, or the file, and says whose it was. Of every file: the process has a temporary folder of its own, in which
 * nothing of ours may be left when it ends, and no program that it started may go on.
 */
import { chmodSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { after, beforeEach } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { LOCKS_VARIABLE } from './servers/lock.ts';
import { projectRoot } from './servers/paths.ts';
import { descendantsOf } from './servers/process-tree.ts';

/** Where it is a rule. Elsewhere real servers and their programs live as long as a file. */
const FOLDERS = [
  'base',
  'net',
  'scp',
  'sftp',
  'ssh',
  'transfer',
  'hostile',
  'server',
  'client',
  'compat',
  'connectors',
];
/** Milliseconds for what is being closed, on a machine that is busy with others. */
const GRACE_MS = 5000;
const STEP_MS = 10;

/** What a test may leave behind, by its file, and why. */
const EXEMPT: Readonly<Record<string, { readonly resources: readonly string[]; readonly why: string }>> = {
  'test/compat/ssh2-sftp-client.test.ts': {
    resources: ['listener for exit', 'TCPSocketWrap'],
    why: 'the servers it starts are ended with the process, whatever happens; each group connects before its first test',
  },
};

/** What node:test itself holds while tests run, and the thread pool's work, which ends by itself. */
const IGNORED = new Set([
  'TTYWrap',
  'Timeout',
  'FSReqPromise',
  'FSReqCallback',
  'Immediate',
  'TickObject',
  'CloseReq',
]);
const EVENTS = ['exit', 'beforeExit', 'SIGINT', 'SIGTERM', 'SIGHUP', 'warning', 'uncaughtException'];

/** Every timer made by the global functions; those that hold no process open are in no list of Node's. */
const timers = new Set<NodeJS.Timeout & { readonly _destroyed?: boolean }>();

function watchTimers(): void {
  const { setTimeout: once, setInterval: often } = globalThis;
  const watched =
    <Make extends (...args: never[]) => NodeJS.Timeout>(make: Make) =>
    (...args: Parameters<Make>): NodeJS.Timeout => {
      const timer = make(...args);
      timers.add(timer);
      return timer;
    };
  // util.promisify finds the promise form under a symbol of the function.
  globalThis.setTimeout = Object.assign(watched(once), { ...descriptorsOf(once) }) as typeof once;
  globalThis.setInterval = watched(often) as typeof often;
}

function descriptorsOf(from: object): object {
  return Object.fromEntries(
    Object.getOwnPropertySymbols(from).map((name) => [name, Reflect.get(from, name)]),
  );
}

function liveTimers(): number {
  for (const timer of timers) if (timer._destroyed === true) timers.delete(timer);
  return timers.size;
}

/** Open files and folders. Sockets are among Node's resources; those of tsx's own compiler come and stay. */
function openFiles(): number {
  try {
    const links = readdirSync('/proc/self/fd').map((fd) => readLink(`/proc/self/fd/${fd}`));
    return links.filter((link) => link.startsWith('/') && !/^\/(dev|proc)\//.test(link)).length;
  } catch {
    return 0; // Only Linux tells.
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ''; // The one that listed them.
  }
}

type Holdings = ReadonlyMap<string, number>;

function holdings(): Holdings {
  const counts = new Map<string, number>();
  const add = (name: string, count: number): void => {
    if (count > 0) counts.set(name, (counts.get(name) ?? 0) + count);
  };
  for (const name of process.getActiveResourcesInfo()) if (!IGNORED.has(name)) add(name, 1);
  add('timer', liveTimers());
  add('open file', openFiles());
  for (const event of EVENTS) add(`listener for ${event}`, process.listenerCount(event));
  return counts;
}

function grown(before: Holdings, exempt: readonly string[]): string[] {
  return [...holdings()].flatMap(([name, count]) => {
    const more = count - (before.get(name) ?? 0);
    return more > 0 && !exempt.includes(name) ? [`${more} ${name}`] : [];
  });
}

/** The exit is the only moment behind every clean-up of a file. */
function watchEnd(): void {
  process.env[LOCKS_VARIABLE] ??= tmpdir();
  const own = mkdtempSync(join(tmpdir(), 'wherry-test-'));
  // As the one of all: servers that have changed their user write there too.
  chmodSync(own, 0o1777);
  process.env.TMPDIR = own;
  const look = (): void => {
    const left = readdirSync(own).filter((name) => name.startsWith('wherry-'));
    rmSync(own, { recursive: true, force: true });
    if (left.length > 0) complain(`in the temporary folder by ${file}: ${left.join(', ')}`);
    const running = runningChildren();
    if (running.length > 0) complain(`running by ${file}: ${running.join(', ')}`);
  };
  // Behind the listeners that clean up, which the tests have added by then.
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

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim().slice(0, 200);
  } catch {
    return ''; // It has ended.
  }
}

const file = relative(projectRoot, process.argv[1] ?? '')
  .split(sep)
  .join('/');
const isWatched = FOLDERS.some((folder) => file.startsWith(`test/${folder}/`));

if (isWatched && file.endsWith('.test.ts')) {
  watchTimers();
  const exempt = EXEMPT[file]?.resources ?? [];
  let before: Holdings | undefined;
  let test = '';
  // Looked at when the next test begins: only then is all done that a test has put off to its end.
  const check = async (): Promise<void> => {
    if (before === undefined) return;
    let left = grown(before, exempt);
    for (let waited = 0; left.length > 0 && waited < GRACE_MS; waited += STEP_MS) {
      await wait(STEP_MS);
      left = grown(before, exempt);
    }
    before = undefined;
    if (left.length > 0) throw new Error(`left behind by "${test}": ${left.join(', ')}`);
  };
  beforeEach(async (context) => {
    await check();
    before = holdings();
    test = (context as { readonly name?: string }).name ?? '';
  });
  after(check);
}
if (file.startsWith('test/') && file.endsWith('.test.ts')) watchEnd();

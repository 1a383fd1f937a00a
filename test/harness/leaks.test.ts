/** That the look at what a test leaves behind sees it: it is loaded before each file of tests, this one included. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { EXCEPTIONS } from '../support/leaks/exceptions.ts';
import { CLEAN, LEAKS } from '../support/leaks/kinds.ts';
import { GRACE_VARIABLE, PRELOAD } from '../support/leaks/preload.ts';
import { LOCKS_VARIABLE } from '../support/servers/lock.ts';
import { projectRoot } from '../support/servers/paths.ts';
import { run } from '../support/servers/run.ts';

const FILE = 'test/support/leaks/leaky.test.ts';
const linux = { skip: process.platform === 'linux' ? false : 'only Linux tells what is open' };

let folder: string;
let tap: string;
let code: number;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wherry-leaky-'));
  const args = ['--import', 'tsx', '--import', PRELOAD, '--test', '--test-reporter=tap', FILE];
  // With that variable a runner takes itself for a test of another one, and runs nothing.
  const ran = await run('env', ['-u', 'NODE_TEST_CONTEXT', process.execPath, ...args], {
    cwd: projectRoot,
    env: { [GRACE_VARIABLE]: '100', [LOCKS_VARIABLE]: folder },
    allowFailure: true,
  });
  ({ stdout: tap, code } = ran);
});
after(() => rm(folder, { recursive: true, force: true }));

test('the runner loads the look', () => {
  assert.ok(process.execArgv.includes(PRELOAD), process.execArgv.join(' '));
});

test('a file with leaks fails', linux, () => assert.equal(code, 1, tap));

for (const { what, report } of LEAKS)
  test(`${what} is reported by name`, linux, () => {
    const line = tap.split('\n').find((one) => one.includes(`left behind by "${what}": `));
    assert.ok(line !== undefined, tap);
    assert.match(line, report);
    assert.match(tap, new RegExp(`not ok \\d+ - ${what}\\n`));
  });

for (const what of CLEAN)
  test(`${what} is no leak`, linux, () => assert.match(tap, new RegExp(`  ok \\d+ - ${what}\\n`)));

test('what a group leaves is said of the file', linux, () => {
  assert.match(tap, /left behind by test\/support\/leaks\/leaky\.test\.ts: \d+ timer \(.*64000 ms\)/);
});

test('what is left when the process ends is said of the file', linux, () => {
  assert.match(tap, /left behind in the temporary folder by .*leaky\.test\.ts: .*wherry-left/);
  assert.match(tap, /left behind running by .*leaky\.test\.ts: .*sleep 3/);
});

test('every exception says why', () => {
  for (const { why } of EXCEPTIONS) assert.ok(why.length > 10);
});

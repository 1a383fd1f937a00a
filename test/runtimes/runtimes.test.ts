/** The built package, installed from its archive, on each runtime: a program that goes through what it can do, and the algorithms. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it, type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { installedPackage, programFolder } from '../support/package.ts';
import { fetchRuntime, RUNTIMES, type Runtime } from '../support/runtimes.ts';
import { getFixtures } from '../support/servers/fixtures.ts';
import { realServer, requireServer } from '../support/servers/from-env.ts';
import { projectRoot } from '../support/servers/paths.ts';

const LIMIT_MS = 90_000;
const PROGRAMS = ['steps.mjs', 'algorithms.mjs'];
const FLOW = `
const twice = (n: number): number => n * 2;
export default ({ execution, inputs }: { execution: any; inputs: { n: number } }): unknown =>
  execution.success(\`n is \${twice(inputs.n)}\`);
`;

let programs: Awaited<ReturnType<typeof programFolder>>;
let folder: string;
let access: string;

before(async () => {
  programs = await programFolder();
  folder = programs.path;
  for (const name of PROGRAMS)
    await copyFile(join(import.meta.dirname, 'programs', name), join(folder, name));
  await mkdir(join(folder, 'flows'));
  await writeFile(join(folder, 'flows', 'twice.ts'), FLOW);
  const { userKeys } = await getFixtures();
  if (requireServer('openssh').skip !== false) return;
  const { host, port, user: username, password, hostKeys, userKeyTypes } = realServer('openssh');
  access = JSON.stringify({
    ...{ host, port, username, password, hostKeys },
    privateKeyFile: userKeys.ed25519.files.openssh,
    userKeyFiles: Object.fromEntries(userKeyTypes.map((type) => [type, userKeys[type]!.files.openssh])),
  });
});

after(() => programs[Symbol.asyncDispose]());

async function run(runtime: Runtime, t: TestContext, ...args: string[]): Promise<string | undefined> {
  const found = await fetchRuntime(runtime);
  if ('missing' in found) {
    t.skip(found.missing);
    return undefined;
  }
  const { stdout } = await promisify(execFile)(found.path, [...runtime.args, ...args], {
    cwd: folder,
    timeout: LIMIT_MS,
    env: { PATH: process.env.PATH, HOME: folder, TMPDIR: tmpdir(), WHERRY_ACCESS: access },
  });
  return stdout;
}

for (const runtime of RUNTIMES) {
  describe(runtime.name, () => {
    it('does every step but those that are listed', requireServer('openssh'), async (t) => {
      const stdout = await run(runtime, t, 'steps.mjs');
      if (stdout === undefined) return;
      const found = JSON.parse(/^steps (.*)$/m.exec(stdout)![1]!) as Record<string, string | null>;
      assert.ok(Object.keys(found).length > 20);
      const failed = Object.entries(found).filter(([, why]) => why !== null);
      const names = failed.map(([name]) => name).sort();
      assert.deepEqual(names, [...runtime.fails].sort(), failed.map((pair) => pair.join(': ')).join('\n'));
    });

    it('has all algorithms but those that are listed', async (t) => {
      const stdout = await run(runtime, t, 'algorithms.mjs');
      if (stdout === undefined) return;
      const cannot = JSON.parse(/ cannot (.*)$/m.exec(stdout)![1]!) as string[];
      assert.deepEqual(cannot.sort(), [...runtime.cannot].sort());
    });

    if (runtime.stripsTypes) {
      it('runs a flow in TypeScript as it stands, by the command line', async (t) => {
        const cli = join((await installedPackage()).root, 'dist', 'bin', 'wherry.js');
        const flow = join('flows', 'twice.ts');
        const stdout = await run(runtime, t, cli, 'run', flow, '--input', 'n:=21', '--store', 'store');
        if (stdout !== undefined) assert.match(stdout, /success: n is 42/);
      });
    }
  });
}

test('docs/runtimes.md names every runtime with what it cannot do', async () => {
  const text = await readFile(join(projectRoot, 'docs', 'runtimes.md'), 'utf8');
  for (const { name, cannot, fails } of RUNTIMES) {
    const row = text.split('\n').find((line) => line.startsWith(`| ${name} `));
    assert.ok(row !== undefined, `no row for ${name}`);
    const told = [...row.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
    assert.deepEqual(told.sort(), [...cannot, ...fails].sort(), name);
  }
});

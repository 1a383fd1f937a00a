/** What is generated from the table of commands: completions and the manual page. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { startOnDemand } from '../support/servers/on-demand.ts';
import { makeDesk } from './wherry.ts';

const names = Object.keys(COMMANDS);

/** Whether the shell is there, if need be after installing it. */
async function has(t: TestContext, shell: string): Promise<boolean> {
  if (spawnSync(shell, ['--version'], { stdio: 'ignore' }).error === undefined) return true;
  const row = { name: shell, doc: 'reads the completions', packages: [shell], needsRoot: false };
  return (await startOnDemand(t, row, async () => true)) === true;
}

for (const shell of ['bash', 'zsh', 'fish'] as const) {
  test(`completions for ${shell} name every command`, async () => {
    await using desk = await makeDesk();
    const { stdout, code } = await desk.run(['completion', shell]);
    assert.equal(code, 0);
    for (const name of names) assert.ok(stdout.includes(name), name);
    for (const flag of ['identity', 'known-hosts', 'no-config', 'recursive'])
      assert.ok(stdout.includes(flag), flag);
  });

  test(`${shell} can read them`, async (t) => {
    if (!(await has(t, shell))) return;
    await using desk = await makeDesk();
    const file = desk.path('completion');
    await writeFile(file, (await desk.run(['completion', shell])).stdout);
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  });
}

test('bash completes commands and options', async (t) => {
  if (!(await has(t, 'bash'))) return;
  await using desk = await makeDesk();
  const file = desk.path('completion');
  await writeFile(file, (await desk.run(['completion', 'bash'])).stdout);
  const complete = (words: string): string =>
    spawnSync(
      'bash',
      [
        '-c',
        `. ${file}; COMP_WORDS=(${words}); COMP_CWORD=$((\${#COMP_WORDS[@]}-1)); _wherry; echo "\${COMPREPLY[@]}"`,
      ],
      { encoding: 'utf8' },
    ).stdout.trim();
  assert.equal(complete('wherry kn'), 'known-hosts');
  assert.equal(complete('wherry get --rec'), '--recursive');
  assert.equal(complete('wherry ls --rec'), '');
});

test('the manual page has every command, and nothing roff would trip over', async () => {
  await using desk = await makeDesk();
  const { stdout, code } = await desk.run(['manual']);
  const page = stdout.toString();
  assert.equal(code, 0);
  for (const name of names) assert.ok(page.includes(`\n.SS wherry ${name.replaceAll('-', '\\-')}`), name);
  for (const line of page.split('\n')) {
    assert.doesNotMatch(line, /[^ -~]/);
    if (line.startsWith('.')) assert.match(line, /^\.(TH|SH|SS|PP|TP|B|I)\b/);
    assert.ok(!line.startsWith("'"), line);
  }
});

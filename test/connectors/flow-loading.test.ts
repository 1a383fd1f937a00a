import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { type TemporaryFolder, temporaryFolder } from './support/store.ts';

/** The tests run under tsx, which loads TypeScript by itself: here Node runs without it, from a compiled copy. */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
/** From here on Node strips types by itself. */
const strips = major > 22 || (major === 22 && minor >= 18);

let dir: TemporaryFolder;

before(async () => {
  dir = await temporaryFolder();
  const source = join(ROOT, 'src');
  for (const name of await readdir(source, { recursive: true })) {
    if (!name.endsWith('.ts') || name.includes('assembly')) continue;
    const { outputText } = ts.transpileModule(await readFile(join(source, name), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    });
    const target = join(dir.path, 'dist', name.replace(/\.ts$/, '.js'));
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, outputText);
  }
  await copyFile(join(ROOT, 'package.json'), join(dir.path, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(dir.path, 'node_modules'));
  const program = `
    import { runFile } from './dist/connectors/index.js';
    const { status, message } = await runFile(process.argv[2], { inputs: { n: 4 }, store: process.argv[3] });
    console.log(JSON.stringify([status, message]));`;
  await writeFile(join(dir.path, 'run.mjs'), program);
});

after(() => dir[Symbol.asyncDispose]());

/** A folder of flows that finds the given packages, and where nothing else is found. */
async function project(...packages: string[]): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  await mkdir(join(folder.path, 'node_modules'));
  for (const name of packages)
    await symlink(join(ROOT, 'node_modules', name), join(folder.path, 'node_modules', name));
  await writeFile(join(folder.path, 'twice.ts'), 'export const twice = (n: number): number => n * 2;');
  const handler = (sum: string): string =>
    `export default ({ execution, inputs }: { execution: any; inputs: { n: number } }): unknown => execution.success(\`n is \${${sum}}\`);`;
  await writeFile(join(folder.path, 'alone.ts'), handler('inputs.n'));
  await writeFile(
    join(folder.path, 'with-import.mts'),
    `import { twice } from './twice.ts';\n${handler('twice(inputs.n)')}`,
  );
  return folder;
}

async function run(flow: string): Promise<[status: string, message: string]> {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_TEST_CONTEXT: undefined };
  const child = spawn(process.execPath, [join(dir.path, 'run.mjs'), flow, join(dir.path, 'store')], {
    cwd: dirname(flow),
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await once(child, 'close');
  return JSON.parse(text) as [string, string];
}

const ADVICE = /is TypeScript, which Node .* does not run: use Node 22\.18 or newer, or install tsx/;
const CASES: [packages: string[], alone: RegExp, withImport: RegExp][] = [
  [['tsx'], /^n is 4$/, /^n is 8$/],
  [['typescript'], /^n is 4$/, strips ? /^n is 8$/ : ADVICE],
  [[], strips ? /^n is 4$/ : ADVICE, strips ? /^n is 8$/ : ADVICE],
];

for (const [packages, alone, withImport] of CASES) {
  test(`flows in TypeScript, with ${packages.join() || 'nothing'} installed`, {
    timeout: 60_000,
  }, async () => {
    await using folder = await project(...packages);
    for (const [name, expected] of [
      ['alone.ts', alone],
      ['with-import.mts', withImport],
    ] as const) {
      const [status, message] = await run(join(folder.path, name));
      assert.match(message, expected);
      assert.equal(status, expected === ADVICE ? 'error' : 'success');
    }
    assert.deepEqual((await readdir(folder.path)).sort(), [
      'alone.ts',
      'node_modules',
      'twice.ts',
      'with-import.mts',
    ]);
  });
}

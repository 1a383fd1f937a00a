/**
 * `npm run imports`: what it costs to import each entry point of the built package. Files and bytes are those of everything
 * that is loaded at once, dependencies included; the milliseconds are processor time of a fresh process, less that of one
 * that imports nothing.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const RUNS = 7;

export interface ImportCost {
  readonly files: number;
  readonly bytes: number;
  /** Of these files, those of other packages. */
  readonly foreign: number;
}

/** The entry points of the package and what each loads: the name as it is imported, and the built file. */
export function entryPoints(): [name: string, file: string][] {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    exports: Record<string, { default: string } | string>;
    bin: { wherry: string };
  };
  const named = Object.entries(exports).flatMap(([name, target]): [string, string][] =>
    typeof target === 'string' ? [] : [[`wherry${name.slice(1)}`, join(root, target.default)]],
  );
  return [...named, ['the command `wherry`', join(root, bin.wherry)]];
}

/** Follows the static imports of a built file. */
export async function importCost(file: string): Promise<ImportCost> {
  const { metafile } = await build({
    entryPoints: [file],
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    outdir: 'nowhere',
    format: 'esm',
    platform: 'node',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const seen = new Set<string>();
  const follow = (name: string): void => {
    const input = metafile.inputs[name];
    if (input === undefined || seen.has(name)) return;
    seen.add(name);
    for (const { path, kind } of input.imports) if (kind !== 'dynamic-import') follow(path);
  };
  follow(relative(root, file));
  const names = [...seen];
  return {
    files: names.length,
    bytes: names.reduce((sum, name) => sum + metafile.inputs[name]!.bytes, 0),
    foreign: names.filter((name) => name.includes('node_modules')).length,
  };
}

/** Milliseconds of processor time, the median of some fresh processes. */
function processorTime(code: string): number {
  const measured = Array.from({ length: RUNS }, () => {
    const script = `${code}; const { user, system } = process.cpuUsage(); console.log(user + system); process.exit()`;
    const text = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    return Number(text) / 1000;
  });
  return measured.sort((a, b) => a - b)[Math.floor(RUNS / 2)]!;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const nothing = processorTime('');
  console.log(
    '| import | files | of them of others | KiB | processor ms |\n| --- | ---: | ---: | ---: | ---: |',
  );
  for (const [name, file] of entryPoints()) {
    const { files, bytes, foreign } = await importCost(file);
    // The command runs when it is imported; its first file alone says little, so only what it reads is told.
    const ms = name.startsWith('the ')
      ? '–'
      : (processorTime(`await import(${JSON.stringify(pathToFileURL(file).href)})`) - nothing).toFixed(0);
    console.log(`| ${name} | ${files} | ${foreign} | ${(bytes / 1024).toFixed(0)} | ${ms} |`);
  }
  console.log(`\nA process that imports nothing: ${nothing.toFixed(0)} ms (Node ${process.version}).`);
}

/**
 * Compiles src/ as it is now, into a folder of the bench's own: dist/ may be somebody else's, or old. Like the command
 * line that is shipped, the client that is measured is bundled: peers are one program or a few modules too.
 */
import { copyFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import { BUNDLING } from '../scripts/bundling.ts';
import { run } from '../test/support/servers/run.ts';
import { cacheFolder } from './packages.ts';

const root: string = fileURLToPath(new URL('..', import.meta.url));

/** Gives the folder with index.js and cli/main.js. */
export async function build(log: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder, 'build');
  const dist = join(folder, 'dist');
  log('compiling src/ into .cache/bench/build');
  await rm(folder, { recursive: true, force: true });
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const flags = ['--outDir', dist];
  await run(process.execPath, [tsc, '-p', join(root, 'tsconfig.build.json'), ...flags], { timeout: 120_000 });
  const bundled = join(folder, 'bundle', 'dist');
  await bundle({
    ...BUNDLING,
    entryPoints: {
      index: join(dist, 'index.js'),
      'client/index': join(dist, 'client', 'index.js'),
      'cli/main': join(dist, 'cli', 'main.js'),
    },
    outdir: bundled,
    minifyWhitespace: true,
  });
  // The code finds its version two folders up.
  for (const above of [folder, join(folder, 'bundle')]) {
    await copyFile(join(root, 'package.json'), join(above, 'package.json'));
  }
  return bundled;
}

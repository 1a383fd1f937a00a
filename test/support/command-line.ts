/**
 * The command line as the tests start it: bundled, as it is shipped, so that a process takes a fifth of the time it takes from
 * source. Without the runner, which bundles it, it is run from source.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLING } from '../../scripts/bundling.ts';
import { projectRoot } from './servers/paths.ts';

const COMMAND_VARIABLE = 'WHERRY_TEST_COMMAND';
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** What node is called with before the arguments of `wherry`. */
export function commandLine(): readonly string[] {
  const bundled = process.env[COMMAND_VARIABLE];
  return bundled === undefined ? ['--import', import.meta.resolve('tsx'), MAIN] : [bundled];
}

/** A bundle of the command line, and the environment that tells tests of it. */
export interface BundledCommand extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

/** Bundles it into a folder of its own, from where package.json is two folders up, as the code expects. */
export async function bundleCommand(): Promise<BundledCommand> {
  const cache = join(projectRoot, '.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'command-'));
  await build({
    ...BUNDLING,
    entryPoints: { wherry: MAIN },
    outdir: folder,
    sourcemap: 'linked',
  });
  return {
    env: { [COMMAND_VARIABLE]: join(folder, 'wherry.js') },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { BUNDLING } from './bundling.ts';

/**
 * Puts the command line into few files, from what tsc has built: a hundred small modules take 85 ms longer to load. The
 * connectors stay apart, so that a flow that imports `wherry/connectors` meets the same classes as the engine that runs it.
 */
const dist = resolve(dirname(fileURLToPath(import.meta.url)), '..', process.argv[2] ?? 'dist');

await build({
  ...BUNDLING,
  entryPoints: { wherry: join(dist, 'cli/main.js') },
  outdir: join(dist, 'bin'),
  external: [join(dist, 'connectors/index.js')],
  chunkNames: 'chunk-[hash]',
  minifyWhitespace: true,
});

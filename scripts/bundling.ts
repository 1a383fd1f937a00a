import type { BuildOptions } from 'esbuild';

/** How programs of this project are bundled: for the oldest Node there is, into few files, packages left outside. */
export const BUNDLING: BuildOptions = {
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  legalComments: 'none',
  logLevel: 'warning',
};

/**
 * Servers that only some test files need: they start them themselves, after their packages were installed. A server
 * that cannot be had is a named skip; under CI=true it is a failure.
 */
import type { TestContext } from 'node:test';
import { ensurePackages, isRoot } from './apt.ts';
import { isCi } from './environment.ts';

export interface OnDemand {
  /** As in the reason of a skip. */
  readonly name: string;
  /** What it is there for. */
  readonly doc: string;
  /** Debian packages it needs; elsewhere the programs only have to be there. */
  readonly packages: readonly string[];
  readonly needsRoot: boolean;
}

/** What `start` gives; undefined where the server cannot be had, and `t` is skipped with the reason then. */
export async function startOnDemand<S>(
  t: TestContext,
  row: OnDemand,
  start: () => Promise<S>,
): Promise<S | undefined> {
  try {
    if (process.platform === 'win32') throw new Error('real servers are started on Linux and macOS only');
    if (row.needsRoot && !isRoot()) throw new Error('needs root');
    await ensurePackages(row.packages);
    return await start();
  } catch (error) {
    const reason = `no ${row.name}: ${(error as Error).message}`;
    if (isCi()) throw new Error(reason, { cause: error });
    t.skip(reason);
    return undefined;
  }
}

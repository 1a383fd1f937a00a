/**
 * One harness at a time for the things a machine has only once (apt, the test account, a home's authorized_keys).
 * The lock is flock(1)'s, so it ends with the process that holds it, however that one ends.
 */
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder that all processes of a run share, where each has a temporary folder of its own. */
export const LOCKS_VARIABLE = 'WHERRY_TEST_LOCKS';

export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  // The user id is in the name: in a sticky folder one user may not open another one's file for writing.
  const folder = process.env[LOCKS_VARIABLE] ?? tmpdir();
  const file = join(folder, `wherry-${name}-${process.getuid?.() ?? 0}.lock`);
  const release = await take(file);
  try {
    return await work();
  } finally {
    await release();
  }
}

function take(file: string): Promise<() => Promise<void>> {
  return new Promise((resolve, reject) => {
    const holder = spawn('flock', ['-w', '600', file, 'sh', '-c', 'echo held; cat >/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const ended = new Promise<void>((done) => {
      holder.once('close', () => done());
    });
    // Not Linux, no util-linux: nothing that needs the lock works there anyway.
    holder.once('error', () => resolve(async () => {}));
    holder.once('close', (code) => reject(new Error(`could not lock ${file}: flock exit code ${code}`)));
    holder.stdin.on('error', () => {});
    holder.stdout.once('data', () =>
      resolve(async () => {
        holder.stdin.end();
        await ended;
      }),
    );
  });
}

/** The folder the files are in: in memory where the system has such a place, so that no disk is measured. */
import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { chmod, mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const BLOCK = 16 * 2 ** 20;

export interface Storage {
  readonly folder: string;
  readonly inMemory: boolean;
}

/** Removed when the process ends. The server's account must be able to write there. */
export async function makeStorage(): Promise<Storage> {
  const inMemory = existsSync('/dev/shm');
  const folder = await mkdtemp(join(inMemory ? '/dev/shm' : tmpdir(), 'wherry-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      process.stderr.write(`ended by ${signal}\n`);
      process.exit(130);
    });
  }
  await chmod(folder, 0o777);
  return { folder, inMemory };
}

/** Bytes that may still be put there: what the file system says, and no more than the memory behind it. */
export function roomIn({ folder, inMemory }: Storage): number {
  const { bavail, bsize } = statfsSync(folder);
  const kilobytes = inMemory
    ? /^MemAvailable:\s*(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1]
    : undefined;
  return Math.min(
    bavail * bsize,
    kilobytes === undefined ? Number.POSITIVE_INFINITY : Number(kilobytes) * 1024,
  );
}

/** A file of `size` bytes without holes: one random block again and again. */
export async function fill(path: string, size: number): Promise<void> {
  const block = Buffer.allocUnsafe(BLOCK);
  randomFillSync(block);
  const file = await open(path, 'w', 0o644);
  try {
    for (let at = 0; at < size; at += BLOCK) {
      block.writeUInt32BE(at / BLOCK);
      await file.write(block, 0, Math.min(BLOCK, size - at));
    }
  } finally {
    await file.close();
  }
}

export function remove(path: string): Promise<void> {
  return rm(path, { force: true });
}

export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: 2 ** 20 }), hash);
  return hash.digest('hex');
}

/** Throws unless `copy` is as large as `source`, and the same where `byHash`. */
export async function verify(source: string, copy: string, byHash: boolean): Promise<void> {
  const [expected, actual] = [(await stat(source)).size, (await stat(copy)).size];
  if (expected !== actual) throw new Error(`${copy} has ${actual} bytes, its source ${expected}`);
  if (byHash && (await sha256(source)) !== (await sha256(copy)))
    throw new Error(`${copy} differs from its source`);
}

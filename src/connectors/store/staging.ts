import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from './disk.ts';

const HERE: string = hostname().replace(/[^A-Za-z0-9]/g, '_');

/** A fresh folder below `folder`. It carries our process id, so that what a killed process left can be told. */
export async function makeStaging(folder: string): Promise<string> {
  await makeFolder(folder);
  await sweep(folder);
  const path = join(folder, `${HERE}-${process.pid}-${randomBytes(8).toString('hex')}`);
  await makeFolder(path);
  return path;
}

async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, host, pid] = /^(.*)-(\d+)-[0-9a-f]{16}$/.exec(name) ?? [];
    if (host === HERE && pid !== undefined && !isRunning(Number(pid)))
      await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
  }
}

/** Whether there is a process of that id. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The temporary folders of a process, wherever they are: none may outlive its test, and none may hold what Wherry calls
 * a file while it is not one yet. That is looked for when the folder is removed, and after each test in those that stay.
 */
import fs, { type Dirent } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';

/** Files and folders that are there for a while: a part, a file beside its target, a journal, a staging folder. */
const UNFINISHED: readonly RegExp[] = [
  /\.wherry-(part|tmp)$/,
  /^\.wherry-[0-9a-f]{16}\.mjs$/,
  /^\.[0-9a-f]{16}\.tmp$/,
  /^\w+-\d+-[0-9a-f]{16}$/,
  /^journal$/,
];
/** What the loader of the tests and Node keep in the temporary folder. */
const CACHES = /^(tsx-|node-compile-cache)/;

const made = new Set<string>();
let found: string[] = [];

export function watchFolders(): void {
  const { mkdtempSync, rmSync } = fs;
  const { mkdtemp, rm } = fs.promises;
  const keep = <T>(path: T): T => {
    made.add(resolve(String(path)));
    return path;
  };
  fs.mkdtempSync = ((...args: Parameters<typeof mkdtempSync>) =>
    keep(mkdtempSync(...args))) as typeof mkdtempSync;
  fs.promises.mkdtemp = (async (...args: Parameters<typeof mkdtemp>) =>
    keep(await mkdtemp(...args))) as typeof mkdtemp;
  fs.rmSync = (path, options) => {
    lookBeforeRemoval(path);
    rmSync(path, options);
  };
  fs.promises.rm = async (path, options) => {
    lookBeforeRemoval(path);
    await rm(path, options);
  };
  syncBuiltinESMExports();
}

function lookBeforeRemoval(path: fs.PathLike): void {
  const whole = resolve(String(path));
  if (made.has(whole)) found.push(...unfinishedIn(whole));
}

/** What was in folders that are gone by now, since the last time this was asked. */
export function unfinishedInRemoved(): string[] {
  const all = found;
  found = [];
  return all;
}

/** Folders made by this process that are still there, and whatever else lies in its temporary folder. */
export function temporaries(): string[] {
  for (const path of made) if (!fs.existsSync(path)) made.delete(path);
  const own = tmpdir();
  const names = listed(own).map(({ name }) => name);
  return [
    ...new Set([...made, ...names.filter((name) => !CACHES.test(name)).map((name) => join(own, name))]),
  ];
}

/** Files below them that are not finished. */
export function unfinishedIn(...folders: readonly string[]): string[] {
  const unfinished: string[] = [];
  const queue = [...folders];
  for (let folder = queue.pop(); folder !== undefined; folder = queue.pop())
    for (const entry of listed(folder)) {
      const path = folder + sep + entry.name;
      if (UNFINISHED.some((name) => name.test(entry.name))) unfinished.push(path);
      if (entry.isDirectory()) queue.push(path);
    }
  return unfinished;
}

function listed(folder: string): Dirent[] {
  try {
    return fs.readdirSync(folder, { withFileTypes: true });
  } catch {
    return []; // A file, another one's, or just removed.
  }
}

import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SftpClient } from './client.ts';
import { CODES, compatError, failed } from './errors.ts';
import { localType } from './local.ts';

/** Options of uploadDir and downloadDir; `useFastput` and `useFastget` have no meaning here, all of it is fast. */
export interface FolderOptions {
  /** Says whether a path is taken along. */
  readonly filter?: ((path: string, isDirectory: boolean) => boolean) | null;
  readonly useFastput?: boolean;
  readonly useFastget?: boolean;
}

interface Item {
  readonly source: string;
  readonly destination: string;
  readonly folder: boolean;
}

export async function uploadFolder(
  client: SftpClient,
  srcDir: string,
  dstDir: string,
  options: FolderOptions = {},
): Promise<string> {
  client.open('uploadDir');
  const target = await client.normalize(dstDir);
  const there = await client.exists(target);
  if (there && there !== 'd')
    throw compatError('uploadDir', `Bad path ${target} Not a directory`, CODES.badPath);
  const source = localType('uploadDir', srcDir);
  if (!source) throw compatError('uploadDir', `Bad path: ${srcDir} not exist`, CODES.badPath);
  if (source !== 'd') throw compatError('uploadDir', `Bad path: ${srcDir}: not a directory`, CODES.badPath);
  if (!there) await client.mkdir(target, true);
  const items = readdirSync(srcDir, { withFileTypes: true })
    .map((entry) => ({
      source: join(srcDir, entry.name),
      destination: `${target}/${entry.name}`,
      folder: entry.isDirectory(),
    }))
    .filter((item) => options.filter?.(item.source, item.folder) ?? true);
  await moveAll(client, 'upload', items, ({ source, destination }) => client.put(source, destination));
  for (const item of items)
    if (item.folder) await uploadFolder(client, item.source, item.destination, options);
  return `${srcDir} uploaded to ${dstDir}`;
}

export async function downloadFolder(
  client: SftpClient,
  srcDir: string,
  dstDir: string,
  options: FolderOptions = {},
): Promise<string> {
  client.open('downloadDir');
  const entries = await client.list(srcDir);
  const there = localType('downloadDir', dstDir);
  if (there === '-') throw compatError('downloadDir', `Bad path: ${dstDir}: not a directory`, CODES.badPath);
  try {
    mkdirSync(dstDir, { recursive: true });
  } catch (error) {
    throw failed('downloadDir', error);
  }
  const items = entries
    .map(({ name, type }) => ({
      source: `${srcDir}/${name}`,
      destination: join(dstDir, safeName(name)),
      folder: type === 'd',
    }))
    .filter((item) => options.filter?.(item.source, item.folder) ?? true);
  await moveAll(client, 'download', items, ({ source, destination }) => client.get(source, destination));
  for (const item of items)
    if (item.folder) await downloadFolder(client, item.source, item.destination, options);
  return `${srcDir} downloaded to ${dstDir}`;
}

/** The files among the items, some at a time. */
async function moveAll(
  client: SftpClient,
  event: 'upload' | 'download',
  items: readonly Item[],
  move: (item: Item) => Promise<unknown>,
): Promise<void> {
  const waiting = items.filter(({ folder }) => !folder).values();
  const work = async (): Promise<void> => {
    for (const item of waiting) {
      const { source, destination } = item;
      client.tell(event, { source, destination });
      await move(item);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, client.promiseLimit) }, work));
}

/** A name the server gives must not lead out of the folder. */
function safeName(name: string): string {
  const steers = process.platform === 'win32' ? /[/\\:\0]/ : /[/\0]/;
  if (name === '' || name === '.' || name === '..' || steers.test(name))
    throw compatError(
      'downloadDir',
      `Bad path: the server gave the name ${JSON.stringify(name)}`,
      CODES.badPath,
    );
  return name;
}

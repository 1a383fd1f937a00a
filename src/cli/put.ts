import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { type Sftp, WherryError } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { locate } from './place.ts';
import { isFolder, pathInFolder, statIfThere } from './remote-folder.ts';
import { putByScp } from './scp.ts';
import { withSftp } from './session.ts';
import { stdinSource } from './stdin-source.ts';
import { Totals, treeReporting } from './tree-reporting.ts';
import { isUrl, type RemoteUrl } from './url.ts';
import { UsageError } from './usage-error.ts';

const STDIN = '-';

interface Source {
  /** As it was given; `-` is stdin. */
  readonly path: string;
  /** Its name in a folder of the server; undefined for stdin and for `/`. */
  readonly name: string | undefined;
  readonly folder: boolean;
}

/** `wherry put LOCAL... URL`. */
export async function put(context: CommandContext): Promise<void> {
  const paths = context.args.slice(0, -1);
  if (paths.length === 0) throw new UsageError('put takes what to send and where: wherry put LOCAL... URL');
  const url = locate(context, context.args.at(-1)!, 'the last argument of put is the URL to send to');
  if (paths.some(isUrl))
    throw new UsageError('put copies from this machine: only its last argument is a URL');
  if (paths.filter((path) => path === STDIN).length > 1) throw new UsageError('stdin can be sent once only');
  if (context.options.preserve && paths.includes(STDIN))
    throw new UsageError('stdin has no permissions and times to take over: leave -p out');
  const sources = await Promise.all(paths.map((path) => lookAt(path, context.options.recursive === true)));
  const totals = new Totals();
  if (url.scheme === 'scp') {
    if (context.options.atomic === true)
      throw new UsageError('scp writes in place: use an sftp:// URL with --atomic');
    if (paths.includes(STDIN)) throw new UsageError('scp copies files only: use an sftp:// URL with -');
    await putByScp(paths, url, context, totals);
    context.report.done(totals.summary('put'));
    return;
  }
  await withSftp(url, context, async (sftp) => {
    const folder = await targetFolder(sftp, url, sources.length > 1, context.signal);
    for (const source of sources) await send(sftp, source, url, folder, context, totals);
  });
  context.report.done(totals.summary('put'));
}

/** Looks at what is to be sent before anything is connected. */
async function lookAt(path: string, recursive: boolean): Promise<Source> {
  if (path === STDIN) return { path, name: undefined, folder: false };
  const info = await stat(path).catch((error: NodeJS.ErrnoException) => {
    const { code: errno = 'unknown' } = error;
    const details = { operation: 'upload', localPath: path, errno };
    throw new WherryError('TRANSFER_LOCAL_FILE', `cannot read ${path}: ${errno}`, details, error);
  });
  if (info.isDirectory() && !recursive) throw new UsageError(`${path} is a folder: -r sends folders`);
  return { path, name: basename(resolve(path)) || undefined, folder: info.isDirectory() };
}

/** The remote folder to put into; undefined where the URL names the copy itself. */
async function targetFolder(
  sftp: Sftp,
  url: RemoteUrl,
  needed: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  const attributes = await statIfThere(sftp, url.path, signal);
  if (attributes !== undefined && isFolder(attributes)) return url.path;
  if (!needed && !url.folder) return undefined;
  const text = `there is no folder ${url.path} on the server to put into`;
  throw new WherryError('TRANSFER_TARGET', text, { path: url.path });
}

async function send(
  sftp: Sftp,
  source: Source,
  url: RemoteUrl,
  folder: string | undefined,
  { report, signal, options: { atomic, preserve } }: CommandContext,
  totals: Totals,
): Promise<void> {
  if (source.folder) {
    const target = folder === undefined ? url.path : pathInFolder(folder, source.name ?? '.');
    totals.addTree(
      await sftp.uploadTree(source.path, target, { signal, atomic, preserve, ...treeReporting(report) }),
    );
    return;
  }
  if (folder !== undefined && source.name === undefined) {
    const text = `${url.path} is a folder on the server: stdin needs a file name at the end of the URL`;
    throw new WherryError('TRANSFER_TARGET', text, { path: url.path });
  }
  const target = folder === undefined ? url.path : pathInFolder(folder, source.name!);
  const fromStdin = source.path === STDIN;
  const path = fromStdin ? target : source.path;
  const { bytes, size, duration } = await sftp.upload(fromStdin ? stdinSource() : source.path, target, {
    signal,
    atomic,
    preserve,
    onProgress: (progress) => report.progress({ path, ...progress }),
  });
  totals.addFile(bytes);
  report.file({ path, bytes, size, duration });
}

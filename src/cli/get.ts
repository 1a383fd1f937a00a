import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Sftp, WherryError } from '../index.ts';
import type { CommandContext } from './commands.ts';
import { locate } from './place.ts';
import { isFolder } from './remote-folder.ts';
import { getByScp } from './scp.ts';
import { withSftp } from './session.ts';
import { Totals, treeReporting } from './tree-reporting.ts';
import { baseName, isUrl, type RemoteUrl } from './url.ts';
import { UsageError } from './usage-error.ts';

/** `wherry get URL [LOCAL]`. */
export async function get(context: CommandContext): Promise<void> {
  const [text = '', local] = context.args;
  const url = locate(context, text);
  if (local !== undefined && isUrl(local))
    throw new UsageError('get copies to this machine: its second argument is a local path');
  const totals = new Totals();
  if (local === '-') {
    if (url.scheme === 'scp') throw new UsageError('scp copies to files only: use an sftp:// URL with -');
    if (context.options.recursive)
      throw new UsageError('a folder does not fit into stdout: name a local folder');
    if (context.options.preserve)
      throw new UsageError('stdout keeps no permissions and times: name a local file with -p');
    await withSftp(url, context, (sftp) => getToStdout(sftp, url, context, totals));
  } else {
    const target = await localTarget(url, local, context.options.recursive === true);
    if (url.scheme === 'scp') await getByScp(url, target, context, totals);
    else await withSftp(url, context, (sftp) => getToPath(sftp, url, target, context, totals));
  }
  context.report.done(totals.summary('get'));
}

async function getToStdout(
  sftp: Sftp,
  url: RemoteUrl,
  { report, signal, stdout }: CommandContext,
  totals: Totals,
): Promise<void> {
  const { bytes, size, duration } = await sftp.download(url.path, stdout.asStream(), {
    signal,
    onProgress: (progress) => report.progress({ path: url.path, ...progress }),
  });
  totals.addFile(bytes);
  report.file({ path: url.path, bytes, size, duration });
}

async function getToPath(
  sftp: Sftp,
  url: RemoteUrl,
  local: string,
  { report, signal, options }: CommandContext,
  totals: Totals,
): Promise<void> {
  const { preserve } = options;
  if (options.recursive && isFolder(await sftp.stat(url.path, { signal }))) {
    totals.addTree(await sftp.downloadTree(url.path, local, { signal, preserve, ...treeReporting(report) }));
    return;
  }
  const { bytes, size, duration } = await sftp.download(url.path, local, {
    signal,
    preserve,
    onProgress: (progress) => report.progress({ path: local, ...progress }),
  });
  totals.addFile(bytes);
  report.file({ path: local, bytes, size, duration });
}

/** Where the copy goes: into a folder under the remote base name, or to the very path that was given. */
async function localTarget(url: RemoteUrl, local: string | undefined, recursive: boolean): Promise<string> {
  const name = baseName(url.path);
  if (name !== undefined && name !== basename(name))
    throw new UsageError('the remote name is no file name here: name a local file');
  if (!recursive && (url.folder || name === undefined))
    throw new UsageError('the URL names a folder: name a file, or use -r');
  if (local === undefined) {
    if (name === undefined) throw new UsageError('the remote folder has no name: name a local folder');
    return name;
  }
  const isThere = await isLocalFolder(local);
  if (!isThere && /[/\\]$/.test(local) && !recursive) {
    throw new WherryError('TRANSFER_LOCAL_FILE', `there is no local folder ${local}`, { localPath: local });
  }
  return (isThere || local.endsWith('/')) && name !== undefined ? join(local, name) : local;
}

async function isLocalFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}
